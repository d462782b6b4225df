import { useUser } from '../app_context';
import { accessLabel, mayShare, mayWrite, typeLabel, type DocumentInfo } from '../lib/documents';
import { copyText } from '../lib/clipboard';
import { absoluteTime, relativeTime } from '../lib/time';
import { documentPath, navigate } from '../router';
import { Badge } from '../ui/bits';
import { IconButton } from '../ui/button';
import { Icon, typeIcon } from '../ui/icons';
import { Menu, type MenuItem } from '../ui/menu';
import { toastDone } from '../ui/toasts';

/** One document in the list. The whole row leads to it; the menu lies above. */
export function DocumentRow({ document, unsent, folder, onRename, onMove, onDelete }: {
  document: DocumentInfo; unsent: boolean; folder: string | null; onRename: () => void; onMove: () => void; onDelete: () => void;
}) {
  const user = useUser();
  const mine = document.owner === user.id;
  const owner = mine ? 'You' : (document.owner_name ?? 'Someone else');
  const path = documentPath(document.id);
  const changed = relativeTime(document.updated_at);

  const items: MenuItem[] = [
    { label: 'Copy link', icon: 'link', onSelect: () => void copyText(location.origin + path).then((ok) => { if (ok) toastDone('Link copied'); }) },
  ];
  if (mayWrite(document.access_level)) {
    items.unshift({ label: 'Rename', icon: 'pencil', testId: 'doc-rename', onSelect: onRename });
  }
  if (mayShare(document.access_level)) items.push({ label: 'Move…', icon: 'move', testId: 'doc-move', onSelect: onMove });
  if (document.access_level === 'owner') {
    items.push({ label: 'Delete', icon: 'trash', danger: true, testId: 'doc-delete', onSelect: onDelete });
  }

  return (
    <li data-testid="doc-list-item" data-doc-id={document.id} className="group relative first:rounded-t-xl last:rounded-b-xl hover:bg-hover sm:first:rounded-t-none">
      <div className="grid grid-cols-[minmax(0,1fr)_2rem] items-center gap-x-4 px-4 py-2.5 sm:grid-cols-[minmax(0,1fr)_9rem_7rem_8rem_2rem]">
        <div className="flex min-w-0 items-center gap-3">
          <span className="flex size-9 shrink-0 items-center justify-center rounded-md bg-accent-soft text-accent" title={typeLabel(document.doc_type)}>
            <Icon name={typeIcon(document.doc_type)} size={19} />
          </span>
          <div className="min-w-0">
            <div className="flex items-center gap-2">
              <a
                href={path} data-testid="doc-open"
                onClick={(event) => { if (!event.metaKey && !event.ctrlKey && !event.shiftKey) { event.preventDefault(); navigate(path); } }}
                className="truncate text-base font-[550] outline-none after:absolute after:inset-0 after:rounded-[inherit] focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent"
              >
                {document.name}
              </a>
              {unsent ? <Badge tone="warn" icon="cloudOff">Unsent changes</Badge> : null}
            </div>
            <p className="truncate text-sm text-muted">
              {typeLabel(document.doc_type)}{folder === null ? null : <span data-testid="doc-folder"> · in {folder}</span>}
              <span className="sm:hidden"> · {mine ? accessLabel(document.access_level) : `${owner}, ${accessLabel(document.access_level).toLowerCase()}`} · {changed}</span>
            </p>
          </div>
        </div>
        <span className="hidden truncate text-sm text-muted sm:block">{owner}</span>
        <span className="hidden text-sm text-muted sm:block">{accessLabel(document.access_level)}</span>
        <time dateTime={document.updated_at} title={absoluteTime(document.updated_at)} className="hidden truncate text-sm text-muted sm:block">{changed}</time>
        <div className="relative z-10 -mr-1.5 flex justify-end has-aria-expanded:z-20">
          <Menu
            label={`Actions for ${document.name}`} items={items}
            trigger={(props) => <IconButton icon="more" label={`Actions for ${document.name}`} data-testid="doc-menu" {...props} />}
          />
        </div>
      </div>
    </li>
  );
}
