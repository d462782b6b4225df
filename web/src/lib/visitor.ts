import type { Fetch } from './http';
import { Problem } from './problem';
import { Session, SignedOut, type SessionStorageArea, type User } from './session';

/** What a link lets in to. */
export interface Opened {
  token: string;
  principal: string;
  thing: string;
  name: string;
  access_level: string;
  expires_at: string | null;
}

const kRole = 'visitor';

/** Whether somebody is here by a link, without an account. */
export const isVisitor = (user: User): boolean => user.role === kRole;

const nothing: SessionStorageArea = { getItem: () => null, setItem: () => {}, removeItem: () => {} };

/**
 * A session of somebody who came by a link. Its token holds as long as the link does, so there is nothing to renew, and
 * nothing is remembered: the link is.
 */
export class VisitorSession extends Session {
  constructor(fetch: Fetch, private readonly opened: Opened) {
    super({ fetch, storage: nothing });
    const user: User = { id: opened.principal, email: '', name: 'Visitor', role: kRole, created_at: '' };
    this.state.set({ phase: 'signed_in', user });
  }

  override async token(rejected?: string): Promise<string> {
    if (rejected === this.opened.token) {
      this.state.set({ phase: 'signed_out', reason: 'expired' });
      throw new SignedOut();
    }
    return this.opened.token;
  }
}

/** Opens a link. Rejects with a Problem: of status 404 where there is none, with the field "password" where it is wanted. */
export async function openLink(session: Session, secret: string, password?: string): Promise<Opened> {
  return session.call<Opened>('/links/open', { method: 'POST', body: password === undefined ? { secret } : { secret, password } });
}

export const wantsPassword = (problem: Problem): boolean => problem.status === 403 && problem.field === 'password';
