import type { DocumentInfo } from '../lib/documents';
import type { Folder, Folders } from '../lib/folders';
import { documentPath, folderPath, navigate } from '../router';
import { toastDone } from '../ui/toasts';
import { DeleteDialog, NewDialog, RenameDialog } from './document_dialogs';
import { MoveDialog, RemoveFolderDialog } from './folder_dialogs';
import type { FolderAsk } from './folder_parts';
import { NameDialog } from './name_dialog';
import { ShareDialog } from './share_dialog';

/** What is asked on the page of documents and folders. */
export type Asking =
  | { what: 'new' | 'new-folder' }
  | { what: 'rename-document' | 'move-document' | 'delete'; document: DocumentInfo }
  | { what: FolderAsk; folder: Folder };

export function DocumentsDialogs({ asking, within, all, folders, onClose, onDocuments, onFolders, onFolderRemoved }: {
  asking: Asking; within: string | null; all: Folder[]; folders: Folders; onClose: () => void;
  onDocuments: (edit: (all: DocumentInfo[]) => DocumentInfo[]) => void; onFolders: () => void; onFolderRemoved: (folder: Folder) => void;
}) {
  const changed = (id: string, part: Partial<DocumentInfo>) => onDocuments((docs) => docs.map((one) => (one.id === id ? { ...one, ...part } : one)));
  const gone = (id: string) => onDocuments((docs) => docs.filter((one) => one.id !== id));
  const moved = (name: string, to: string | null) => toastDone(to === null ? `${name} lies in no folder now` : `${name} lies in ${all.find((one) => one.id === to)?.name ?? 'the folder'} now`);
  switch (asking.what) {
    case 'new':
      return <NewDialog folder={within} onClose={onClose} onDone={(made) => navigate(documentPath(made.id))} />;
    case 'new-folder':
      return <NameDialog title="New folder" action="Make it" name="" work={(name) => folders.make(name, within)} onClose={onClose} onDone={(made) => navigate(folderPath(made.id))} />;
    case 'rename-document':
      return <RenameDialog document={asking.document} onClose={onClose} onDone={(renamed) => { onClose(); changed(renamed.id, renamed); }} />;
    case 'delete':
      return <DeleteDialog document={asking.document} onClose={onClose} onDone={() => { onClose(); gone(asking.document.id); }} />;
    case 'move-document': {
      const { document } = asking;
      return (
        <MoveDialog thing={document} all={all} folders={folders} onClose={onClose} onDone={(to) => {
          onClose();
          moved(document.name, to);
          if (within === null) changed(document.id, { folder: to });
          else gone(document.id);
        }} />
      );
    }
    case 'share':
      return <ShareDialog thing={asking.folder} onClose={onClose} />;
    case 'rename':
      return <NameDialog title="Rename the folder" action="Rename" name={asking.folder.name} work={(name) => folders.rename(asking.folder.id, name)} onClose={onClose} onDone={() => { onClose(); onFolders(); }} />;
    case 'move':
      return <MoveDialog thing={asking.folder} all={all} folders={folders} onClose={onClose} onDone={(to) => { onClose(); moved(asking.folder.name, to); onFolders(); }} />;
    case 'remove':
      return <RemoveFolderDialog folder={asking.folder} folders={folders} onClose={onClose} onDone={() => { onClose(); onFolderRemoved(asking.folder); }} />;
  }
}
