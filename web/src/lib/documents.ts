import type { Session } from './session';

/** What may be done with a document, each with the ones before it. */
const kAccess = ['read', 'comment', 'suggest', 'write', 'share', 'owner'] as const;
export type AccessLevel = (typeof kAccess)[number];
export type GrantedLevel = Exclude<AccessLevel, 'owner'>;

/** A document as the list tells it; reading one adds `content`, which the app takes from the live session instead. */
export interface DocumentInfo {
  id: string;
  name: string;
  doc_type: string;
  version: number;
  owner: string;
  owner_name?: string;
  access_level: AccessLevel;
  created_at: string;
  updated_at: string;
}

/** What a user, a group, or everybody here may do. */
export interface Share {
  principal: string;
  kind: 'user' | 'group' | 'everybody';
  name: string;
  email?: string; // a user's
  access_level: AccessLevel;
  expires_at?: string;
}

export type LinkLevel = Exclude<GrantedLevel, 'share'>;

/** A link to a document, for whoever holds it. */
export interface ShareLink {
  id: string;
  name: string;
  access_level: LinkLevel;
  has_password: boolean;
  made_by: string;
  made_by_name: string;
  created_at: string;
  expires_at: string | null;
}

export interface NewShareLink {
  access_level: LinkLevel;
  name?: string;
  password?: string;
  expires_at?: string;
}

export interface DocumentPage {
  documents: DocumentInfo[];
  next: string | null;
}

const atLeast = (level: AccessLevel, least: AccessLevel): boolean => kAccess.indexOf(level) >= kAccess.indexOf(least);
export const mayWrite = (level: AccessLevel): boolean => atLeast(level, 'write');
export const mayShare = (level: AccessLevel): boolean => atLeast(level, 'share');

const kPlainTypes = new Set(['markdown', 'code', 'plain_text']);
export const isPlain = (docType: string): boolean => kPlainTypes.has(docType);

export const kDocTypes = [
  { value: 'rich_text', label: 'Rich text', hint: 'Headings, lists, links and code' },
  { value: 'markdown', label: 'Markdown', hint: 'Plain characters, written as Markdown' },
  { value: 'code', label: 'Code', hint: 'Monospaced, for programs and configuration' },
  { value: 'plain_text', label: 'Plain text', hint: 'No formatting at all' },
] as const;

export function typeLabel(docType: string): string {
  return kDocTypes.find((type) => type.value === docType)?.label ?? docType.replace(/[_-]+/g, ' ');
}

export function accessLabel(level: AccessLevel): string {
  return { owner: 'Owner', share: 'Can share', write: 'Can edit', suggest: 'Can suggest', comment: 'Can comment', read: 'Can read' }[level];
}

const at = (id: string) => `/documents/${encodeURIComponent(id)}`;

/** The hub's document routes, in the name of the session's user. Everything rejects with a Problem. */
export class Documents {
  constructor(private readonly session: Session) {}

  list(after: string | null, limit: number, signal?: AbortSignal): Promise<DocumentPage> {
    const query = new URLSearchParams({ limit: String(limit) });
    if (after !== null) query.set('after', after);
    return this.session.request(`/documents?${query}`, { signal });
  }

  create(name: string, docType: string): Promise<DocumentInfo> {
    return this.session.request('/documents', { method: 'POST', body: { name, doc_type: docType } });
  }

  read(id: string, signal?: AbortSignal): Promise<DocumentInfo> {
    return this.session.request(at(id), { signal });
  }

  rename(id: string, name: string): Promise<DocumentInfo> {
    return this.session.request(at(id), { method: 'PATCH', body: { name } });
  }

  remove(id: string): Promise<void> {
    return this.session.request(at(id), { method: 'DELETE' });
  }

  async shares(id: string, signal?: AbortSignal): Promise<Share[]> {
    return (await this.session.request<{ shares: Share[] }>(`${at(id)}/share`, { signal })).shares;
  }

  /** Gives or changes access; `expiresAt` where it is to end. */
  share(id: string, principal: string, level: GrantedLevel, expiresAt?: string): Promise<Share> {
    const body = { principal, access_level: level, ...(expiresAt ? { expires_at: expiresAt } : {}) };
    return this.session.request(`${at(id)}/share`, { method: 'POST', body });
  }

  unshare(id: string, principal: string): Promise<void> {
    return this.session.request(`${at(id)}/share/${encodeURIComponent(principal)}`, { method: 'DELETE' });
  }

  async links(id: string, signal?: AbortSignal): Promise<ShareLink[]> {
    return (await this.session.request<{ links: ShareLink[] }>(`${at(id)}/links`, { signal })).links;
  }

  /** The answer has the link's secret, once. */
  makeLink(id: string, link: NewShareLink): Promise<ShareLink & { secret: string }> {
    return this.session.request(`${at(id)}/links`, { method: 'POST', body: link });
  }

  removeLink(id: string, link: string): Promise<void> {
    return this.session.request(`${at(id)}/links/${encodeURIComponent(link)}`, { method: 'DELETE' });
  }
}
