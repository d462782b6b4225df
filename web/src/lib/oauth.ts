import { proof } from './account';
import { Problem } from './problem';
import type { Session, SessionStorageArea } from './session';

/** A service that people may sign in with. */
export interface Provider {
  name: string;
  label: string;
}

export interface Connection {
  provider: string;
  label: string;
  email: string;
  connected_at: string;
}

/** How the user gets in. */
export interface WaysIn {
  password: boolean;
  connections: Connection[];
}

/** What a new account may need, kept in the tab while its browser is at the service. */
export interface Newcomer {
  setup_token?: string;
  invitation?: string;
}

const kNewcomerKey = 'concord.newcomer';

export function keepNewcomer(storage: SessionStorageArea, newcomer: Newcomer): void {
  storage.setItem(kNewcomerKey, JSON.stringify(newcomer));
}

export function takeNewcomer(storage: SessionStorageArea): Newcomer {
  try {
    const { setup_token, invitation } = JSON.parse(storage.getItem(kNewcomerKey) ?? '{}') as Record<string, unknown>;
    storage.removeItem(kNewcomerKey);
    return {
      ...(typeof setup_token === 'string' ? { setup_token } : {}),
      ...(typeof invitation === 'string' ? { invitation } : {}),
    };
  } catch {
    return {};
  }
}

export const departurePath = (provider: Provider): string => `/auth/oauth/${provider.name}`;

const kWords: Record<string, [string, string]> = {
  denied: ['You did not let the hub know who you are', 'Nothing was done. Try again, or sign in another way.'],
  provider: ['The service could not sign you in', 'Try again in a while, or sign in another way.'],
  unanswered: ['The service does not answer', 'Try again in a while, or sign in another way.'],
  answer: ['The service’s answer does not hold', 'Nothing was done. If it goes on like this, tell an admin of the hub.'],
  expired: ['That sign-in took too long, or began in another browser', 'Begin again here.'],
};

/** What the callback said, in words. */
export function returnProblem(word: string): Problem {
  const [title, detail] = kWords[word] ?? kWords['provider']!;
  return new Problem(-1, `oauth_${word}`, title, detail);
}

/** The services that an account is connected to. Rejects with a Problem, whose field is that of the hub's request. */
export class Connections {
  constructor(private readonly session: Session) {}

  async providers(signal?: AbortSignal): Promise<Provider[]> {
    return (await this.session.call<{ providers: Provider[] }>('/auth/oauth', { signal })).providers;
  }

  waysIn(signal?: AbortSignal): Promise<WaysIn> {
    return this.session.request('/auth/me/oauth', { signal });
  }

  /** Where to go. Without a password the sign-in has to be recent. */
  async begin(provider: string, password: string | null): Promise<string> {
    const body = proof(password);
    return (await this.session.request<{ location: string }>(`/auth/me/oauth/${provider}`, { method: 'POST', body, cookies: true })).location;
  }

  finish(ticket: string): Promise<WaysIn> {
    return this.session.request('/auth/me/oauth', { method: 'POST', body: { ticket }, cookies: true });
  }

  remove(provider: string, password: string | null): Promise<void> {
    return this.session.request(`/auth/me/oauth/${provider}`, { method: 'DELETE', body: proof(password) });
  }

  /** The first password of an account that has none; the sign-in has to be recent. */
  setPassword(password: string): Promise<void> {
    return this.session.request('/auth/password', { method: 'POST', body: { new_password: password } });
  }
}
