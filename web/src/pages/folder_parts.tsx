import { useUser } from '../app_context';
import { accessLabel, mayShare, mayWrite } from '../lib/documents';
import { pathTo, type Folder } from '../lib/folders';
import { folderPath } from '../router';
import { IconButton } from '../ui/button';
import { followed } from '../ui/follow';
import { Icon } from '../ui/icons';
import { Menu, type MenuItem } from '../ui/menu';

export type FolderAsk = 'share' | 'rename' | 'move' | 'remove';

/** What may be done with a folder. */
export function FolderMenu({ folder, onAsk, align = 'end', testId }: {
  folder: Folder; onAsk: (what: FolderAsk) => void; align?: 'end' | 'wide'; testId: string;
}) {
  const items: MenuItem[] = [
    { label: mayShare(folder.access_level) ? 'Share…' : 'Who has access…', icon: 'people', testId: 'folder-share', onSelect: () => onAsk('share') },
  ];
  if (mayWrite(folder.access_level)) items.push({ label: 'Rename…', icon: 'pencil', testId: 'folder-rename', onSelect: () => onAsk('rename') });
  if (mayShare(folder.access_level)) items.push({ label: 'Move…', icon: 'move', testId: 'folder-move', onSelect: () => onAsk('move') });
  if (folder.access_level === 'owner') items.push({ label: 'Remove…', icon: 'trash', danger: true, testId: 'folder-remove', onSelect: () => onAsk('remove') });
  return (
    <Menu label={`Actions for the folder ${folder.name}`} items={items} align={align}
      trigger={(props) => <IconButton icon="more" label={`Actions for the folder ${folder.name}`} data-testid={testId} {...props} />} />
  );
}

/** Folders side by side; each leads into itself. */
export function FolderList({ folders, onAsk }: { folders: Folder[]; onAsk: (what: FolderAsk, folder: Folder) => void }) {
  const user = useUser();
  return (
    <ul aria-label="Folders" className="mb-5 grid gap-2 sm:grid-cols-2 lg:grid-cols-3" data-testid="folder-list">
      {folders.map((folder) => (
        <li key={folder.id} data-testid="folder-item" data-folder-id={folder.id} className="relative flex items-center gap-3 rounded-xl border border-line bg-surface py-2 pr-2 pl-3 shadow-card hover:bg-hover has-aria-expanded:z-20">
          <span className="flex size-9 shrink-0 items-center justify-center text-accent"><Icon name="folder" size={22} /></span>
          <div className="min-w-0 flex-1">
            <a href={folderPath(folder.id)} onClick={followed(folderPath(folder.id))} data-testid="folder-open"
              className="block truncate text-base font-[550] outline-none after:absolute after:inset-0 after:rounded-xl focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent">
              {folder.name}
            </a>
            {folder.owner === user.id ? null : <p className="truncate text-sm text-muted">{folder.owner_name} · {accessLabel(folder.access_level)}</p>}
          </div>
          <div className="relative z-10"><FolderMenu folder={folder} onAsk={(what) => onAsk(what, folder)} testId="folder-menu" /></div>
        </li>
      ))}
    </ul>
  );
}

/** The way from all documents to the folder that is open. */
export function FolderTrail({ all, open }: { all: Folder[]; open: Folder }) {
  const above = pathTo(all, open.id).slice(0, -1);
  const link = 'truncate rounded-sm text-muted underline-offset-3 hover:text-ink hover:underline';
  return (
    <nav aria-label="Where this folder lies" className="mb-2 flex min-w-0 flex-wrap items-center gap-x-1.5 text-sm" data-testid="folder-trail">
      <a href="/" onClick={followed('/')} className={link} data-testid="folder-top">Documents</a>
      {above.map((folder) => (
        <span key={folder.id} className="flex max-w-48 min-w-0 items-center gap-1.5">
          <span aria-hidden="true" className="text-faint">/</span>
          <a href={folderPath(folder.id)} onClick={followed(folderPath(folder.id))} className={link}>{folder.name}</a>
        </span>
      ))}
      <span aria-hidden="true" className="text-faint">/</span>
    </nav>
  );
}
