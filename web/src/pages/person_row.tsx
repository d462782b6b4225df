import { useState } from 'react';
import { manages, roleLabel, rolesToGive, type People, type Person, type Role } from '../lib/people';
import { colourOf, displayName } from '../lib/person';
import { absoluteTime, relativeTime } from '../lib/time';
import { Avatar, Badge } from '../ui/bits';
import { IconButton } from '../ui/button';
import { cx } from '../ui/cx';
import { Select } from '../ui/field';
import { Menu, type MenuItem } from '../ui/menu';
import { toastDone, toastError } from '../ui/toasts';

/** What is asked about before it is done, or shown after. */
export type Asked = 'reset-link' | 'deactivate' | 'second-factor';

/** One account, with what whoever looks may do about it. */
export function PersonRow({ person, mine, role, people, onChanged, onAsk }: {
  person: Person; mine: boolean; role: string; people: People; onChanged: (part: Partial<Person>) => void; onAsk: (what: Asked) => void;
}) {
  const name = displayName(person);
  const managed = manages(role, person.role);
  const run = async (work: () => Promise<Partial<Person>>, done: string, failed: string) => {
    try {
      onChanged(await work());
      toastDone(done);
    } catch (error) {
      toastError(error, failed);
    }
  };
  const items: MenuItem[] = [];
  if (person.active) items.push({ label: 'Make a link for a new password…', icon: 'link', testId: 'person-reset-link', onSelect: () => onAsk('reset-link') });
  if (!person.email_verified) {
    items.push({ label: 'Confirm the e-mail', icon: 'check', testId: 'person-confirm',
      onSelect: () => void run(() => people.confirm(person.id), `${name}’s e-mail is confirmed`, 'The e-mail was not confirmed') });
  }
  if (person.second_factor) items.push({ label: 'Take the second step away…', icon: 'shield', testId: 'person-second-factor', onSelect: () => onAsk('second-factor') });
  if (person.active) items.push({ label: 'Deactivate…', icon: 'leave', danger: true, testId: 'person-deactivate', onSelect: () => onAsk('deactivate') });
  else {
    items.push({ label: 'Activate', icon: 'undo', testId: 'person-activate',
      onSelect: () => void run(() => people.setActive(person.id, true), `${name} can sign in again`, 'The account was not activated') });
  }

  return (
    <li data-testid="person-row" data-user-id={person.id} className="flex items-center gap-3 px-4 py-3">
      <Avatar name={name} colour={colourOf(person.id)} size={36} className={person.active ? undefined : 'opacity-50 grayscale'} />
      <div className="grid min-w-0 flex-1 gap-x-4 gap-y-1.5 sm:grid-cols-[minmax(0,1fr)_auto_7.5rem] sm:items-center">
        <div className="min-w-0">
          <p className={cx('truncate text-base font-[550]', !person.active && 'text-muted')}>{name}{mine ? <span className="font-normal text-muted"> (you)</span> : null}</p>
          <p className="truncate text-sm text-muted">{person.email}<span title={absoluteTime(person.created_at)} className="max-sm:hidden"> · came {relativeTime(person.created_at)}</span></p>
        </div>
        <div className="flex flex-wrap gap-1.5 max-sm:empty:hidden sm:justify-end" data-testid="person-state">
          {person.second_factor ? <Badge icon="shield" tone="accent">Two steps</Badge> : null}
          {person.email_verified ? null : <Badge>Not confirmed</Badge>}
          {person.active ? null : <Badge tone="warn">Deactivated</Badge>}
        </div>
        <PersonRole person={person} name={name} role={role} people={people} onChanged={onChanged} />
      </div>
      <div className="flex w-8 shrink-0 justify-end">
        {managed ? (
          <Menu label={`Actions for ${name}`} items={items}
            trigger={(props) => <IconButton icon="more" label={`Actions for ${name}`} data-testid="person-menu" {...props} />} />
        ) : null}
      </div>
    </li>
  );
}

function PersonRole({ person, name, role, people, onChanged }: {
  person: Person; name: string; role: string; people: People; onChanged: (part: Partial<Person>) => void;
}) {
  const [busy, setBusy] = useState(false);
  if (!manages(role, person.role)) return <span className="text-sm text-muted sm:px-2.5" data-testid="person-role">{roleLabel(person.role)}</span>;
  const give = async (to: Role) => {
    setBusy(true);
    try {
      onChanged(await people.setRole(person.id, to));
      toastDone(`${name} is ${to === 'admin' ? 'an' : 'a'} ${to} now`);
    } catch (error) {
      toastError(error, 'The role was not changed');
    }
    setBusy(false);
  };
  return (
    <Select label={`Role of ${name}`} value={person.role} disabled={busy} onChange={(event) => void give(event.target.value as Role)} className="justify-self-start" data-testid="person-role">
      {rolesToGive(role).map((one) => <option key={one} value={one}>{roleLabel(one)}</option>)}
    </Select>
  );
}
