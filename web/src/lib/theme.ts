import { Store } from './store';

export type ThemeChoice = 'system' | 'light' | 'dark';

const kKey = 'concord.theme';

function remembered(): ThemeChoice {
  try {
    const value = localStorage.getItem(kKey);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

/** The person's choice. theme_boot.ts applies it before the first paint; this keeps it up to date afterwards. */
export const themeChoice = new Store<ThemeChoice>(remembered());

const dark = matchMedia('(prefers-color-scheme: dark)');

function apply(): void {
  const choice = themeChoice.get();
  document.documentElement.dataset['theme'] = choice === 'system' ? (dark.matches ? 'dark' : 'light') : choice;
}

export function chooseTheme(choice: ThemeChoice): void {
  try {
    if (choice === 'system') localStorage.removeItem(kKey);
    else localStorage.setItem(kKey, choice);
  } catch {
    // Not remembered, then.
  }
  themeChoice.set(choice);
  apply();
}

dark.addEventListener('change', apply);
addEventListener('storage', (event) => {
  if (event.key !== kKey) return;
  themeChoice.set(remembered());
  apply();
});
