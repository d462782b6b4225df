import { useState } from 'react';
import { mayHold, pathTo, type Folder, type Folders } from '../lib/folders';
import { Button } from '../ui/button';
import { cx } from '../ui/cx';
import { Dialog } from '../ui/dialog';
import { Icon } from '../ui/icons';
import { SearchBox } from '../ui/search_box';
import { FormProblem } from './entrance';
import { useSubmit } from './use_submit';

const kShown = 50;
/** The value of "in no folder". */
const kNone = '';

/** Where a document or folder is to lie: in one of the folders that can hold it, or in none. */
export function MoveDialog({ thing, all, folders, onClose, onDone }: {
  thing: { id: string; name: string; folder: string | null }; all: Folder[]; folders: Folders; onClose: () => void; onDone: (folder: string | null) => void;
}) {
  const [to, setTo] = useState<string | null>(null);
  const [filter, setFilter] = useState('');
  const target = to === kNone ? null : to;
  const form = useSubmit(() => folders.move(thing.id, target), () => onDone(target));
  const needle = filter.trim().toLocaleLowerCase();
  const places = all.filter((folder) => mayHold(all, folder, thing))
    .map((folder) => ({ id: folder.id, name: folder.name, above: pathTo(all, folder.id).slice(0, -1).map((one) => one.name).join(' / ') }))
    .filter((place) => `${place.above} / ${place.name}`.toLocaleLowerCase().includes(needle));
  const choices = [...(thing.folder === null || needle ? [] : [{ id: kNone, name: 'In no folder', above: '' }]), ...places.slice(0, kShown)];
  return (
    <Dialog title="Move" onClose={onClose} testId="move-dialog">
      <form onSubmit={form.submit} className="flex flex-col gap-4" noValidate>
        <p className="-mt-3 truncate text-sm text-muted">{thing.name}</p>
        <FormProblem problem={form.problem} />
        {all.length > 8 ? <SearchBox label="Find a folder" placeholder="Find a folder" value={filter} onChange={setFilter} testId="move-filter" /> : null}
        {choices.length === 0 ? <p className="text-sm text-muted" data-testid="move-nowhere">There is no other folder that you may put it into.</p> : (
          <fieldset className="-mx-1 max-h-72 overflow-y-auto px-1 py-0.5">
            <legend className="sr-only">Where to</legend>
            {choices.map((place) => (
              <label key={place.id} className={cx(
                'relative flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-2 has-focus-visible:outline-2 has-focus-visible:outline-accent',
                to === place.id ? 'bg-accent-soft' : 'hover:bg-hover',
              )}>
                <input type="radio" name="move-to" value={place.id} checked={to === place.id} onChange={() => setTo(place.id)} className="sr-only" data-testid="move-to" />
                <Icon name={place.id === kNone ? 'back' : 'folder'} size={18} className={cx('shrink-0', to === place.id ? 'text-accent' : 'text-muted')} />
                <span className="min-w-0 flex-1"><span className="block truncate text-sm font-[550]">{place.name}</span>{place.above ? <span className="block truncate text-xs text-muted">in {place.above}</span> : null}</span>
                {to === place.id ? <Icon name="check" size={16} className="shrink-0 text-accent" /> : null}
              </label>
            ))}
          </fieldset>
        )}
        {places.length > kShown ? <p className="text-sm text-muted">{places.length - kShown} more: look for them.</p> : null}
        <p className="text-sm text-muted">Who has access to a folder has it to what lies in it.</p>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={form.busy} disabled={to === null} data-testid="move-submit">Move</Button>
        </div>
      </form>
    </Dialog>
  );
}

export function RemoveFolderDialog({ folder, folders, onClose, onDone }: { folder: Folder; folders: Folders; onClose: () => void; onDone: () => void }) {
  const { busy, problem, submit } = useSubmit(() => folders.remove(folder.id), onDone);
  return (
    <Dialog title="Remove this folder?" onClose={onClose} testId="folder-remove-dialog">
      <form onSubmit={submit} className="flex flex-col gap-5">
        <FormProblem problem={problem} />
        <p className="text-base text-muted"><strong className="font-[550] break-words text-ink">{folder.name}</strong> has to be empty: move or delete what lies in it first, also what others have put there.</p>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose} data-autofocus>Keep it</Button>
          <Button type="submit" look="danger" busy={busy} data-testid="folder-remove-submit">Remove</Button>
        </div>
      </form>
    </Dialog>
  );
}
