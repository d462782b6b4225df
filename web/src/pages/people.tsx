import { useEffect, useState } from 'react';
import { useUser } from '../app_context';
import type { Person } from '../lib/people';
import { EmptyState, Skeleton } from '../ui/bits';
import { Button } from '../ui/button';
import { SearchBox } from '../ui/search_box';
import { AdminsOnly, ForAdmins, Frame } from './frame';
import { InviteDialog } from './invite_dialog';
import { Invitations, useInvitations } from './invitations';
import { PersonDialog, type PersonAsking } from './person_dialogs';
import { PersonRow } from './person_row';
import { usePeople } from './use_hub';
import { usePages } from './use_pages';
import { useSettled } from './use_settled';

const kTitle = 'People';

/** Who is on the hub, for who manages it. */
export default function PeoplePage() {
  return <ForAdmins title={kTitle}><Everybody /></ForAdmins>;
}

function Everybody() {
  const people = usePeople();
  const user = useUser();
  const [filter, setFilter] = useState('');
  const words = useSettled(filter.trim());
  const pages = usePages<Person, string>(words, async (after, signal) => {
    const page = await people.list(after, words, signal);
    return { items: page.users, next: page.next };
  });
  const invitations = useInvitations(people);
  const [asking, setAsking] = useState<PersonAsking | null>(null);
  const [inviting, setInviting] = useState(false);
  useEffect(() => { if (pages.problem?.status === 403) setAsking(null); }, [pages.problem]);

  if (pages.problem?.status === 403) return <AdminsOnly title={kTitle} />; // of somebody who was an admin
  const changed = (id: string, part: Partial<Person>) => pages.change((all) => all.map((one) => (one.id === id ? { ...one, ...part } : one)));
  return (
    <Frame title={kTitle} testId="people-page" actions={
      <>
        <SearchBox label="Find people" placeholder="Name or e-mail" value={filter} onChange={setFilter} className="w-full sm:w-60 max-sm:order-last" testId="people-filter" />
        <Button look="primary" icon="plus" onClick={() => setInviting(true)} data-testid="invite-open">Invite</Button>
      </>
    }>
      {pages.problem && !pages.items ? (
        <EmptyState icon="cloudOff" title={pages.problem.words.heading} testId="people-problem" actions={<Button icon="sync" onClick={pages.reload}>Try again</Button>}>{pages.problem.words.detail}</EmptyState>
      ) : !pages.items ? <PeopleSkeleton /> : pages.items.length === 0 ? (
        <EmptyState icon="search" title={`Nobody is called “${words}”`} testId="people-empty" actions={<Button onClick={() => setFilter('')}>Show everybody</Button>} />
      ) : (
        <>
          <ul aria-label="People" aria-busy={pages.busy} className="divide-y divide-line rounded-xl border border-line bg-surface shadow-card" data-testid="people-list">
            {pages.items.map((person) => (
              <PersonRow key={person.id} person={person} mine={person.id === user.id} role={user.role} people={people}
                onChanged={(part) => changed(person.id, part)} onAsk={(what) => setAsking({ what, person })} />
            ))}
          </ul>
          <footer className="mt-4 flex min-h-8 items-center justify-center gap-3 text-sm text-muted" aria-live="polite">
            {pages.problem ? <span className="text-danger">{pages.problem.words.heading}</span> : null}
            {pages.next !== null ? <Button busy={pages.busy} onClick={pages.more} data-testid="people-more">Show more</Button> : null}
          </footer>
        </>
      )}
      <Invitations people={people} {...invitations} />
      {asking ? <PersonDialog asking={asking} people={people} onClose={() => setAsking(null)} onChanged={(part) => changed(asking.person.id, part)} /> : null}
      {inviting ? <InviteDialog people={people} role={user.role} onClose={() => setInviting(false)} onMade={invitations.reload} /> : null}
    </Frame>
  );
}

function PeopleSkeleton() {
  return (
    <div aria-busy="true" aria-label="Loading people" role="status" className="divide-y divide-line rounded-xl border border-line bg-surface shadow-card">
      {['w-1/4', 'w-1/3', 'w-1/5'].map((width, index) => (
        <div key={index} className="flex h-16 items-center gap-3 px-4">
          <Skeleton className="size-9 rounded-full" />
          <Skeleton className={`h-4 ${width}`} />
        </div>
      ))}
    </div>
  );
}
