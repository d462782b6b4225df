import { makePasskey, type CreationOptions } from './passkeys';
import type { Session, User } from './session';

/** One of the user's sign-ins. */
export interface SignIn {
  id: string;
  current: boolean;
  address: string;
  user_agent: string;
  created_at: string;
  refreshed_at: string;
  expires_at: string;
}

export interface Passkey {
  id: string;
  name: string;
  created_at: string;
  used_at: string | null;
}

export interface Factors {
  totp: boolean;
  recovery_codes: number;
  passkeys: Passkey[];
  /** Whether there is a password, which then is the proof for a change. */
  password: boolean;
}

export interface Enrolment {
  secret: string;
  uri: string;
}

interface ExportPage extends Record<string, unknown> {
  documents: unknown[];
  next: string | null;
}

/** What a request shows as proof: the password, where the account has one. */
export const proof = (password: string | null): { password?: string } => (password === null ? {} : { password });

/** What a user does to their own account; a password is null where there is none. Rejects with a Problem, whose field is that of the hub's request. */
export class Account {
  constructor(private readonly session: Session) {}

  async rename(name: string): Promise<void> {
    this.session.changed(await this.session.request<User>('/auth/me', { method: 'PATCH', body: { name } }));
  }

  changePassword(oldPassword: string, newPassword: string): Promise<void> {
    return this.session.request('/auth/password', { method: 'POST', body: { old_password: oldPassword, new_password: newPassword } });
  }

  async signIns(signal?: AbortSignal): Promise<SignIn[]> {
    return (await this.session.request<{ sessions: SignIn[] }>('/auth/sessions', { signal })).sessions;
  }

  endSignIn(id: string): Promise<void> {
    return this.session.request(`/auth/sessions/${id}`, { method: 'DELETE' });
  }

  endOtherSignIns(): Promise<{ ended: number }> {
    return this.session.request('/auth/sessions', { method: 'DELETE' });
  }

  factors(signal?: AbortSignal): Promise<Factors> {
    return this.session.request('/auth/second-factor', { signal });
  }

  beginTotp(password: string | null): Promise<Enrolment> {
    return this.session.request('/auth/second-factor/totp', { method: 'POST', body: proof(password) });
  }

  /** Turns it on; gives the recovery codes. */
  confirmTotp(code: string): Promise<string[]> {
    return this.codes('/auth/second-factor/totp/confirm', { code });
  }

  disableTotp(password: string | null, code: string): Promise<void> {
    return this.session.request('/auth/second-factor/totp', { method: 'DELETE', body: { ...proof(password), code } });
  }

  renewRecoveryCodes(password: string | null, code: string): Promise<string[]> {
    return this.codes('/auth/second-factor/recovery-codes', { ...proof(password), code });
  }

  /** Asks the browser for one; gives recovery codes where there were none. */
  async addPasskey(name: string, password: string | null): Promise<string[]> {
    const options = await this.session.request<CreationOptions>('/auth/passkeys/options', { method: 'POST', body: proof(password) });
    return this.codes('/auth/passkeys', { name, credential: await makePasskey(options) });
  }

  renamePasskey(id: string, name: string): Promise<Passkey> {
    return this.session.request(`/auth/passkeys/${id}`, { method: 'PATCH', body: { name } });
  }

  removePasskey(id: string, password: string | null): Promise<void> {
    return this.session.request(`/auth/passkeys/${id}`, { method: 'DELETE', body: proof(password) });
  }

  /** Everything the hub keeps about the user; it comes in pages of documents. */
  async export(): Promise<Record<string, unknown>> {
    let page = await this.session.request<ExportPage>('/auth/me/export', { timeoutMs: 60_000 });
    const documents = [...page.documents];
    while (page.next !== null) {
      page = await this.session.request<ExportPage>(`/auth/me/export?after=${encodeURIComponent(page.next)}`, { timeoutMs: 60_000 });
      documents.push(...page.documents);
    }
    const { next: _, ...all } = page;
    return { ...all, documents };
  }

  remove(password: string | null): Promise<void> {
    return this.session.request('/auth/me', { method: 'DELETE', body: proof(password), timeoutMs: 60_000 });
  }

  private async codes(path: string, body: unknown): Promise<string[]> {
    return (await this.session.request<{ recovery_codes: string[] }>(path, { method: 'POST', body })).recovery_codes;
  }
}

const kBrowsers: [RegExp, string][] = [
  [/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/(Chrome|Chromium)\//, 'Chrome'], [/Safari\//, 'Safari'],
  [/^curl\//, 'curl'], [/^node/i, 'A program'],
];
const kSystems: [RegExp, string][] = [
  [/Android/, 'Android'], [/iPhone|iPad/, 'iOS'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux'],
];

/** "Firefox on Linux": what a person knows a device by. */
export function deviceOf(userAgent: string): string {
  const browser = kBrowsers.find(([pattern]) => pattern.test(userAgent))?.[1];
  const system = kSystems.find(([pattern]) => pattern.test(userAgent))?.[1];
  if (browser && system) return `${browser} on ${system}`;
  return browser ?? system ?? 'An unknown program';
}
