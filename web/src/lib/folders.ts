import type { AccessLevel } from './documents';
import type { Session } from './session';

export interface Folder {
  id: string;
  name: string;
  owner: string;
  owner_name: string;
  folder: string | null; // the one that it lies in
  access_level: AccessLevel;
  created_at: string;
}

/** Folders lie in each other no deeper; a circle ends here too. */
const kMaxDepth = 32;

/** The folders above and the folder itself, the outermost first, as far as whoever looks may see them. */
export function pathTo(folders: Folder[], id: string): Folder[] {
  const byId = new Map(folders.map((folder) => [folder.id, folder]));
  const path: Folder[] = [];
  for (let at = byId.get(id); at && path.length < kMaxDepth; at = at.folder === null ? undefined : byId.get(at.folder)) path.unshift(at);
  return path;
}

/** What lies directly in the folder; for null what lies in none, or in one that whoever looks may not see. */
export function foldersIn(folders: Folder[], id: string | null): Folder[] {
  const seen = new Set(folders.map((folder) => folder.id));
  return folders.filter((folder) => (id === null ? folder.folder === null || !seen.has(folder.folder) : folder.folder === id));
}

/** Whether a thing could be moved there: not where it is, not into itself or what lies in it, only where one may write. */
export function mayHold(folders: Folder[], target: Folder, thing: { id: string; folder: string | null }): boolean {
  if (!['owner', 'share', 'write'].includes(target.access_level)) return false;
  return target.id !== thing.folder && !pathTo(folders, target.id).some((one) => one.id === thing.id);
}

const at = (id: string) => `/folders/${encodeURIComponent(id)}`;

/** The hub's folder routes. Everything rejects with a Problem. */
export class Folders {
  constructor(private readonly session: Session) {}

  /** All that one may see, by name. */
  async list(signal?: AbortSignal): Promise<Folder[]> {
    return (await this.session.request<{ folders: Folder[] }>('/folders', { signal })).folders;
  }

  read(id: string, signal?: AbortSignal): Promise<Folder> {
    return this.session.request(at(id), { signal });
  }

  make(name: string, folder: string | null): Promise<Folder> {
    return this.session.request('/folders', { method: 'POST', body: { name, ...(folder === null ? {} : { folder }) } });
  }

  rename(id: string, name: string): Promise<Folder> {
    return this.session.request(at(id), { method: 'PATCH', body: { name } });
  }

  /** A document or a folder, into a folder or out of any. */
  move(id: string, folder: string | null): Promise<void> {
    const kind = id.startsWith('doc_') ? 'documents' : 'folders';
    return this.session.request(`/${kind}/${encodeURIComponent(id)}`, { method: 'PATCH', body: { folder } });
  }

  /** An empty one. */
  remove(id: string): Promise<void> {
    return this.session.request(at(id), { method: 'DELETE' });
  }
}
