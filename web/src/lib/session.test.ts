import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pause, until } from '../../test/hub';
import { Problem } from './problem';
import { kSessionKey, Session, SignedOut, type Channel, type SessionStorageArea } from './session';

/** The hub's accounts, as far as a session sees them: tokens that expire, refresh tokens that rotate and must not be used twice. */
class Accounts {
  expiresIn = 900;
  accessTokens = new Set<string>();
  refreshToken = '';
  /** Refresh tokens in the order they came in, whatever became of them. */
  refreshes: string[] = [];
  revoked = false;
  broken = false;
  delayMs = 0;
  private count = 0;
  private server: Server | null = null;
  private port = 0;

  get origin() { return `http://127.0.0.1:${this.port}`; }

  async start(): Promise<void> {
    const server = (this.server = createServer((request, response) => {
      void this.answer(request).then(({ status, body }) => {
        response.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' });
        response.end(body === undefined ? undefined : JSON.stringify(body));
      });
    }));
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise<void>((resolve) => (this.server ? this.server.close(() => resolve()) : resolve()));
    this.server = null;
  }

  private grant() {
    const access = `access-${++this.count}`;
    this.accessTokens.add(access);
    this.refreshToken = `refresh-${this.count}`;
    const user = { id: 'usr_1', email: 'ada@example.org', name: 'Ada', role: 'owner', created_at: '' };
    return { status: 200, body: { access_token: access, refresh_token: this.refreshToken, expires_in: this.expiresIn, token_type: 'Bearer', user } };
  }

  private async answer(request: IncomingMessage): Promise<{ status: number; body?: unknown }> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = JSON.parse(Buffer.concat(parts).toString() || '{}') as Record<string, string>;
    const problem = (status: number, detail: string, field?: string) => ({ status, body: { title: 'No', status, detail, code: 'no', field, instance: 'req_1' } });
    if (this.broken) return problem(503, 'broken');
    switch (request.url) {
      case '/auth/login':
        return body['password'] === 'right' ? this.grant() : problem(401, 'wrong');
      case '/auth/register':
        return problem(422, 'password must have at least 8 characters', 'password');
      case '/auth/refresh': {
        const used = body['refresh_token'] ?? '';
        this.refreshes.push(used);
        await pause(this.delayMs);
        if (used !== this.refreshToken) this.revoked = true;
        return this.revoked ? problem(401, 'revoked') : this.grant();
      }
      case '/auth/logout':
        this.revoked = true;
        return { status: 204 };
      default: {
        const token = (request.headers.authorization ?? '').replace('Bearer ', '');
        return this.accessTokens.has(token) ? { status: 200, body: { token } } : problem(401, 'expired');
      }
    }
  }
}

let accounts: Accounts;
let sessions: Session[];
let storage: Map<string, string>;
let channels: TestChannel[];
let underWay: number;

/** What a BroadcastChannel does, without crossing threads: every other tab hears what one says. */
class TestChannel implements Channel {
  onmessage: ((event: MessageEvent) => void) | null = null;
  constructor() { channels.push(this); }
  postMessage(data: unknown) {
    for (const other of channels) if (other !== this) setTimeout(() => other.onmessage?.({ data } as MessageEvent), 1);
  }
  close() { channels = channels.filter((other) => other !== this); }
}

const area = (values: Map<string, string>): SessionStorageArea => ({
  getItem: (key) => values.get(key) ?? null,
  setItem: (key, value) => void values.set(key, value),
  removeItem: (key) => void values.delete(key),
});

function tab(options: { connected?: boolean; now?: () => number; handover?: Map<string, string> } = {}): Session {
  const made = new Session({
    fetch: async (path, init) => {
      underWay++;
      try {
        const response = await fetch(accounts.origin + path, init);
        return new Response(response.status === 204 ? null : await response.text(), response);
      } finally {
        underWay--;
      }
    },
    storage: area(storage),
    handover: options.handover ? area(options.handover) : undefined,
    channel: options.connected === false ? undefined : new TestChannel(),
    ...(options.now ? { now: options.now } : {}),
  });
  sessions.push(made);
  return made;
}

const phase = (session: Session) => session.state.get().phase;

beforeEach(async () => {
  accounts = new Accounts();
  sessions = [];
  channels = [];
  underWay = 0;
  storage = new Map();
  await accounts.start();
});

afterEach(async () => {
  for (const session of sessions) session.dispose();
  await accounts.stop();
});

describe('signing in', () => {
  it('gives a user and a token, and remembers no access token', async () => {
    const session = tab();
    expect(phase(session)).toBe('signed_out');
    await session.signIn('ada@example.org', 'right');
    expect(session.user?.name).toBe('Ada');
    expect(await session.token()).toBe('access-1');
    expect(storage.get(kSessionKey)).toContain('refresh-1');
    expect([...storage.values()].join()).not.toContain('access-1');
  });

  it('tells what was wrong, and with which field', async () => {
    const session = tab();
    await expect(session.signIn('ada@example.org', 'wrong')).rejects.toMatchObject({ status: 401, detail: 'wrong' });
    const refused = await session.register({ email: 'a@b.c', password: 'x' }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Problem);
    expect(refused).toMatchObject({ status: 422, field: 'password', instance: 'req_1' });
  });

  it('is remembered by the next page', async () => {
    await tab().signIn('ada@example.org', 'right');
    const next = tab({ connected: false });
    expect(phase(next)).toBe('starting');
    next.start();
    await until('signed in', () => phase(next) === 'signed_in');
    expect(accounts.refreshes).toEqual(['refresh-1']);
  });

  it('is handed to the page after a reload without a renewal, and not left lying about', async () => {
    const handover = new Map<string, string>();
    const first = tab({ handover });
    await first.signIn('ada@example.org', 'right');
    expect(handover.size).toBe(0);
    first.handOver();
    expect(handover.size).toBe(1);
    const next = tab({ handover, connected: false });
    next.start();
    expect(phase(next)).toBe('signed_in');
    expect(await next.token()).toBe('access-1');
    expect(handover.size).toBe(0);
    expect(accounts.refreshes).toEqual([]);
  });

  it('is not handed on when it is about to expire, or to somebody else', async () => {
    const handover = new Map<string, string>();
    let now = Date.now();
    const first = tab({ handover, now: () => now });
    await first.signIn('ada@example.org', 'right');
    first.handOver();
    const another = handover.get('concord.handover')?.replace('usr_1', 'usr_2') ?? '';
    now += 890_000;
    const late = tab({ handover, now: () => now, connected: false });
    late.start();
    expect(phase(late)).toBe('starting');
    await until('renewed', () => phase(late) === 'signed_in');
    handover.set('concord.handover', another);
    const other = tab({ handover, connected: false });
    other.start();
    await until('renewed', () => phase(other) === 'signed_in');
    expect(accounts.refreshes).toHaveLength(2);
  });

  it('ends with signing out, here and on the hub', async () => {
    const session = tab();
    await session.signIn('ada@example.org', 'right');
    await session.signOut();
    expect(phase(session)).toBe('signed_out');
    expect(storage.size).toBe(0);
    expect(accounts.revoked).toBe(true);
    await expect(session.token()).rejects.toBeInstanceOf(SignedOut);
  });
});

describe('renewal', () => {
  it('happens once for many requests that were refused together', async () => {
    const session = tab();
    await session.signIn('ada@example.org', 'right');
    accounts.accessTokens.clear();
    accounts.delayMs = 30;
    const answers = await Promise.all([1, 2, 3, 4].map(() => session.request<{ token: string }>('/documents')));
    expect(answers.map((answer) => answer.token)).toEqual(Array(4).fill('access-2'));
    expect(accounts.refreshes).toEqual(['refresh-1']);
  });

  it('happens before the token expires, and is told to whoever listens', async () => {
    let now = Date.now();
    const session = tab({ now: () => now });
    accounts.expiresIn = 0.6;
    await session.signIn('ada@example.org', 'right');
    const told: string[] = [];
    session.onToken((token) => told.push(token));
    accounts.expiresIn = 900;
    await pause(300);
    expect(told).toEqual([]);
    await until('renewed', () => told.length === 1);
    expect(told).toEqual(['access-2']);
    now += 890_000;
    expect(await session.token()).toBe('access-3');
  });

  it('never uses a refresh token twice, however many tabs renew at once', async () => {
    const first = tab();
    await first.signIn('ada@example.org', 'right');
    const tabs = [first, tab(), tab(), tab()];
    for (const other of tabs.slice(1)) other.start();
    await until('all are signed in', () => tabs.every((one) => phase(one) === 'signed_in'));
    // A tab may have heard of another's token while it asked for its own, which it then tells the others.
    const settled = async () => underWay === 0 && new Set(await Promise.all(tabs.map((one) => one.token()))).size === 1;
    for (let times = 0; times < 3; times = (await settled()) ? times + 1 : 0) await pause(20);
    accounts.accessTokens.clear();
    accounts.delayMs = 20;
    const answers = await Promise.all(tabs.map((one) => one.request<{ token: string }>('/documents')));
    expect(new Set(accounts.refreshes).size).toBe(accounts.refreshes.length);
    expect(accounts.revoked).toBe(false);
    expect(answers).toHaveLength(4);
  });

  it('in one tab serves the others', async () => {
    const [first, second] = [tab(), tab()];
    await first.signIn('ada@example.org', 'right');
    await until('the other has it', () => phase(second) === 'signed_in');
    expect(await second.token()).toBe('access-1');
    expect(accounts.refreshes).toEqual([]);
  });

  it('that is refused ends the session', async () => {
    const session = tab();
    await session.signIn('ada@example.org', 'right');
    accounts.accessTokens.clear();
    accounts.revoked = true;
    await expect(session.request('/documents')).rejects.toBeInstanceOf(SignedOut);
    expect(session.state.get()).toEqual({ phase: 'signed_out', reason: 'expired' });
    expect(storage.size).toBe(0);
  });

  it('that finds no hub, or a broken one, does not', async () => {
    await tab({ connected: false }).signIn('ada@example.org', 'right');
    await accounts.stop();
    const session = tab({ connected: false });
    session.start();
    await until('it says so', () => phase(session) === 'unreachable');
    expect(storage.has(kSessionKey)).toBe(true);
    accounts.broken = true;
    await accounts.start();
    await pause(100);
    session.wake();
    await pause(200);
    expect(phase(session)).toBe('unreachable');
    accounts.broken = false;
    session.wake();
    await until('signed in', () => phase(session) === 'signed_in');
    expect(accounts.refreshes).toEqual(['refresh-1']);
  });

  it('request that cannot reach the hub is a problem of its own', async () => {
    const session = tab();
    await session.signIn('ada@example.org', 'right');
    await accounts.stop();
    await expect(session.request('/documents')).rejects.toMatchObject({ status: 0, code: 'unreachable', unreachable: true, retryable: true });
  });
});

describe('another tab', () => {
  it('signing out is noticed', async () => {
    const [first, second] = [tab(), tab()];
    await first.signIn('ada@example.org', 'right');
    await until('both', () => phase(second) === 'signed_in');
    await first.signOut();
    expect(second.rememberedChanged()).toBe(false);
    expect(second.state.get()).toEqual({ phase: 'signed_out', reason: 'elsewhere' });
  });

  it('signing in as somebody else is noticed', async () => {
    const session = tab({ connected: false });
    await session.signIn('ada@example.org', 'right');
    expect(session.rememberedChanged()).toBe(false);
    storage.set(kSessionKey, JSON.stringify({ refresh_token: 'r', user: { id: 'usr_2', email: '', name: '', role: '', created_at: '' } }));
    expect(session.rememberedChanged()).toBe(true);
  });
});
