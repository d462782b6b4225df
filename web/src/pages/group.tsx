import { useState } from 'react';
import { useUser } from '../app_context';
import { membersInWords, sortMembers, type GroupMember, type GroupPeople } from '../lib/groups';
import { administers } from '../lib/people';
import { colourOf, displayName } from '../lib/person';
import { kGroupsPath, navigate } from '../router';
import { Avatar, EmptyState, Skeleton } from '../ui/bits';
import { Button, IconButton } from '../ui/button';
import { Menu } from '../ui/menu';
import { toastDone, toastError } from '../ui/toasts';
import { Frame } from './frame';
import { AddMembers } from './group_add';
import { RemoveGroupDialog } from './group_dialogs';
import { NameDialog } from './name_dialog';
import { useGroups } from './use_hub';
import { usePages } from './use_pages';

const kBack = { to: kGroupsPath, label: 'To the groups' };

/** One group and who is in it. */
export function GroupPage({ id }: { id: string }) {
  const groups = useGroups();
  const user = useUser();
  const changes = administers(user.role);
  const { items, problem, reload, change } = usePages<GroupPeople, never>(id, async (_after, signal) => ({ items: [await groups.read(id, signal)], next: null }));
  const [asking, setAsking] = useState<'rename' | 'remove' | null>(null);
  const group = items?.[0];

  if (problem && !group) {
    return (
      <Frame title="Group" back={kBack} testId="group-page">
        <EmptyState icon={problem.status === 404 ? 'search' : problem.status === 403 ? 'shield' : 'cloudOff'} title={problem.words.heading} testId="group-problem"
          actions={problem.retryable ? <Button icon="sync" onClick={reload}>Try again</Button> : <Button look="primary" onClick={() => navigate(kGroupsPath)}>To the groups</Button>}>
          {problem.words.detail}
        </EmptyState>
      </Frame>
    );
  }
  if (!group) return <Frame title="Group" back={kBack} testId="group-page"><Skeleton className="h-40 rounded-xl" /></Frame>;

  const set = (edit: (people: GroupMember[]) => GroupMember[]) => change((all) => all.map((one) => {
    const people = edit(one.people);
    return { ...one, people, members: people.length };
  }));
  const take = async (member: GroupMember) => {
    try {
      await groups.take(id, member.id);
      set((people) => people.filter((one) => one.id !== member.id));
      toastDone(member.id === user.id ? 'You have left the group' : `${displayName(member)} is out of the group`);
    } catch (error) {
      toastError(error, 'Nobody was taken out');
    }
  };
  return (
    <Frame title={group.name} back={kBack} testId="group-page" actions={changes ? (
      <Menu label={`Actions for ${group.name}`} items={[
        { label: 'Rename…', icon: 'pencil', testId: 'group-rename', onSelect: () => setAsking('rename') },
        { label: 'Remove…', icon: 'trash', danger: true, testId: 'group-remove', onSelect: () => setAsking('remove') },
      ]} trigger={(props) => <IconButton icon="more" label={`Actions for ${group.name}`} data-testid="group-menu" {...props} />} />
    ) : null}>
      {changes ? <AddMembers group={id} members={group.people} onAdded={(person) => set((people) => [...people, person])} /> : null}
      <h2 className="mb-3 text-base font-[620]" data-testid="group-count">{membersInWords(group.members)}</h2>
      {group.people.length === 0 ? (
        <p className="text-sm text-muted" data-testid="group-empty">{changes ? 'Find somebody above, and take them in.' : 'Nobody is in it yet.'}</p>
      ) : (
        <ul aria-label="Members" className="divide-y divide-line rounded-xl border border-line bg-surface shadow-card" data-testid="member-list">
          {sortMembers(group.people).map((member) => {
            const name = displayName(member);
            const mine = member.id === user.id;
            return (
              <li key={member.id} data-testid="member-row" data-user-id={member.id} className="flex items-center gap-3 px-4 py-2.5">
                <Avatar name={name} colour={colourOf(member.id)} size={32} />
                <div className="min-w-0 flex-1">
                  <p className="truncate text-sm font-[550]">{name}{mine ? <span className="font-normal text-muted"> (you)</span> : null}</p>
                  <p className="truncate text-sm text-muted">{member.email}</p>
                </div>
                {mine && !changes ? <Button onClick={() => void take(member)} data-testid="member-leave">Leave</Button> : null}
                {changes ? <IconButton icon="close" label={`Take ${name} out`} onClick={() => void take(member)} data-testid="member-take" /> : null}
              </li>
            );
          })}
        </ul>
      )}
      {asking === 'rename' ? (
        <NameDialog title="Rename the group" action="Rename" name={group.name} work={(name) => groups.rename(id, name)} onClose={() => setAsking(null)}
          onDone={(renamed) => { setAsking(null); change((all) => all.map((one) => ({ ...one, name: renamed.name }))); }} />
      ) : null}
      {asking === 'remove' ? <RemoveGroupDialog group={group} onClose={() => setAsking(null)} onDone={() => navigate(kGroupsPath)} /> : null}
    </Frame>
  );
}
