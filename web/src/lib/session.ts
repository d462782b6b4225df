import { withCrossTabLock } from './cross_tab_lock';
import { callHub, type Call, type Fetch } from './http';
import type { Newcomer } from './oauth';
import { showPasskey, type RequestOptions } from './passkeys';
import { Problem } from './problem';
import { Store } from './store';

export interface User {
  id: string;
  email: string;
  name: string;
  role: string;
  created_at: string;
}

interface Grant {
  access_token: string;
  refresh_token: string;
  expires_in: number;
  user: User;
}

/** The password was right, and a second step is wanted. */
export interface SecondStep {
  second_factor: ('passkey' | 'totp' | 'recovery')[];
  ticket: string;
  expires_in: number;
  /** For a passkey. */
  publicKey?: RequestOptions;
}

export type SessionState =
  /** A remembered session is being renewed. */
  | { phase: 'starting' }
  /** There is a remembered session, but the hub does not answer. Tries again by itself. */
  | { phase: 'unreachable' }
  | { phase: 'signed_out'; reason: 'none' | 'expired' | 'elsewhere' }
  | { phase: 'signed_in'; user: User };

/** Thrown by `token` when there is no session, or no longer one. */
export class SignedOut extends Error {
  constructor() {
    super('Signed out');
    this.name = 'SignedOut';
  }
}

export interface SessionStorageArea {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface Channel {
  postMessage(message: unknown): void;
  onmessage: ((event: MessageEvent) => void) | null;
  close(): void;
}

export interface SessionEnvironment {
  fetch: Fetch;
  storage: SessionStorageArea;
  /** The tab's own storage, for handing the access token to the page that follows in this tab. */
  handover?: SessionStorageArea | undefined;
  locks?: Pick<LockManager, 'request'> | undefined;
  channel?: Channel | undefined;
  now?: () => number;
  random?: () => number;
}

interface Access {
  token: string;
  userId: string;
  expiresAt: number;
  lifetimeMs: number;
}

interface Remembered {
  refresh_token: string;
  user: User;
}

export const kSessionKey = 'concord.session';
const kHandoverKey = 'concord.handover';
const kLockName = 'concord.refresh';
/** A token with less left than this, or than a part of a short life, is not handed out: it could lapse on its way. */
const kMinimumLeftMs = 20_000;
/** Renewal starts this long before the end, or in the last part of a short life; a little later at random, so that tabs do not all wake at once. */
const kRenewBeforeMs = 90_000;
const kRenewJitter = 1 / 3;

const marginMs = (access: Access): number => Math.min(kMinimumLeftMs, access.lifetimeMs / 8);
const renewBeforeMs = (access: Access): number => Math.min(kRenewBeforeMs, access.lifetimeMs / 3);
const kWaitedMs = 10;
const kArrivalMs = 80;
/** Only these answers say that the refresh token is no good; everything else may pass. */
const kRefusals = new Set([400, 401, 403]);
const kRetryMinMs = 1_000;
const kRetryMaxMs = 15_000;

/**
 * Who is signed in, and the tokens that prove it.
 *
 * The access token lives in memory. Only while one page of a tab gives way to the next, as in a reload, does it lie in
 * sessionStorage: the next page takes it out at once, so that reloading needs no renewal, whose answer a second reload
 * could lose. The refresh token is remembered in localStorage, because a session has to outlive the tab; README.md
 * weighs that choice. Refresh tokens rotate at every use and using an old one ends the
 * session, so at most one renewal runs at a time in all tabs of a browser: it happens under a cross-tab lock, and the
 * new access token is handed to the other tabs over a BroadcastChannel, so that they need no renewal of their own.
 */
export class Session {
  readonly state: Store<SessionState>;
  /** The hub has refused something until a second step of signing in is set up. */
  readonly mustSetUp = new Store(false);
  private access: Access | null = null;
  private renewal: Promise<string> | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private readonly tokenListeners = new Set<(token: string) => void>();
  private readonly now: () => number;
  private readonly random: () => number;

  constructor(private readonly env: SessionEnvironment) {
    this.now = env.now ?? Date.now;
    this.random = env.random ?? Math.random;
    this.state = new Store<SessionState>(
      this.remembered() ? { phase: 'starting' } : { phase: 'signed_out', reason: 'none' },
    );
    if (env.channel) env.channel.onmessage = (event) => this.heard(event.data);
  }

  /** Takes up a remembered session. Call once. */
  start(): void {
    const remembered = this.remembered();
    const handed = this.takeHandover();
    if (!remembered) return;
    if (handed?.userId === remembered.user.id && handed.expiresAt - this.now() > marginMs(handed)) this.adopt(handed, remembered.user);
    else void this.renewNow();
  }

  /** To be called when this page gives way to another, and may come back instead. */
  handOver(): void {
    try {
      if (this.access) this.env.handover?.setItem(kHandoverKey, JSON.stringify(this.access));
    } catch {
      // Then the next page renews.
    }
  }

  /** The page came back after all, or has just begun: nothing stays lying in storage. */
  takeHandover(): Access | null {
    try {
      const access = JSON.parse(this.env.handover?.getItem(kHandoverKey) ?? 'null') as Access | null;
      this.env.handover?.removeItem(kHandoverKey);
      return access && typeof access.token === 'string' && access.expiresAt > 0 && access.lifetimeMs > 0 ? access : null;
    } catch {
      return null;
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.env.channel?.close();
    this.tokenListeners.clear();
  }

  get user(): User | null {
    const state = this.state.get();
    return state.phase === 'signed_in' ? state.user : null;
  }

  /** Calls back with every new access token, also with those that another tab obtained. */
  onToken(listener: (token: string) => void): () => void {
    this.tokenListeners.add(listener);
    return () => this.tokenListeners.delete(listener);
  }

  /** Null: signed in. */
  async signIn(email: string, password: string): Promise<SecondStep | null> {
    const answer = await this.call<Grant | SecondStep>('/auth/login', { method: 'POST', body: { email, password } });
    if ('ticket' in answer) return answer;
    this.accept(answer);
    return null;
  }

  async finishSignIn(ticket: string, code: string): Promise<void> {
    this.accept(await this.call<Grant>('/auth/login/second-factor', { method: 'POST', body: { ticket, code } }));
  }

  async finishByPasskey(ticket: string, options: RequestOptions): Promise<void> {
    const credential = await showPasskey(options);
    this.accept(await this.call<Grant>('/auth/login/second-factor', { method: 'POST', body: { ticket, credential } }));
  }

  async signInByPasskey(): Promise<void> {
    const { publicKey } = await this.call<{ publicKey: RequestOptions }>('/auth/login/passkey/options', { method: 'POST', body: {} });
    const credential = await showPasskey(publicKey);
    this.accept(await this.call<Grant>('/auth/login/passkey', { method: 'POST', body: { credential } }));
  }

  /** What came back from another service. Null: signed in. */
  async finishOAuth(ticket: string, newcomer: Newcomer): Promise<SecondStep | null> {
    const answer = await this.call<Grant | SecondStep>('/auth/login/oauth', { method: 'POST', body: { ticket, ...newcomer }, cookies: true });
    if ('ticket' in answer) return answer;
    this.accept(answer);
    return null;
  }

  /** The hub has said what the user is like now. */
  changed(user: User): void {
    const remembered = this.remembered();
    if (remembered?.user.id !== user.id) return;
    this.env.storage.setItem(kSessionKey, JSON.stringify({ ...remembered, user }));
    if (this.user) this.state.set({ phase: 'signed_in', user });
  }

  async register(account: { email: string; password: string; name?: string; setup_token?: string; invitation?: string }): Promise<void> {
    this.accept(await this.call<Grant>('/auth/register', { method: 'POST', body: account }));
  }

  /** Ends the session here at once, and on the hub if it can be reached. */
  async signOut(): Promise<void> {
    const remembered = this.remembered();
    this.forget('none');
    if (!remembered) return;
    try {
      await this.call('/auth/logout', {
        method: 'POST', body: { refresh_token: remembered.refresh_token }, timeoutMs: 5_000,
      });
    } catch {
      // The session is gone from this browser; the hub's half lapses by itself.
    }
  }

  /**
   * An access token that is still good for a while. `rejected` is a token the hub has just refused: it is not handed
   * out again. Rejects with SignedOut when there is no session, with a Problem when the hub cannot be reached.
   */
  async token(rejected?: string): Promise<string> {
    const usable = this.usable(rejected);
    if (usable) return usable;
    if (!this.remembered()) throw new SignedOut();
    this.renewal ??= this.renew(rejected).finally(() => (this.renewal = null));
    const token = await this.renewal;
    // One that began before the refusal may end with the very token, heard from another tab.
    return token === rejected ? this.token(rejected) : token;
  }

  /** A request in the name of the user. A refused token is renewed once and the request sent again. */
  async request<T>(path: string, call: Call = {}): Promise<T> {
    const token = await this.token();
    try {
      return await this.call<T>(path, { ...call, token });
    } catch (error) {
      if (error instanceof Problem && error.reason === 'second_factor_required') this.mustSetUp.set(true);
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      return this.call<T>(path, { ...call, token: await this.token(token) });
    }
  }

  /** A request in nobody's name. */
  call<T>(path: string, call: Call = {}): Promise<T> {
    return callHub<T>(this.env.fetch, path, call);
  }

  /** To be called when another tab changed what is remembered. Returns true when it is now somebody else's session. */
  rememberedChanged(): boolean {
    const remembered = this.remembered();
    const user = this.user;
    if (!remembered) {
      if (this.state.get().phase !== 'signed_out') this.forget('elsewhere');
      return false;
    }
    return user === null || user.id !== remembered.user.id;
  }

  /** To be called when the page wakes up: timers do not run while a machine sleeps. */
  wake(): void {
    if (this.remembered() && !this.usable()) void this.renewNow();
  }

  private usable(rejected?: string): string | null {
    const access = this.access;
    if (!access || access.token === rejected || access.expiresAt - this.now() < marginMs(access)) return null;
    return access.token;
  }

  private async renewNow(): Promise<void> {
    try {
      await this.token(this.access?.token);
    } catch {
      // The state says what happened, and a retry is scheduled if there is a point in one.
    }
  }

  private renew(rejected: string | undefined): Promise<string> {
    const asked = this.now();
    return withCrossTabLock(kLockName, { locks: this.env.locks, storage: this.env.storage, random: this.random }, async () => {
      // Another tab may have done the work while this one waited for the lock. Its message and its write to storage
      // come from another process and may arrive a moment after the lock does.
      if (this.now() - asked > kWaitedMs) await new Promise((done) => setTimeout(done, kArrivalMs));
      const usable = this.usable(rejected);
      if (usable) return usable;
      const remembered = this.remembered();
      if (!remembered) throw new SignedOut();
      try {
        const body = { refresh_token: remembered.refresh_token };
        const grant = await this.call<Grant>('/auth/refresh', { method: 'POST', body });
        this.accept(grant);
        return grant.access_token;
      } catch (error) {
        if (error instanceof Problem && kRefusals.has(error.status)) {
          if (this.remembered()?.refresh_token === remembered.refresh_token) this.forget('expired');
          throw new SignedOut();
        }
        this.retryLater();
        throw error;
      }
    });
  }

  private accept(grant: Grant): void {
    const remembered: Remembered = { refresh_token: grant.refresh_token, user: grant.user };
    this.env.storage.setItem(kSessionKey, JSON.stringify(remembered));
    const lifetimeMs = grant.expires_in * 1000;
    const access: Access = { token: grant.access_token, userId: grant.user.id, expiresAt: this.now() + lifetimeMs, lifetimeMs };
    this.adopt(access, grant.user);
    this.env.channel?.postMessage({ access });
  }

  private adopt(access: Access, user: User): void {
    this.access = access;
    this.failures = 0;
    const before = renewBeforeMs(access);
    this.schedule(access.expiresAt - this.now() - before + this.random() * before * kRenewJitter);
    const state = this.state.get();
    if (state.phase !== 'signed_in' || JSON.stringify(state.user) !== JSON.stringify(user)) {
      this.state.set({ phase: 'signed_in', user });
    }
    for (const listener of [...this.tokenListeners]) listener(access.token);
  }

  private heard(message: unknown): void {
    const access = (message as { access?: Access } | null)?.access;
    const remembered = this.remembered();
    if (!access || !remembered || access.userId !== remembered.user.id) return;
    if (this.access && this.access.expiresAt >= access.expiresAt) return;
    this.adopt(access, remembered.user);
  }

  private retryLater(): void {
    if (this.state.get().phase === 'starting') this.state.set({ phase: 'unreachable' });
    const ceiling = Math.min(kRetryMaxMs, kRetryMinMs * 2 ** Math.min(this.failures++, 10));
    this.schedule(ceiling * (0.5 + this.random() / 2));
  }

  private schedule(delayMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.renewNow(), Math.max(0, delayMs));
  }

  private forget(reason: 'none' | 'expired' | 'elsewhere'): void {
    clearTimeout(this.timer);
    this.access = null;
    this.env.storage.removeItem(kSessionKey);
    this.mustSetUp.set(false);
    this.state.set({ phase: 'signed_out', reason });
  }

  private remembered(): Remembered | null {
    try {
      const value = JSON.parse(this.env.storage.getItem(kSessionKey) ?? 'null') as Remembered | null;
      return value && typeof value.refresh_token === 'string' && value.user && typeof value.user.id === 'string' ? value : null;
    } catch {
      return null;
    }
  }
}
