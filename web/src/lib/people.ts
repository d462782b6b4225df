import type { Session, User } from './session';

/** What somebody is on the hub, most first. */
export type Role = 'owner' | 'admin' | 'member' | 'guest';

/** An account as admins see it. */
export interface Person extends Omit<User, 'role'> {
  role: Role;
  email_verified: boolean;
  active: boolean;
  /** Whether signing in to it takes a second step. Of a single account that was changed it is not told anew. */
  second_factor: boolean;
}

export interface PeoplePage {
  users: Person[];
  next: string | null;
}

export interface Invitation {
  id: string;
  email: string | null; // null: for whoever has its link
  role: Role;
  invited_by: string;
  invited_by_name: string;
  created_at: string;
  expires_at: string;
}

export interface NewInvitation {
  email?: string;
  role: Role;
  expires_in_days: number;
}

/** With its secret, which is shown this once. `link` is only a path where the hub does not know its own address. */
export interface MadeInvitation extends Invitation {
  link: string;
  mailed: boolean;
}

export const administers = (role: string): boolean => role === 'owner' || role === 'admin';

/** Whether `mine` manages an account of the role: the owner everybody else's, an admin those of members and guests. */
export function manages(mine: string, theirs: Role): boolean {
  if (theirs === 'owner') return false;
  return mine === 'owner' || (mine === 'admin' && theirs !== 'admin');
}

/** What `mine` may make of others. */
export function rolesToGive(mine: string): Role[] {
  if (mine === 'owner') return ['admin', 'member', 'guest'];
  return mine === 'admin' ? ['member', 'guest'] : [];
}

const kRoles: Record<Role, string> = { owner: 'Owner', admin: 'Admin', member: 'Member', guest: 'Guest' };
export const roleLabel = (role: string): string => kRoles[role as Role] ?? role;

export const hasEnded = (invitation: Invitation, now: number = Date.now()): boolean => Date.parse(invitation.expires_at) <= now;

/** The whole address of a link that may be only a path. */
export const wholeAddress = (link: string, origin: string): string => new URL(link, origin).href;

const at = (id: string) => `/users/${encodeURIComponent(id)}`;

/** The hub's routes on who is on it, for admins. Everything rejects with a Problem. */
export class People {
  constructor(private readonly session: Session) {}

  list(after: string | null, query: string, signal?: AbortSignal): Promise<PeoplePage> {
    const words = new URLSearchParams();
    if (query) words.set('query', query);
    if (after !== null) words.set('after', after);
    return this.session.request(`/users?${words}`, { signal });
  }

  setRole(id: string, role: Role): Promise<Omit<Person, 'second_factor'>> {
    return this.session.request(at(id), { method: 'PATCH', body: { role } });
  }

  confirm(id: string): Promise<Omit<Person, 'second_factor'>> {
    return this.session.request(`${at(id)}/confirm`, { method: 'POST' });
  }

  setActive(id: string, active: boolean): Promise<Omit<Person, 'second_factor'>> {
    return this.session.request(`${at(id)}/${active ? 'reactivate' : 'deactivate'}`, { method: 'POST' });
  }

  makeResetLink(id: string): Promise<{ link: string; expires_at: string }> {
    return this.session.request(`${at(id)}/reset-link`, { method: 'POST' });
  }

  resetSecondFactor(id: string): Promise<void> {
    return this.session.request(`${at(id)}/second-factor`, { method: 'DELETE' });
  }

  async invitations(signal?: AbortSignal): Promise<Invitation[]> {
    return (await this.session.request<{ invitations: Invitation[] }>('/invitations', { signal })).invitations;
  }

  invite(invitation: NewInvitation): Promise<MadeInvitation> {
    return this.session.request('/invitations', { method: 'POST', body: invitation });
  }

  withdraw(id: string): Promise<void> {
    return this.session.request(`/invitations/${encodeURIComponent(id)}`, { method: 'DELETE' });
  }
}
