// socket.io-client as it comes from npm against the server, on each of its transports.
//   SOCKETIO_ECHO: the program socketio_echo (default: of build/asan)
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { io, Manager } from 'socket.io-client';

const program = process.env.SOCKETIO_ECHO ?? new URL('../../build/asan/tests/socketio/socketio_echo', import.meta.url).pathname;

async function startServer(environment = {}) {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...environment } });
  const [port] = await once(createInterface(child.stdout), 'line');
  return {
    url: `http://127.0.0.1:${port}`,
    closeSessions: () => child.stdin.write('close\n'),
    async stop() { child.stdin.end(); await once(child, 'exit'); },
  };
}

const server = await startServer();
test.after(() => server.stop());

const event = (emitter, name) => new Promise((resolve) => emitter.once(name, (...args) => resolve(args)));
const connect = (options) => io(server.url, { forceNew: true, reconnection: false, ...options });

const transports = {
  websocket: { transports: ['websocket'] },
  polling: { transports: ['polling'] },
  'polling, then websocket': { transports: ['polling', 'websocket'] },
};

for (const [name, options] of Object.entries(transports)) {
  test(`${name}: connect, auth, events, acknowledgements, leave`, async () => {
    const socket = connect({ ...options, auth: { token: 'é€😀' } });
    const auth = event(socket, 'auth');
    await event(socket, 'connect');
    assert.deepEqual(await auth, [{ token: 'é€😀' }]);
    assert.match(socket.id, /^[\w-]{22}$/);
    const back = event(socket, 'news-back');
    socket.emit('news', 1, 'a\u001eb', { c: [true, null, '😀'] });
    assert.deepEqual(await back, [1, 'a\u001eb', { c: [true, null, '😀'] }]);
    assert.deepEqual(await socket.emitWithAck('ask', { x: 1 }), { x: 1 });
    const bytes = event(socket, 'bytes');
    socket.emit('file', Buffer.from([1, 2, 3, 4, 5]), 'x');
    assert.deepEqual(await bytes, [5]);
    const left = event(socket, 'disconnect');
    socket.emit('leave');
    assert.equal((await left)[0], 'io server disconnect');
  });

  test(`${name}: what is sent stays in order, however much it is`, async () => {
    const socket = connect(options);
    const got = [];
    socket.on('n-back', (n) => got.push(n));
    await event(socket, 'connect');
    const all = Array.from({ length: 500 }, (_, i) => i);
    for (const n of all) {
      socket.emit('n', n);
      if (n % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await socket.emitWithAck('last');
    assert.deepEqual(got, all);
    socket.disconnect();
  });

  test(`${name}: the heartbeat keeps an idle client, and a refused one is told`, async () => {
    const socket = connect(options);
    await event(socket, 'connect');
    let pings = 0;
    await new Promise((resolve) => socket.io.on('ping', () => ++pings === 3 && resolve()));
    assert.ok(socket.connected);
    socket.disconnect();

    const refused = connect({ ...options, auth: { token: 'bad' } });
    const [error] = await event(refused, 'connect_error');
    assert.equal(error.message, 'no such token');
    assert.deepEqual(error.data, { code: 'unauthenticated' });
    refused.disconnect();
  });

  test(`${name}: another namespace is refused, and the main one works on`, async () => {
    const manager = new Manager(server.url, { ...options, reconnection: false });
    const main = manager.socket('/');
    const other = manager.socket('/admin');
    const [[error]] = await Promise.all([event(other, 'connect_error'), event(main, 'connect')]);
    assert.equal(error.message, 'Invalid namespace');
    assert.deepEqual(await main.emitWithAck('still', 1), 1);
    main.disconnect();
    other.disconnect();
  });
}

test('the client does end on a WebSocket where both may upgrade', async () => {
  const socket = connect({ transports: ['polling', 'websocket'] });
  await event(socket, 'connect');
  if (socket.io.engine.transport.name !== 'websocket') await event(socket.io.engine, 'upgrade');
  assert.equal(socket.io.engine.transport.name, 'websocket');
  assert.deepEqual(await socket.emitWithAck('ask', 'after'), 'after');
  socket.disconnect();
});

test('a client that lost its connection comes back by itself', async () => {
  const socket = connect({ transports: ['websocket'], reconnection: true, reconnectionDelay: 1 });
  await event(socket, 'connect');
  const first = socket.id;
  const gone = event(socket, 'disconnect');
  const again = event(socket, 'connect');
  socket.io.engine.close();
  assert.ok(['transport close', 'forced close'].includes((await gone)[0]));
  await again;
  assert.notEqual(socket.id, first);
  socket.disconnect();
});

for (const [name, options] of Object.entries(transports)) {
  test(`${name}: a server that goes away is a transport that closed, after which clients come again`, async () => {
    const other = await startServer();
    const socket = io(other.url, { ...options, forceNew: true, reconnection: false });
    await event(socket, 'connect');
    const gone = event(socket, 'disconnect');
    other.closeSessions();
    assert.equal((await gone)[0], 'transport close');
    await other.stop();
  });
}
