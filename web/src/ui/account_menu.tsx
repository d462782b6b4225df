import { useApp, useStore, useUser } from '../app_context';
import { administers } from '../lib/people';
import { colourOf, displayName } from '../lib/person';
import { chooseTheme, themeChoice, type ThemeChoice } from '../lib/theme';
import { kAuditPath, kGroupsPath, navigate } from '../router';
import { requestSignOut } from '../sign_out';
import { Avatar } from './bits';
import { IconButton } from './button';
import { Menu, type MenuItem } from './menu';

const themes: { value: ThemeChoice; label: string; icon: 'screen' | 'sun' | 'moon' }[] = [
  { value: 'system', label: 'System theme', icon: 'screen' },
  { value: 'light', label: 'Light theme', icon: 'sun' },
  { value: 'dark', label: 'Dark theme', icon: 'moon' },
];

function themeItems(choice: ThemeChoice): MenuItem[] {
  return themes.map((theme) => ({
    label: theme.label, icon: theme.icon, checked: choice === theme.value, testId: `theme-${theme.value}`,
    onSelect: () => chooseTheme(theme.value),
  }));
}

/** The theme's choice alone, for pages where nobody is signed in. */
export function ThemeMenu() {
  const choice = useStore(themeChoice);
  const icon = themes.find((theme) => theme.value === choice)?.icon ?? 'screen';
  return (
    <Menu label="Theme" items={themeItems(choice)} trigger={(props) => <IconButton icon={icon} label="Theme" data-testid="theme-menu" {...props} />} />
  );
}

export function AccountMenu() {
  const { session } = useApp();
  const user = useUser();
  const choice = useStore(themeChoice);
  const name = displayName(user);
  return (
    <Menu
      label="Account"
      header={<div className="max-w-60 text-sm"><p className="truncate font-[550]">{name}</p><p className="truncate text-muted">{user.email}</p></div>}
      items={[
        'separator',
        { label: 'Account', icon: 'person', testId: 'go-account', onSelect: () => navigate('/account') },
        ...(administers(user.role) ? [{ label: 'People', icon: 'people' as const, testId: 'go-people', onSelect: () => navigate('/people') }] : []),
        ...(administers(user.role) ? [{ label: 'Audit record', icon: 'list' as const, testId: 'go-audit', onSelect: () => navigate(kAuditPath) }] : []),
        ...(user.role !== 'guest' ? [{ label: 'Groups', icon: 'group' as const, testId: 'go-groups', onSelect: () => navigate(kGroupsPath) }] : []),
        'separator',
        ...themeItems(choice),
        'separator',
        { label: 'Sign out', icon: 'leave', testId: 'sign-out', onSelect: () => void requestSignOut(session) },
      ]}
      trigger={(props) => (
        <button type="button" aria-label={`Account of ${name}`} data-testid="account-menu" className="rounded-full" {...props}>
          <Avatar name={name} colour={colourOf(user.id)} size={30} />
        </button>
      )}
    />
  );
}
