import type { Session } from './session';

/** Users who are given access together. */
export interface Group {
  id: string;
  name: string;
  members: number;
  created_at: string;
}

export interface GroupMember {
  id: string;
  name: string;
  email: string;
}

export interface GroupPeople extends Group {
  people: GroupMember[]; // in no order
}

export const membersInWords = (count: number): string => (count === 1 ? '1 member' : `${count} members`);

/** By name, as people look for them; those of one name by e-mail. */
export function sortMembers(members: GroupMember[]): GroupMember[] {
  return [...members].sort((a, b) => a.name.localeCompare(b.name) || a.email.localeCompare(b.email));
}

const at = (id: string) => `/groups/${encodeURIComponent(id)}`;

/** The hub's routes on groups: read by all but guests, changed by admins; everyone may leave. Everything rejects with a Problem. */
export class Groups {
  constructor(private readonly session: Session) {}

  /** By name. */
  async list(signal?: AbortSignal): Promise<Group[]> {
    return (await this.session.request<{ groups: Group[] }>('/groups', { signal })).groups;
  }

  make(name: string): Promise<Group> {
    return this.session.request('/groups', { method: 'POST', body: { name } });
  }

  read(id: string, signal?: AbortSignal): Promise<GroupPeople> {
    return this.session.request(at(id), { signal });
  }

  rename(id: string, name: string): Promise<Group> {
    return this.session.request(at(id), { method: 'PATCH', body: { name } });
  }

  remove(id: string): Promise<void> {
    return this.session.request(at(id), { method: 'DELETE' });
  }

  add(id: string, user: string): Promise<void> {
    return this.session.request(`${at(id)}/members/${encodeURIComponent(user)}`, { method: 'PUT' });
  }

  take(id: string, user: string): Promise<void> {
    return this.session.request(`${at(id)}/members/${encodeURIComponent(user)}`, { method: 'DELETE' });
  }
}
