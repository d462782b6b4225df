import type { AccessLevel, GrantedLevel } from './documents';
import type { Session } from './session';

/** A document or a folder, as far as sharing it goes. */
export interface SharedThing {
  id: string;
  name: string;
  access_level: AccessLevel;
}

export const kEverybody = 'everybody';

/** What a user, a group, or everybody here may do. */
export interface Share {
  principal: string;
  kind: 'user' | 'group' | 'everybody';
  name: string;
  email?: string; // a user's
  access_level: AccessLevel;
  expires_at?: string;
}

/** Access that a folder above gives. */
export interface InheritedShare extends Share {
  folder: { id: string; name: string } | null; // null: not for whoever looks
}

export interface Shares {
  shares: Share[];
  inherited: InheritedShare[];
}

export type LinkLevel = Exclude<GrantedLevel, 'share'>;

/** A link to a document or folder, for whoever holds it. */
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

export const isFolder = (id: string): boolean => id.startsWith('fld_');
export const thingWord = (id: string): string => (isFolder(id) ? 'folder' : 'document');

const kHourMs = 3_600_000;

/** How long something is to hold, as a choice. */
export const kEnds = [
  { label: 'Without an end', hours: 0 },
  { label: 'For a day', hours: 24 },
  { label: 'For a week', hours: 24 * 7 },
  { label: 'For 30 days', hours: 24 * 30 },
] as const;

/** The time in so many hours; none for 0. */
export const endIn = (hours: number, now: number = Date.now()): { expires_at?: string } =>
  hours ? { expires_at: new Date(now + hours * kHourMs).toISOString() } : {};

/** The list with the share put in the place of the same principal's, or at its end. */
export function withShare(shares: Share[], share: Share): Share[] {
  const there = shares.some((one) => one.principal === share.principal);
  return there ? shares.map((one) => (one.principal === share.principal ? share : one)) : [...shares, share];
}

const at = (id: string) => `/${isFolder(id) ? 'folders' : 'documents'}/${encodeURIComponent(id)}`;

/** The hub's routes on who a document or folder is shared with. Everything rejects with a Problem. */
export class Sharing {
  constructor(private readonly session: Session) {}

  list(id: string, signal?: AbortSignal): Promise<Shares> {
    return this.session.request(`${at(id)}/share`, { signal });
  }

  /** Gives or changes access; `principal` may be an e-mail. */
  share(id: string, principal: string, level: GrantedLevel, ends: { expires_at?: string | undefined } = {}): Promise<Share> {
    const body = { principal, access_level: level, ...(ends.expires_at ? { expires_at: ends.expires_at } : {}) };
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
