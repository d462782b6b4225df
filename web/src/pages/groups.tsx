import { useState } from 'react';
import { useUser } from '../app_context';
import { membersInWords, type Group } from '../lib/groups';
import { administers } from '../lib/people';
import { groupPath, navigate } from '../router';
import { EmptyState, Skeleton } from '../ui/bits';
import { Button } from '../ui/button';
import { followed } from '../ui/follow';
import { Icon } from '../ui/icons';
import { SearchBox } from '../ui/search_box';
import { Frame } from './frame';
import { GroupPage } from './group';
import { NameDialog } from './name_dialog';
import { useGroups } from './use_hub';
import { usePages } from './use_pages';

const kShown = 200;

/** The groups of the hub, or one of them. */
export default function GroupsPage({ id }: { id: string | null }) {
  return id === null ? <All /> : <GroupPage key={id} id={id} />;
}

function All() {
  const groups = useGroups();
  const makes = administers(useUser().role);
  const [filter, setFilter] = useState('');
  const [making, setMaking] = useState(false);
  const { items, problem, reload } = usePages<Group, never>('', async (_after, signal) => ({ items: await groups.list(signal), next: null }));
  const needle = filter.trim().toLocaleLowerCase();
  const found = items?.filter((group) => group.name.toLocaleLowerCase().includes(needle)) ?? [];
  const make = <Button look="primary" icon="plus" onClick={() => setMaking(true)} data-testid="group-new">New group</Button>;
  return (
    <Frame title="Groups" testId="groups-page" actions={
      <>
        {items && items.length > 0 ? <SearchBox label="Filter groups" placeholder="Filter" value={filter} onChange={setFilter} className="w-full sm:w-60 max-sm:order-last" testId="groups-filter" /> : null}
        {makes ? make : null}
      </>
    }>
      {problem ? (
        <EmptyState icon={problem.status === 403 ? 'shield' : 'cloudOff'} title={problem.words.heading} testId="groups-problem"
          actions={problem.status === 403 ? undefined : <Button icon="sync" onClick={reload}>Try again</Button>}>{problem.words.detail}</EmptyState>
      ) : !items ? (
        <div role="status" aria-busy="true" aria-label="Loading groups" className="flex flex-col gap-2"><Skeleton className="h-14 rounded-xl" /><Skeleton className="h-14 rounded-xl" /></div>
      ) : items.length === 0 ? (
        <EmptyState icon="group" title="No groups yet" testId="groups-empty" actions={makes ? make : undefined}>
          {makes ? 'Share a document or folder with a group, and whoever is in it has access.' : 'An admin of the hub makes them.'}
        </EmptyState>
      ) : found.length === 0 ? (
        <EmptyState icon="search" title={`No group is called “${filter.trim()}”`} actions={<Button onClick={() => setFilter('')}>Show all</Button>} />
      ) : (
        <ul aria-label="Groups" className="divide-y divide-line rounded-xl border border-line bg-surface shadow-card" data-testid="group-list">
          {found.slice(0, kShown).map((group) => (
            <li key={group.id} data-testid="group-row" data-group-id={group.id} className="relative first:rounded-t-xl last:rounded-b-xl hover:bg-hover">
              <a href={groupPath(group.id)} onClick={followed(groupPath(group.id))} data-testid="group-open"
                className="flex items-center gap-3 rounded-[inherit] px-4 py-3 outline-none focus-visible:outline-2 focus-visible:-outline-offset-2 focus-visible:outline-accent">
                <span className="flex size-9 shrink-0 items-center justify-center rounded-md bg-accent-soft text-accent"><Icon name="group" size={19} /></span>
                <span className="min-w-0 flex-1 truncate text-base font-[550]">{group.name}</span>
                <span className="shrink-0 text-sm text-muted">{membersInWords(group.members)}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
      {found.length > kShown ? <p className="mt-4 text-center text-sm text-muted">{found.length - kShown} more: filter for them.</p> : null}
      {making ? (
        <NameDialog title="New group" action="Make it" name="" work={(name) => groups.make(name)} onClose={() => setMaking(false)}
          onDone={(group) => navigate(groupPath(group.id))} />
      ) : null}
    </Frame>
  );
}
