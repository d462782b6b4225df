import type { Session } from './session';

/** A line of the audit record. */
export interface AuditEvent {
  time: string;
  action: string;
  outcome: 'done' | 'refused' | 'failed';
  actor: string; // empty where nobody is known
  target: string;
  address: string;
  session: string;
  request_id: string;
  detail: Record<string, string>;
  seq: number;
  previous: string;
}

export interface AuditPage {
  events: AuditEvent[];
  next: number | null;
}

/** What of the record is wanted; what is empty counts for everything. Days are those of the browser's time zone. */
export interface AuditFilter {
  actor: string;
  action: string;
  target: string;
  outcome: string;
  from: string; // a day, "2026-11-20"
  to: string; // a day, itself included
}

export const kWholeRecord: AuditFilter = { actor: '', action: '', target: '', outcome: '', from: '', to: '' };

/** What somebody may not do for a while. */
export interface Lock {
  id: string;
  kind: 'signing_in' | 'reading' | 'asking';
  subject: string; // an address or a user; empty for an e-mail that no account has
  threat: string;
  since: string;
  until: string;
}

/**
 * What each action is in words. {who} is the actor, {whom} the target, other names are members of the detail. The second
 * form is for what was refused or failed.
 */
const kActions: Record<string, [string, string?]> = {
  'account.registered': ['{who} made an account as {role}'],
  'account.renamed': ['{who} changed their name'],
  'account.password_changed': ['{who} changed their password'],
  'account.password_checked': ['{who} gave their password', '{who} gave a wrong password while signed in'],
  'account.reset_link_made': ['{who} made a link for a new password of {whom}'],
  'account.reset_link_sent': ['a link for a new password was mailed to {who}'],
  'account.password_reset': ['{who} set a new password by a link'],
  'account.confirmed': ['the e-mail of {whom} was confirmed by {who}'],
  'account.deactivated': ['{who} deactivated {whom}'],
  'account.reactivated': ['{who} activated {whom} again'],
  'account.role_changed': ['{who} made {whom} {role}'],
  'account.second_factor_enabled': ['{who} turned two-step sign-in on'],
  'account.second_factor_disabled': ['{who} turned two-step sign-in off'],
  'account.second_factor_checked': ['{who} gave a code', '{who} gave a wrong code'],
  'account.second_factor_reset': ['{who} took the second step of {whom} away'],
  'account.recovery_codes_made': ['{who} made new recovery codes'],
  'account.passkey_added': ['{who} added a passkey'],
  'account.passkey_renamed': ['{who} renamed a passkey'],
  'account.passkey_removed': ['{who} removed a passkey'],
  'account.passkey_copied': ['a passkey of {who} was used', 'a passkey of {who} may have been copied, and was refused'],
  'account.removal_begun': ['{who} began to remove their account'],
  'account.removed': ['the account {who} was removed'],
  'signing_key.made': ['a new key that signs tokens was made'],
  'service.made': ['{who} made the service {name}'],
  'service.secret_renewed': ['{who} renewed the secret of a service'],
  'service.removed': ['{who} removed a service'],
  'service.token_issued': ['a service fetched a token', 'somebody without the secret asked for the token of a service'],
  'account.provider_connected': ['{who} connected {provider}, which signs in to the account'],
  'account.provider_disconnected': ['{who} disconnected {provider}'],
  'live_session.refused': ['a live session of {who} with {whom} was refused'],
  'document.repaired': ['{whom} was repaired: {what}'],
  'key.destroyed': ['the keys of {whom} were destroyed'],
  'session.opened': ['{who} signed in', 'somebody failed to sign in as {whom}'],
  'session.refreshed': ['{who} renewed a sign-in', 'a used token of {who} was shown again, and the sign-in ended'],
  'session.ended': ['a sign-in of {who} ended'],
  'invitation.made': ['{who} made an invitation as {role}'],
  'invitation.revoked': ['{who} withdrew an invitation'],
  'group.created': ['{who} made the group {name}'],
  'group.renamed': ['{who} renamed a group to {name}'],
  'group.removed': ['{who} removed the group {name}'],
  'group.joined': ['{who} took {user} into a group'],
  'group.left': ['{who} took {user} out of a group'],
  'agent.created': ['{who} made the agent {name}'],
  'agent.changed': ['{who} changed the agent {name}'],
  'agent.token_renewed': ['{who} made a new token for the agent {name}'],
  'agent.removed': ['{who} removed the agent {name}'],
  'link.made': ['{who} made a link to {whom} ({level})'],
  'link.removed': ['{who} removed a link to {whom}'],
  'link.opened': ['a link to {whom} was opened', 'a link to {whom} was opened with a wrong password'],
  'access.granted': ['{who} let {to} {level} {whom}'],
  'access.taken': ['{who} took access to {whom} from {to}'],
  'request.refused': ['a request was let through', 'a request of {who} to {whom} was refused'],
  'threat.spraying': ['one address failed to sign in to many accounts'],
  'threat.stuffing': ['many addresses failed to sign in as {whom}'],
  'threat.token_reuse': ['a token of {whom} was used twice'],
  'threat.mass_download': ['{whom} read very many documents'],
  'threat.enumeration': ['{whom} asked for many things that are not there'],
  'lock.ended': ['{who} ended a lock before its time'],
  'shard.split': ['{who} split {whom}: {made} is new'],
  'tool.called': ['{who} called {tool}', '{who} called {tool}, which its token does not let it'],
  'audit.overflow': ['{lost} refusals could not be recorded one by one'],
};

export const kKnownActions = Object.keys(kActions);

/** "account.role_changed" as a choice: "account: role changed". */
export const actionLabel = (action: string): string => action.replace('.', ': ').replace(/_/g, ' ');

/** A piece of a sentence: words, or a principal or thing with its identifier. */
export type Piece = { text: string } | { id: string };

const isId = (word: string): boolean => /^[a-z]{3}_[0-9a-z]{26}$/.test(word);

/** What happened, in a sentence; what is an identifier in it stands by itself, for whoever knows its name. */
export function sentenceOf(event: AuditEvent): Piece[] {
  const known = kActions[event.action];
  const form = known ? (event.outcome === 'done' ? known[0] : known[1] ?? known[0]) : `{who}: ${actionLabel(event.action)} {whom}`;
  const words: Record<string, string> = { ...event.detail, who: event.actor || 'somebody', whom: event.target || (event.action.startsWith('threat.') ? event.actor : '') };
  return form.split(/(\{\w+\})/).flatMap((part): Piece[] => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) return part ? [{ text: part }] : [];
    const value = words[name] ?? '';
    if (!value) return [{ text: name === 'whom' ? 'something unknown' : '…' }];
    return [isId(value) ? { id: value } : { text: value }];
  });
}

/** The users of whom the names have to be asked. */
export function usersOf(events: AuditEvent[]): string[] {
  const ids = events.flatMap((event) => [event.actor, event.target, ...Object.values(event.detail)]);
  return [...new Set(ids.filter((id) => id.startsWith('usr_') && isId(id)))];
}

const kKinds: Record<string, string> = { usr: 'a former account', grp: 'a group', agt: 'an agent or link', doc: 'a document', fld: 'a folder', ses: 'a sign-in', inv: 'an invitation', lck: 'a lock' };

/** What an identifier is called. */
export const nameOf = (id: string, names: ReadonlyMap<string, string>): string => names.get(id) ?? kKinds[id.slice(0, 3)] ?? id;

const kLocked: Record<Lock['kind'], string> = { signing_in: 'may not sign in', reading: 'may not read documents', asking: 'may not ask for things' };
const kThreats: Record<string, string> = {
  spraying: 'failed to sign in to many accounts', stuffing: 'many addresses failed to sign in to it', token_reuse: 'a token was used twice',
  mass_download: 'read very many documents', enumeration: 'asked for many things that are not there',
};

/** Why a lock is there, and what it keeps from. */
export const lockInWords = (lock: Lock): string => `${kLocked[lock.kind]}: ${kThreats[lock.threat] ?? lock.threat}`;

/** The beginning of a day of the browser's time zone, so many days later, as the hub takes it. */
function dayStart(day: string, later = 0): string | null {
  const [year, month, date] = day.split('-').map(Number);
  if (!year || !month || !date) return null;
  const time = new Date(year, month - 1, date + later);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

export function queryOf(filter: AuditFilter, before: number | null): string {
  const query = new URLSearchParams();
  for (const name of ['actor', 'action', 'target', 'outcome'] as const) if (filter[name].trim()) query.set(name, filter[name].trim());
  const since = dayStart(filter.from);
  const until = dayStart(filter.to, 1);
  if (since) query.set('since', since);
  if (until) query.set('until', until);
  if (before !== null) query.set('before', String(before));
  return query.toString();
}

const kNamesAtOnce = 50;

/** The hub's routes on what was done, and on who is locked out; for admins. Everything rejects with a Problem. */
export class AuditRecord {
  constructor(private readonly session: Session) {}

  read(filter: AuditFilter, before: number | null, signal?: AbortSignal): Promise<AuditPage> {
    return this.session.request(`/audit?${queryOf(filter, before)}`, { signal });
  }

  /** The names of those of the users who are here still. */
  async names(ids: string[], signal?: AbortSignal): Promise<Map<string, string>> {
    const names = new Map<string, string>();
    for (let from = 0; from < ids.length; from += kNamesAtOnce) {
      const { users } = await this.session.request<{ users: { id: string; name: string }[] }>(`/users?ids=${ids.slice(from, from + kNamesAtOnce).join(',')}`, { signal });
      for (const user of users) names.set(user.id, user.name);
    }
    return names;
  }

  async locks(signal?: AbortSignal): Promise<Lock[]> {
    return (await this.session.request<{ locks: Lock[] }>('/locks', { signal })).locks;
  }

  endLock(id: string): Promise<void> {
    return this.session.request(`/locks/${encodeURIComponent(id)}`, { method: 'DELETE' });
  }
}
