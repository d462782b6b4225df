import { useId, useState } from 'react';
import type { GroupMember } from '../lib/groups';
import type { Person } from '../lib/people';
import { colourOf, displayName } from '../lib/person';
import { Avatar } from '../ui/bits';
import { Button } from '../ui/button';
import { SearchBox } from '../ui/search_box';
import { toastError } from '../ui/toasts';
import { useGroups, usePeople } from './use_hub';
import { usePages } from './use_pages';
import { useSettled } from './use_settled';

const kShown = 8;

/** Looks for people and takes them in. For admins, who alone may list who is on the hub. */
export function AddMembers({ group, members, onAdded }: { group: string; members: GroupMember[]; onAdded: (person: GroupMember) => void }) {
  const [text, setText] = useState('');
  const words = useSettled(text.trim());
  const title = useId();
  return (
    <section aria-labelledby={title} className="mb-8">
      <h2 id={title} className="mb-2 text-base font-[620]">Take somebody in</h2>
      <SearchBox label="Find somebody to take in" placeholder="Name or e-mail" value={text} onChange={setText} className="max-w-[26rem]" testId="member-find" />
      {words ? <Found key={words} words={words} group={group} members={members} onAdded={onAdded} /> : null}
    </section>
  );
}

function Found({ words, group, members, onAdded }: { words: string; group: string; members: GroupMember[]; onAdded: (person: GroupMember) => void }) {
  const groups = useGroups();
  const people = usePeople();
  const [busy, setBusy] = useState<string | null>(null);
  const { items, problem } = usePages<Person, string>(words, async (after, signal) => {
    const page = await people.list(after, words, signal);
    return { items: page.users, next: page.next };
  });
  const add = async ({ id, name, email }: Person) => {
    setBusy(id);
    try {
      await groups.add(group, id);
      onAdded({ id, name, email });
    } catch (error) {
      toastError(error, 'Nobody was taken in');
    }
    setBusy(null);
  };
  const within = new Set(members.map((one) => one.id));
  return (
    <div aria-live="polite" className="mt-2 max-w-[26rem]">
      {problem ? <p className="text-sm text-danger">{problem.words.heading}</p> : null}
      {items?.length === 0 ? <p className="text-sm text-muted" data-testid="member-find-nobody">Nobody is called “{words}”.</p> : null}
      {items && items.length > 0 ? (
        <ul aria-label="Found" className="rounded-lg border border-line bg-surface p-1 shadow-card">
          {items.slice(0, kShown).map((person) => (
            <li key={person.id} data-testid="member-found" data-user-id={person.id} className="flex items-center gap-3 px-2 py-1.5">
              <Avatar name={displayName(person)} colour={colourOf(person.id)} size={28} />
              <div className="min-w-0 flex-1">
                <p className="truncate text-sm font-[550]">{displayName(person)}</p>
                <p className="truncate text-xs text-muted">{person.email}</p>
              </div>
              {within.has(person.id) ? <span className="px-2 text-sm text-muted">In it</span> : (
                <Button busy={busy === person.id} onClick={() => void add(person)} aria-label={`Take in ${displayName(person)}`} data-testid="member-add">Take in</Button>
              )}
            </li>
          ))}
        </ul>
      ) : null}
      {items && items.length > kShown ? <p className="mt-1.5 text-sm text-muted">There are more: type more of the name.</p> : null}
    </div>
  );
}
