import { membersInWords, type Group } from '../lib/groups';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { FormProblem } from './entrance';
import { useGroups } from './use_hub';
import { useSubmit } from './use_submit';

export function RemoveGroupDialog({ group, onClose, onDone }: { group: Group; onClose: () => void; onDone: () => void }) {
  const groups = useGroups();
  const { busy, problem, submit } = useSubmit(() => groups.remove(group.id), onDone);
  return (
    <Dialog title="Remove this group?" onClose={onClose} testId="group-remove-dialog">
      <form onSubmit={submit} className="flex flex-col gap-5">
        <FormProblem problem={problem} />
        <p className="text-base text-muted">
          <strong className="font-[550] break-words text-ink">{group.name}</strong> has {membersInWords(group.members)}. What was shared with it is shared with them by it no longer. Their accounts stay.
        </p>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose} data-autofocus>Keep it</Button>
          <Button type="submit" look="danger" busy={busy} data-testid="group-remove-submit">Remove</Button>
        </div>
      </form>
    </Dialog>
  );
}
