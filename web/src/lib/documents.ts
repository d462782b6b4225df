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
  folder: string | null; // the one that it lies in
  access_level: AccessLevel;
  created_at: string;
  updated_at: string;
}

export interface DocumentPage {
  documents: DocumentInfo[];
  next: string | null;
}

const atLeast = (level: AccessLevel, least: AccessLevel): boolean => kAccess.indexOf(level) >= kAccess.indexOf(least);
export const mayComment = (level: AccessLevel): boolean => atLeast(level, 'comment');
export const maySuggest = (level: AccessLevel): boolean => atLeast(level, 'suggest');
export const mayWrite = (level: AccessLevel): boolean => atLeast(level, 'write');
export const mayShare = (level: AccessLevel): boolean => atLeast(level, 'share');

/** What a change of a document asks of whoever sends it. */
export type Needs = Extract<AccessLevel, 'comment' | 'suggest' | 'write'>;
export const suffices = (level: AccessLevel, needs: Needs): boolean => atLeast(level, needs);
export const moreOf = (a: Needs, b: Needs): Needs => (atLeast(a, b) ? a : b);

/** As what somebody works with a document; the levels above writing do so alike. */
export type Standing = 'read' | Needs;
export const standingOf = (level: AccessLevel): Standing => (mayWrite(level) ? 'write' : (level as Standing));

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

/** When somebody was at a document last. */
export interface Visit {
  principal: string;
  name: string;
  last_seen: string;
}

interface Signed {
  author: string;
  author_name: string;
}

/** The hub's document routes, in the name of the session's user. Everything rejects with a Problem. */
export class Documents {
  constructor(private readonly session: Session) {}

  /** What lies directly in the folder; for null all that one may see. */
  list(after: string | null, limit: number, folder: string | null, signal?: AbortSignal): Promise<DocumentPage> {
    const query = new URLSearchParams({ limit: String(limit) });
    if (after !== null) query.set('after', after);
    if (folder !== null) query.set('folder', folder);
    return this.session.request(`/documents?${query}`, { signal });
  }

  create(name: string, docType: string, folder: string | null): Promise<DocumentInfo> {
    return this.session.request('/documents', { method: 'POST', body: { name, doc_type: docType, ...(folder === null ? {} : { folder }) } });
  }

  read(id: string, signal?: AbortSignal): Promise<DocumentInfo> {
    return this.session.request(at(id), { signal });
  }

  rename(id: string, name: string): Promise<DocumentInfo> {
    return this.session.request(at(id), { method: 'PATCH', body: { name } });
  }

  /** Who is at a document, and who has been in the last weeks, newest first. */
  presence(id: string, signal?: AbortSignal): Promise<{ clients: { principal: string }[]; seen: Visit[] }> {
    return this.session.request(`${at(id)}/presence`, { signal });
  }

  /** Who wrote the comments and suggestions of a document, by name; their content comes with the document itself. */
  async authors(id: string, signal?: AbortSignal): Promise<{ id: string; name: string }[]> {
    const comments = await this.pages<Signed & { replies: Signed[]; mentions: { id: string; name: string }[] }>(id, 'comments', signal);
    const suggestions = await this.pages<Signed>(id, 'suggestions', signal);
    const signed = [...comments.flatMap((one) => [one, ...one.replies]), ...suggestions];
    return [...signed.map((one) => ({ id: one.author, name: one.author_name })), ...comments.flatMap((one) => one.mentions)].filter((one) => one.name);
  }

  private async pages<T>(id: string, what: 'comments' | 'suggestions', signal?: AbortSignal): Promise<T[]> {
    const all: T[] = [];
    for (let after: string | null = ''; after !== null;) {
      const more: string = after === '' ? '' : `&after=${encodeURIComponent(after)}`;
      const page = await this.session.request<Record<string, unknown>>(`${at(id)}/${what}?limit=200${more}`, { signal });
      all.push(...(page[what] as T[]));
      after = (page['next'] as string | null | undefined) ?? null;
    }
    return all;
  }

  remove(id: string): Promise<void> {
    return this.session.request(at(id), { method: 'DELETE' });
  }
}
