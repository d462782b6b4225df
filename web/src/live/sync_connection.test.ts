import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { openNodeSocket, pause, TestHub, until } from '../../test/hub';
import { SyncConnection, type Socket, type SyncOptions, type SyncTiming } from './sync_connection';

const kQuick: Partial<SyncTiming> = { retryMinMs: 20, retryMaxMs: 80, handshakeMs: 600, awarenessMs: 5 };

let hub: TestHub;
let opened: Client[];

interface Client {
  doc: Y.Doc;
  awareness: Awareness;
  connection: SyncConnection;
  rejected: (string | undefined)[];
  type: (text: string) => void;
  text: () => string;
}

function client(options: Partial<SyncOptions> = {}, doc = new Y.Doc()): Client {
  const awareness = new Awareness(doc);
  const rejected: (string | undefined)[] = [];
  const connection = new SyncConnection({
    url: hub.url, doc, awareness, openSocket: openNodeSocket, timing: kQuick,
    token: (refused) => { rejected.push(refused); return Promise.resolve('good'); },
    isSignedOut: () => false,
    ...options,
  });
  const content = doc.getText('content');
  const made: Client = {
    doc, awareness, connection, rejected,
    type: (text) => content.insert(content.length, text),
    text: () => content.toString(),
  };
  opened.push(made);
  return made;
}

const state = (c: Client) => c.connection.state.get();
const online = (c: Client) => until('online', () => state(c).phase === 'online');
/** Online, and the hub has counted the answer to its step 1: from here on every message is one change. */
const settled = async (c: Client) => {
  await saved(c);
  await until('step 1 is answered', () => hub.connections[0]?.counted === 1);
};
const saved = (c: Client) => until('saved', () => state(c).phase === 'online' && !state(c).unsaved);

beforeEach(async () => {
  opened = [];
  hub = new TestHub();
  await hub.start();
});

afterEach(async () => {
  for (const { connection, awareness } of opened) {
    connection.destroy();
    awareness.destroy();
  }
  await hub.kill();
  hub.awareness.destroy();
});

describe('getting in step', () => {
  it('is told when it may do something else, and goes on', async () => {
    let told = 0;
    const c = client({ onAccess: () => told++ });
    c.connection.connect();
    await online(c);
    hub.sendRaw(new Uint8Array([9, 7, ...new TextEncoder().encode('comment')]));
    await until('told', () => told === 1);
    c.type('still here');
    await saved(c);
    expect(hub.text).toBe('still here');
  });

  it('proves who it is first, then has what the hub has', async () => {
    hub.doc.getText('content').insert(0, 'from the hub');
    const a = client();
    a.connection.connect();
    await online(a);
    expect(a.text()).toBe('from the hub');
    expect(hub.connections[0]?.texts).toEqual(['{"type":"auth","token":"good"}']);
    expect(state(a)).toMatchObject({ synced: true, unsaved: false });
  });

  it('carries changes to the hub and to the others', async () => {
    const [a, b] = [client(), client()];
    a.connection.connect();
    b.connection.connect();
    await Promise.all([online(a), online(b)]);
    a.type('one ');
    await until('b has it', () => b.text() === 'one ');
    b.type('two');
    await until('a has it', () => a.text() === 'one two');
    await Promise.all([saved(a), saved(b)]);
    expect(hub.text).toBe('one two');
  });

  it('delivers what was typed before there was a connection', async () => {
    const a = client();
    a.type('early');
    expect(state(a)).toMatchObject({ phase: 'connecting', unsaved: true });
    a.connection.connect();
    await saved(a);
    expect(hub.text).toBe('early');
  });
});

describe('saved', () => {
  it('is claimed only once the hub has said so', async () => {
    const a = client();
    a.connection.connect();
    await settled(a);
    hub.acknowledges = false;
    a.type('x');
    await until('the hub has it', () => hub.text === 'x');
    await pause(50);
    expect(state(a).unsaved).toBe(true);
    hub.acknowledge();
    await saved(a);
  });

  it('is not claimed while a later change is unacknowledged', async () => {
    const a = client();
    a.connection.connect();
    await settled(a);
    hub.acknowledges = false;
    a.type('1');
    a.type('2');
    a.type('3');
    await until('the hub has all', () => hub.text === '123');
    hub.acknowledge(hub.connections[0], 3);
    await pause(50);
    expect(state(a).unsaved).toBe(true);
    hub.acknowledge(hub.connections[0], 4);
    await saved(a);
  });

  it('counts anew on a new connection', async () => {
    const a = client();
    a.connection.connect();
    await saved(a);
    for (const letter of 'many changes') a.type(letter);
    await saved(a);
    hub.acknowledges = false;
    await hub.kill();
    a.type('!');
    await hub.start();
    await online(a);
    await until('the hub has it', () => hub.text === 'many changes!');
    expect(state(a).unsaved).toBe(true);
    hub.acknowledge();
    await saved(a);
  });

  it('drops a connection whose hub acknowledges what was never sent', async () => {
    const a = client();
    a.connection.connect();
    await saved(a);
    hub.acknowledge(hub.connections[0], 1_000);
    await until('reconnected', () => hub.accepted === 2);
    await saved(a);
  });

  it('covers restored changes that wait for others which only the hub has', async () => {
    const base = new Y.Doc();
    base.getText('content').insert(0, 'base');
    Y.applyUpdate(hub.doc, Y.encodeStateAsUpdate(base));
    const known = Y.encodeStateVector(base);
    base.getText('content').insert(4, ' and more');
    const later = Y.encodeStateAsUpdate(base, known);

    const doc = new Y.Doc();
    Y.applyUpdate(doc, later);
    const a = client({}, doc);
    a.connection.touch();
    hub.acknowledges = false;
    a.connection.connect();
    await until('the hub has it', () => hub.text === 'base and more');
    await online(a);
    expect(a.text()).toBe('base and more');
    expect(state(a).unsaved).toBe(true);
    hub.acknowledge();
    await saved(a);
  });

  it('covers changes that were merged because the socket was full', async () => {
    let full = false;
    const openSocket = (url: string): Socket => {
      const socket = openNodeSocket(url);
      Object.defineProperty(socket, 'bufferedAmount', { get: () => (full ? 1e9 : 0) });
      return socket;
    };
    const a = client({ openSocket });
    a.connection.connect();
    await settled(a);
    full = true;
    for (const letter of 'abcdefgh') a.type(letter);
    await pause(120);
    expect(hub.text).toBe('');
    expect(state(a).unsaved).toBe(true);
    full = false;
    await saved(a);
    expect(hub.text).toBe('abcdefgh');
    expect(hub.connections[0]?.counted).toBe(2);
  });
});

describe('a page that nobody looks at', () => {
  const passive = '{"type":"watch","passive":true}';

  it('says so, and says it again on a new connection', async () => {
    const a = client();
    a.connection.connect();
    await online(a);
    a.connection.watch(true);
    a.connection.watch(true);
    await until('the hub knows', () => hub.connections[0]?.texts.includes(passive) ?? false);
    expect(hub.connections[0]?.texts.length).toBe(2);
    await hub.kill();
    await until('offline', () => state(a).phase === 'offline');
    await hub.start();
    await online(a);
    await until('the hub knows again', () => hub.connections[0]?.texts.includes(passive) ?? false);
    a.connection.watch(false);
    await until('somebody looks', () => hub.connections[0]?.texts.at(-1) === '{"type":"watch","passive":false}');
  });
});

describe('losing the hub', () => {
  it('comes back by itself with what was typed meanwhile, on both sides', async () => {
    const [a, b] = [client(), client()];
    a.connection.connect();
    b.connection.connect();
    await Promise.all([online(a), online(b)]);
    a.type('before ');
    await until('both have it', () => b.text() === 'before ');
    await hub.kill();
    await until('a is offline', () => state(a).phase === 'offline');
    a.type('A');
    b.type('B');
    expect(state(a).unsaved).toBe(true);
    await pause(100);
    expect(state(a)).toMatchObject({ phase: 'offline', synced: true });
    await hub.start();
    await Promise.all([saved(a), saved(b)]);
    await until('the same text', () => a.text() === b.text() && a.text().length === 9);
    expect(hub.text).toBe(a.text());
  });

  it('survives many restarts while typing goes on', async () => {
    const a = client();
    a.connection.connect();
    let typed = '';
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 20; i++) {
        const letter = String.fromCharCode(97 + (i % 26));
        a.type(letter);
        typed += letter;
        if (i % 7 === round % 7) await pause(1);
      }
      await hub.kill();
      await hub.start();
    }
    await saved(a);
    expect(hub.text).toBe(typed);
  });

  it('notices a hub that has fallen silent', async () => {
    const a = client({ timing: { ...kQuick, quietMs: 120, quietUnsavedMs: 60, answerMs: 100 } });
    a.connection.connect();
    await saved(a);
    hub.silent = true;
    a.type('into the void');
    await until('given up', () => state(a).phase === 'offline');
    hub.silent = false;
    await saved(a);
    expect(hub.text).toBe('into the void');
  });

  it('stays connected while the hub is only quiet', async () => {
    const a = client({ timing: { ...kQuick, quietMs: 40, quietUnsavedMs: 40, answerMs: 200 } });
    a.connection.connect();
    await online(a);
    await pause(500);
    expect(hub.accepted).toBe(1);
    expect(state(a).phase).toBe('online');
  });

  it('drops a message that cannot be read, and goes on', async () => {
    const a = client();
    a.connection.connect();
    await online(a);
    hub.sendRaw(new Uint8Array([0, 2, 250, 250, 250]));
    await until('reconnected', () => hub.accepted === 2);
    await online(a);
  });

  it('ends for good when destroyed', async () => {
    const a = client();
    a.connection.connect();
    await online(a);
    a.connection.destroy();
    await until('the hub sees it', () => hub.connections.length === 0);
    await pause(150);
    expect(hub.accepted).toBe(1);
    expect(state(a)).toMatchObject({ phase: 'stopped', stopped: 'closed' });
  });
});

describe('tokens', () => {
  it('asks for another one when the hub refuses the first', async () => {
    let current = 'stale';
    const a = client({
      token: (refused) => {
        if (refused === 'stale') current = 'good';
        return Promise.resolve(current);
      },
    });
    a.connection.connect();
    await online(a);
    expect(hub.accepted).toBe(2);
  });

  it('reconnects with a fresh one when it expires during the session', async () => {
    let current = 'good';
    const a = client({ token: (refused) => Promise.resolve(refused === 'good' ? (current = 'fresh') : current) });
    a.connection.connect();
    await online(a);
    hub.tokens = new Set(['fresh']);
    hub.close(4401);
    await until('back', () => hub.connections[0]?.token === 'fresh');
    await online(a);
  });

  it('are renewed on the open connection', async () => {
    hub.tokens.add('newer');
    const a = client();
    a.connection.connect();
    await online(a);
    a.connection.renew('newer');
    await until('the hub has it', () => hub.connections[0]?.token === 'newer');
    expect(hub.accepted).toBe(1);
  });

  it('that cannot be had for now are asked for again', async () => {
    let failures = 3;
    const a = client({ token: () => (failures-- > 0 ? Promise.reject(new Error('unreachable')) : Promise.resolve('good')) });
    a.connection.connect();
    await online(a);
    expect(failures).toBe(-1);
  });

  it('that will never be had again end the session', async () => {
    const a = client({ token: () => Promise.reject(new Error('signed out')), isSignedOut: () => true });
    a.connection.connect();
    await until('stopped', () => state(a).phase === 'stopped');
    expect(state(a).stopped).toBe('signed_out');
  });
});

describe('being turned away', () => {
  it.each([[4403, 'forbidden'], [4404, 'not_found']])('with %i stops, until asked again', async (code, reason) => {
    hub.turnAway = code;
    const a = client();
    a.connection.connect();
    await until('stopped', () => state(a).phase === 'stopped');
    expect(state(a).stopped).toBe(reason);
    await pause(150);
    expect(hub.accepted).toBe(1);
    hub.turnAway = null;
    a.connection.connect();
    await online(a);
    expect(state(a).stopped).toBeNull();
  });

  it.each([1001, 1013, 4408])('with %i comes back when the hub has said, and not before', async (code) => {
    hub.turnAway = code;
    hub.turnAwayReason = 'not now; reconnect in 400 ms';
    const a = client();
    a.connection.connect();
    await until('offline', () => state(a).phase === 'offline');
    hub.turnAway = null;
    const since = Date.now();
    expect(state(a).detail).toBe('not now');
    await online(a);
    expect(hub.accepted).toBe(2);
    expect(Date.now() - since).toBeGreaterThan(350);
  });

  it('with 4429 waits long: only closing another session helps', async () => {
    hub.turnAway = 4429;
    hub.turnAwayReason = 'too many live sessions';
    const a = client({ timing: { ...kQuick, crowdedMs: 400 }, random: () => 0.5 });
    a.connection.connect();
    await until('offline', () => state(a).phase === 'offline');
    const since = Date.now();
    expect(state(a).detail).toBe('too many live sessions');
    hub.turnAway = null;
    await online(a);
    expect(Date.now() - since).toBeGreaterThan(350);
  });

  it('a reader gets changes and sends none', async () => {
    hub.writable = false;
    hub.doc.getText('content').insert(0, 'read me');
    const a = client();
    a.connection.connect();
    await online(a);
    hub.doc.getText('content').insert(7, ' now');
    await until('the change arrives', () => a.text() === 'read me now');
    expect(state(a).unsaved).toBe(false);
    expect(hub.connections[0]?.counted).toBe(0);
    await pause(100);
    expect(hub.accepted).toBe(1);
  });

  it('for a change that the hub never takes stops after some tries, with the change still there', async () => {
    const a = client();
    a.connection.connect();
    await saved(a);
    hub.refuseChange = 1009;
    a.type('far too large');
    await until('stopped', () => state(a).phase === 'stopped');
    expect(state(a)).toMatchObject({ stopped: 'refused', unsaved: true, detail: 'not taken' });
    hub.refuseChange = null;
    a.connection.connect();
    await saved(a);
    expect(hub.text).toBe('far too large');
  });
});

describe('presence', () => {
  const names = (c: Client) => [...c.awareness.getStates().values()].map((s) => (s as { name?: string }).name).sort();

  it('is seen by the others, ends with the connection and comes back with it', async () => {
    const [a, b] = [client(), client()];
    a.awareness.setLocalState({ name: 'a' });
    b.awareness.setLocalState({ name: 'b' });
    a.connection.connect();
    b.connection.connect();
    await until('a sees b', () => names(a).join() === 'a,b');
    await until('b sees a', () => names(b).join() === 'a,b');
    await hub.kill();
    await until('a is alone', () => names(a).join() === 'a');
    await hub.start();
    await until('a sees b again', () => names(a).join() === 'a,b');
    await until('b sees a again', () => names(b).join() === 'a,b');
    b.connection.destroy();
    await until('b has left', () => names(a).join() === 'a');
  });
});
