import { useState } from 'react';
import { useApp } from '../app_context';
import { kDocTypes, type DocumentInfo } from '../lib/documents';
import { Button } from '../ui/button';
import { cx } from '../ui/cx';
import { Dialog } from '../ui/dialog';
import { Field } from '../ui/field';
import { Icon, typeIcon } from '../ui/icons';
import { FormProblem } from './entrance';
import { useSubmit } from './use_submit';

export const kMaxName = 200;

export function NewDialog({ folder, onClose, onDone }: { folder: string | null; onClose: () => void; onDone: (made: DocumentInfo) => void }) {
  const { documents } = useApp();
  const [name, setName] = useState('');
  const [type, setType] = useState<string>(kDocTypes[0].value);
  const { busy, problem, submit } = useSubmit(() => documents.create(name.trim() || 'Untitled', type, folder), onDone);
  return (
    <Dialog title="New document" onClose={onClose} testId="new-dialog">
      <form onSubmit={submit} className="flex flex-col gap-5" noValidate>
        <FormProblem problem={problem && problem.field !== 'name' ? problem : null} />
        <Field label="Name" placeholder="Untitled" data-autofocus maxLength={kMaxName} value={name} onChange={(event) => setName(event.target.value)}
          error={problem?.field === 'name' ? problem.detail : null} data-testid="doc-new-name" />
        <fieldset>
          <legend className="mb-1.5 text-sm font-[550]">Kind</legend>
          <div className="grid gap-2 sm:grid-cols-2">
            {kDocTypes.map((option) => (
              <label
                key={option.value}
                className={cx(
                  'flex cursor-pointer items-start gap-2.5 rounded-lg border p-3 transition-colors has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent',
                  type === option.value ? 'border-accent bg-accent-soft' : 'border-line-strong hover:border-faint',
                )}
              >
                <input type="radio" name="doc-type" value={option.value} checked={type === option.value} onChange={() => setType(option.value)} className="sr-only" data-testid={`doc-new-type-${option.value}`} />
                <Icon name={typeIcon(option.value)} size={19} className={cx('mt-px shrink-0', type === option.value ? 'text-accent' : 'text-muted')} />
                <span className="min-w-0"><span className="block text-sm font-[550]">{option.label}</span><span className="block text-xs text-muted">{option.hint}</span></span>
              </label>
            ))}
          </div>
        </fieldset>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy} data-testid="doc-new-submit">Create</Button>
        </div>
      </form>
    </Dialog>
  );
}

export function RenameDialog({ document, onClose, onDone }: {
  document: DocumentInfo; onClose: () => void; onDone: (renamed: DocumentInfo) => void;
}) {
  const { documents } = useApp();
  const [name, setName] = useState(document.name);
  const { busy, problem, submit } = useSubmit(() => documents.rename(document.id, name.trim()), onDone);
  return (
    <Dialog title="Rename" onClose={onClose} testId="rename-dialog">
      <form onSubmit={submit} className="flex flex-col gap-5" noValidate>
        <FormProblem problem={problem && problem.field !== 'name' ? problem : null} />
        <Field label="Name" data-autofocus maxLength={kMaxName} value={name} onChange={(event) => setName(event.target.value)}
          onFocus={(event) => event.target.select()} error={problem?.field === 'name' ? problem.detail : null} data-testid="doc-rename-name" />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy} disabled={!name.trim()} data-testid="doc-rename-submit">Rename</Button>
        </div>
      </form>
    </Dialog>
  );
}

export function DeleteDialog({ document, onClose, onDone }: { document: DocumentInfo; onClose: () => void; onDone: () => void }) {
  const { documents } = useApp();
  const { busy, problem, submit } = useSubmit(() => documents.remove(document.id), onDone);
  return (
    <Dialog title="Delete this document?" onClose={onClose} testId="delete-dialog">
      <form onSubmit={submit} className="flex flex-col gap-5">
        <FormProblem problem={problem} />
        <p className="text-base text-muted">
          <strong className="font-[550] break-words text-ink">{document.name}</strong> will be gone for you and for everybody it is shared with. This cannot be undone.
        </p>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose} data-autofocus>Keep it</Button>
          <Button type="submit" look="danger" busy={busy} data-testid="doc-delete-confirm">Delete</Button>
        </div>
      </form>
    </Dialog>
  );
}
