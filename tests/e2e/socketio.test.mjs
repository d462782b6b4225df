// Socket.IO at the hub's door, with socket.io-client as it comes from npm. What the transport does by itself is held in
// tests/socketio; here is what the gateway, the guard and the hub's life make of it.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { io } from 'socket.io-client'
import { Hub, until } from './hub.mjs'

const kOrigin = 'https://app.example'
let hub, owner, document

before(async () => {
  hub = await Hub.start({ ALLOWED_ORIGINS: kOrigin, SOCKETIO_PING_INTERVAL_MS: '300', SOCKETIO_MAX_PAYLOAD_BYTES: '100000', REACTORS: '3' })
  owner = await hub.register('Owner')
  document = await hub.createDocument(owner, { name: 'joined', content: 'text' })
})
after(() => hub?.stop())

const path = (more = '') => `/socket.io/?EIO=4&transport=polling${more}`
const connect = (options = {}) => io(hub.url, { forceNew: true, reconnectionDelay: 10, auth: { token: owner.token }, ...options })
const connected = (socket) => until('connected', () => socket.connected)
const join = async (socket) => (await socket.emitWithAck('join', { document: document.id })).content?.ops[0].insert

for (const transports of [['websocket'], ['polling'], ['polling', 'websocket'], undefined]) {
  test(`${transports ?? 'as it comes'}: connects and stays`, async () => {
    const socket = connect(transports && { transports })
    await connected(socket)
    assert.equal(await join(socket), 'text')
    let pings = 0
    socket.io.on('ping', () => pings++)
    await until('pings', () => pings >= 3)
    if (transports?.length !== 1) assert.equal(socket.io.engine.transport.name, 'websocket')
    assert.ok(socket.connected)
    socket.disconnect()
  })
}

test('many clients poll at once, whichever reactor their requests come to', async () => {
  const sockets = Array.from({ length: 20 }, () => connect({ transports: ['polling'] }))
  for (const socket of sockets) {
    await connected(socket)
    assert.equal(await join(socket), 'text')
  }
  for (const socket of sockets) socket.disconnect()
})

test('requests that the protocol refuses are answered in its way', async () => {
  const refused = async (method, target, code, body) => {
    const answer = await fetch(hub.url + target, { method, body })
    assert.equal(answer.status, 400, target)
    assert.equal((await answer.json()).code, code, target)
  }
  await refused('GET', '/socket.io/?EIO=4', 0)
  await refused('GET', path('&sid=nobody'), 1)
  await refused('POST', path(), 2, '4')
  await refused('GET', '/socket.io/?EIO=4&transport=websocket', 3)
  await refused('GET', '/socket.io/?EIO=3&transport=polling', 5)
  assert.equal((await fetch(hub.url + path(), { method: 'PUT' })).status, 405)
  const sid = JSON.parse((await (await fetch(hub.url + path())).text()).slice(1)).sid
  const large = await fetch(hub.url + path(`&sid=${sid}`), { method: 'POST', body: '4'.repeat(100_001) })
  assert.equal(large.status, 413)
})

test('only pages of allowed origins may poll', async () => {
  const ask = (origin) => fetch(hub.url + path(), { headers: { origin } })
  const allowed = await ask(kOrigin)
  assert.equal(allowed.status, 200)
  assert.equal(allowed.headers.get('access-control-allow-origin'), kOrigin)
  assert.equal((await ask('https://evil.example')).status, 403)
  assert.equal((await ask(hub.url)).status, 200)
  assert.equal((await ask('null')).status, 403)
})

test('a message over the limit, and nonsense, end the session; the client comes again', async () => {
  const socket = connect({ transports: ['websocket'] })
  await connected(socket)
  const first = socket.id
  const ended = new Promise((resolve) => socket.once('ended', resolve))
  socket.emit('join', 'x'.repeat(200_000))
  assert.equal((await ended).code, 'invalid_argument')
  await until('again', () => socket.connected && socket.id !== first)
  const second = socket.id
  socket.io.engine.transport.ws.send('nonsense')
  await until('again', () => socket.connected && socket.id !== second)
  assert.equal(await join(socket), 'text')
  socket.disconnect()
})

for (const transports of [['websocket'], ['polling']]) {
  test(`${transports}: a hub that restarts is found again`, async () => {
    const socket = connect({ transports, reconnectionDelayMax: 100 })
    await connected(socket)
    const ended = new Promise((resolve) => socket.once('ended', resolve))
    const reason = new Promise((resolve) => socket.once('disconnect', resolve))
    const { code, ms } = await hub.end('SIGTERM')
    assert.equal(code, 0)
    assert.ok(ms < 6000, `${ms} ms`)
    assert.equal((await ended).code, 'unavailable')
    assert.ok(['transport close', 'transport error'].includes(await reason))
    await hub.spawn()
    await until('again', () => socket.connected)
    assert.equal(await join(socket), 'text')
    socket.disconnect()
  })
}

test('polling takes from a rate of its own, and opening a session from the caller\'s', async () => {
  const limited = await Hub.start({ ANONYMOUS_RATE_PER_MINUTE: '5', POLL_RATE_PER_MINUTE: '40', SIGN_IN_RATE_PER_MINUTE: '0' })
  try {
    const open = async () => fetch(limited.url + path())
    const first = await open()
    assert.match(first.headers.get('ratelimit-policy'), /anonymous/)
    const { sid } = JSON.parse((await first.text()).slice(1))
    const statuses = []
    for (let i = 0; i < 50; i++) statuses.push((await fetch(limited.url + path(`&sid=${sid}`), { method: 'POST', body: '3' })).status)
    assert.equal(statuses.filter((status) => status === 200).length, 40)
    assert.equal(statuses.at(-1), 429)
    for (let i = 0; i < 4; i++) assert.equal((await open()).status, 200)
    assert.equal((await open()).status, 429)
  } finally {
    await limited.stop()
  }
})
