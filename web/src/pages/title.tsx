import { useEffect, useRef, useState } from 'react';
import { useApp } from '../app_context';
import type { DocumentInfo } from '../lib/documents';
import { toastError } from '../ui/toasts';
import { kMaxName } from './document_dialogs';

/** The document's name, editable where it stands: Enter or leaving saves, Escape takes it back. */
export function Title({ info, editable, onRenamed }: { info: DocumentInfo; editable: boolean; onRenamed: (name: string) => void }) {
  const { documents } = useApp();
  const [draft, setDraft] = useState(info.name);
  const [editing, setEditing] = useState(false);
  const cancelled = useRef(false);

  useEffect(() => {
    if (!editing) setDraft(info.name);
  }, [info.name, editing]);

  const save = async () => {
    setEditing(false);
    const name = draft.trim();
    if (cancelled.current || !name || name === info.name) {
      cancelled.current = false;
      setDraft(info.name);
      return;
    }
    try {
      const renamed = await documents.rename(info.id, name);
      onRenamed(renamed.name);
    } catch (error) {
      setDraft(info.name);
      toastError(error, 'The name was not changed');
    }
  };

  const look = 'block w-full min-w-0 truncate rounded-md border border-transparent px-2 text-base font-[580]';
  if (!editable) return <h1 data-testid="doc-title" className={`${look} py-1`}>{info.name}</h1>;
  return (
    <>
      <h1 className="sr-only">{info.name}</h1>
      <input
        data-testid="doc-title" aria-label="Name of the document" value={draft} maxLength={kMaxName} data-quiet-focus
        onFocus={() => setEditing(true)}
        onBlur={() => void save()}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') event.currentTarget.blur();
          if (event.key === 'Escape') { cancelled.current = true; event.currentTarget.blur(); }
        }}
        style={{ maxWidth: `calc(${Math.max(draft.length, 6)}ch + 2.5rem)` }}
        className={`${look} h-8 bg-transparent hover:border-line-strong focus:border-accent focus:bg-surface`}
      />
    </>
  );
}
