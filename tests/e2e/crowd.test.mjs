// Many sessions: how many a user may have, when those that are sent away are told to come back, and that all who come at
// once are served in turn.
import test from 'node:test'
import assert from 'node:assert/strict'
import WebSocket from 'ws'
import * as Y from 'yjs'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { Hub, until } from './hub.mjs'
import { HocuspocusConnection } from './hocuspocus_client.mjs'
import { OtClient } from './ot_client.mjs'

const HINT = /; reconnect in (\d+) ms$/

const syncMessage = (step, payload) => encoding.encode((e) => {
  encoding.writeVarUint(e, 0)
  encoding.writeVarUint(e, step)
  encoding.writeVarUint8Array(e, payload)
})

/** A y-protocols client without a provider: it asks for what it lacks, and does not come back. */
class Socket {
  constructor(hub, document, token, { asks = true } = {}) {
    this.doc = new Y.Doc()
    this.synced = false
    this.ws = new WebSocket(`${hub.ws}/documents/${document.id}/sync${token ? `?token=${token}` : ''}`)
    this.ws.on('error', () => {})
    this.closed = new Promise((resolve) => this.ws.once('close', (code, reason) => resolve(this.end = { code, reason: String(reason) })))
    this.ws.on('message', (data) => this.read(new Uint8Array(data)))
    this.opened = new Promise((resolve) => this.ws.once('open', resolve))
    if (asks) this.opened.then(() => this.ws.send(syncMessage(0, Y.encodeStateVector(this.doc))))
  }

  read(message) {
    const decoder = decoding.createDecoder(message)
    if (decoding.readVarUint(decoder) !== 0 || decoding.readVarUint(decoder) === 0) return
    Y.applyUpdate(this.doc, decoding.readVarUint8Array(decoder))
    this.synced = true
  }

  get text() { return this.doc.getText('content').toString() }
}

async function withHub(settings, work) {
  const hub = await Hub.start(settings)
  const sockets = []
  const closers = []
  const open = (...words) => {
    const socket = new Socket(hub, ...words)
    sockets.push(socket)
    return socket
  }
  try {
    await work(hub, open, (close) => closers.push(close))
  } finally {
    for (const { ws } of sockets) ws.terminate()
    for (const close of closers) close()
    await hub.stop()
  }
}

async function metric(hub, name) {
  const { body } = await hub.request('GET', '/metrics')
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(body)[1])
}
const allSynced = (sockets) => until('all are served', () => sockets.every(({ synced }) => synced), 30_000)

test('a user has so many sessions with all agents and in all dialects, and is told which limit holds', () =>
  withHub({ LIVE_SESSIONS_PER_USER: '3' }, async (hub, open, closing) => {
    const [ann, ben] = [await hub.register('Ann'), await hub.register('Ben')]
    const document = await hub.createDocument(ann, { name: 'crowded', content: 'x' })
    await hub.share(ann, document, ben, 'write')
    const agent = await hub.makeAgent(ann, [{ thing: '*', permission: 'write' }])
    const first = open(document, ann.token)
    const connection = new HocuspocusConnection(hub)
    closing(() => connection.close())
    const second = connection.open(document, ann.token)
    const third = new OtClient(hub, document, { ...ann, token: agent.token })
    closing(() => third.close())
    await Promise.all([allSynced([first]), second.synced(), third.ready()])

    const told = 'too many live sessions: 3 are open for this user, and at most 3 may be'
    assert.deepEqual(await open(document, ann.token).closed, { code: 4429, reason: told })
    assert.deepEqual(await open(document, agent.token).closed, { code: 4429, reason: told })
    const other = await hub.createDocument(ann, { name: 'another' })
    const refused = connection.open(other, ann.token)
    await until('Hocuspocus is denied', () => refused.denied.includes(told))
    const fourth = new OtClient(hub, other, ann)
    closing(() => fourth.close())
    await until('Socket.IO is refused', () => fourth.refusal)
    assert.deepEqual([fourth.refusal.code, fourth.refusal.message, fourth.refusal.limit], ['rate_limited', told, 3])

    await allSynced([open(document, ben.token)])
    second.change((text) => text.insert(0, 'still here, '))
    await until('the socket goes on', async () => (await hub.read(ann, document)).content === 'still here, x')
    first.ws.close()
    await first.closed
    await until('there is room again', async () => {
      const again = open(document, ann.token)
      await Promise.race([again.closed, until('an answer', () => again.synced || again.end)])
      return again.synced
    })
  }))

test('those who come by a link count for the link', () =>
  withHub({ LIVE_SESSIONS_PER_USER: '2' }, async (hub, open) => {
    const ann = await hub.register('Ann')
    const document = await hub.createDocument(ann, { name: 'open', content: 'x' })
    const link = await hub.ask(ann, 'POST', `/documents/${document.id}/links`, { access_level: 'read' }, 201)
    const visitors = [1, 2, 3].map(() => hub.ask({}, 'POST', '/links/open', { secret: link.secret }, 200))
    const tokens = (await Promise.all(visitors)).map(({ token }) => token)
    await allSynced(tokens.slice(0, 2).map((token) => open(document, token)))
    assert.deepEqual(await open(document, tokens[2]).closed,
      { code: 4429, reason: 'too many live sessions: 2 are open by this link, and at most 2 may be' })
    await allSynced([1, 2].map(() => open(document, ann.token)))
  }))

test('a hub that goes away says when to come back, each at another time', () =>
  withHub({ RECONNECTS_PER_SECOND: '10' }, async (hub, open, closing) => {
    const ann = await hub.register('Ann')
    const document = await hub.createDocument(ann, { name: 'left', content: 'x' })
    const sockets = Array.from({ length: 30 }, () => open(document, ann.token))
    const connection = new HocuspocusConnection(hub)
    closing(() => connection.close())
    const hocuspocus = connection.open(document, ann.token)
    const ot = new OtClient(hub, document, ann)
    closing(() => ot.close())
    await Promise.all([allSynced(sockets), hocuspocus.synced(), ot.ready()])
    await hub.end('SIGTERM')
    const delays = []
    for (const { closed } of sockets) {
      const { code, reason } = await closed
      assert.equal(code, 1001)
      assert.match(reason, /^the hub is going away; reconnect in \d+ ms$/)
      delays.push(Number(HINT.exec(reason)[1]))
    }
    // Thirty-two that come back at ten a second take three seconds; the least is 200 ms.
    assert.ok(Math.max(...delays) < 3600 && Math.min(...delays) >= 200, `${delays}`)
    assert.ok(Math.max(...delays) - Math.min(...delays) > 1000, `${delays}`)
    assert.ok(new Set(delays).size > 20, `${delays}`)
    await until('Hocuspocus is told', () => connection.closes.some(({ code, reason }) => code === 1001 && HINT.test(reason)))
    await until('Socket.IO is told', () => ot.events.some(([name, { code, reconnect_in_ms }]) =>
      name === 'ended' && code === 'unavailable' && reconnect_in_ms >= 200))
  }))

test('who says too much is told when to come back, in every dialect', () =>
  withHub({ SESSION_MESSAGES_PER_SECOND: '10' }, async (hub, open, closing) => {
    const ann = await hub.register('Ann')
    const document = await hub.createDocument(ann, { name: 'loud', content: 'x' })
    const loud = open(document, ann.token)
    await allSynced([loud])
    for (let i = 0; i < 60; ++i) loud.ws.send(syncMessage(0, Uint8Array.of(0)))
    const { code, reason } = await loud.closed
    assert.equal(code, 1013)
    assert.match(reason, /^too many messages; slow down; reconnect in \d+ ms$/)
    const ot = new OtClient(hub, document, ann)
    closing(() => ot.close())
    await ot.ready()
    ot.rejoins = false
    for (let i = 0; i < 60; ++i) ot.socket.emit('cursor', { document: document.id, cursor: { version: ot.version, position: 0, length: i % 2 } })
    await until('Socket.IO is told', () => ot.events.some(([name, { reconnect_in_ms }]) => name === 'ended' && reconnect_in_ms >= 200))
  }))

test('who cannot be served now is told to come again at different times', () =>
  withHub({ RECONNECTS_PER_SECOND: '2', MAX_CONNECTIONS: '40' }, async (hub, open) => {
    const ann = await hub.register('Ann')
    const document = await hub.createDocument(ann, { name: 'full', content: 'x' })
    const sockets = Array.from({ length: 36 }, () => open(document, ann.token))
    await allSynced(sockets)
    const said = new Set()
    await until('several are refused, at different times', async () => {
      const answers = await Promise.all(Array.from({ length: 12 }, () =>
        fetch(`${hub.url}/health/live`, { headers: { connection: 'close' } }).catch(() => undefined)))
      for (const answer of answers) {
        await answer?.arrayBuffer()
        if (answer?.status === 503) said.add(Number(answer.headers.get('retry-after')))
      }
      return said.size >= 3
    })
    for (const seconds of said) assert.ok(seconds >= 1 && seconds <= 30, `${seconds}`)
  }))

test('all who come back at once are served, one after the other', () =>
  withHub({ SESSIONS_OPENING: '1' }, async (hub, open) => {
    const ann = await hub.register('Ann')
    const documents = []
    for (let i = 0; i < 20; ++i) documents.push(await hub.createDocument(ann, { name: `${i}`, content: `document ${i}` }))
    await hub.crash()
    await hub.spawn()
    const sockets = Array.from({ length: 400 }, (_, i) => open(documents[i % 20], ann.token))
    await allSynced(sockets)
    sockets.forEach(({ end, text }, i) => {
      assert.equal(end, undefined)
      assert.equal(text, `document ${i % 20}`)
    })
    assert.equal(await metric(hub, 'concord_documents_sessions'), 400)
    assert.equal(await metric(hub, 'concord_documents_sessions_waiting'), 0)
    assert.equal(await metric(hub, 'concord_documents_sessions_opening'), 0)
    assert.equal(await metric(hub, 'concord_documents_opening_bytes'), 0)
  }))

test('large documents are sent in turn, and who does not take theirs keeps nobody waiting for long', () =>
  withHub({ SESSIONS_SYNC_BYTES: '65536', SESSION_SLOW_SECONDS: '3', DOCUMENT_MAX_BYTES: '33554432' }, async (hub, open, closing) => {
    const ann = await hub.register('Ann')
    const text = 'all work and no play '.repeat(600_000)  // more than the kernel takes for a socket
    const document = await hub.createDocument(ann, { name: 'large', content: text })
    const stuck = [1, 2].map(() => open(document, ann.token, { asks: false }))
    for (const { opened, ws } of stuck) {
      await opened
      ws._socket.pause()
      ws.send(syncMessage(0, Uint8Array.of(0)))
    }
    await until('one waits to be taken', async () => (await metric(hub, 'concord_documents_unsent_sync_bytes')) > 65536)
    const connection = new HocuspocusConnection(hub)
    closing(() => connection.close())
    const provider = connection.open(document, ann.token)
    const sockets = Array.from({ length: 6 }, () => open(document, ann.token))
    await until('others wait', async () => (await metric(hub, 'concord_documents_answers_waiting')) > 0)
    await allSynced(sockets)
    await provider.synced()
    for (const socket of sockets) assert.equal(socket.text, text)
    assert.equal(provider.text.toString(), text)
    await until('the stuck ones are gone', async () => (await metric(hub, 'concord_documents_sessions')) === 7, 20_000)
    for (const { ws } of stuck) ws._socket.resume()
    for (const { closed } of stuck) {
      const { code, reason } = await closed
      assert.equal(code, 4408)
      assert.match(reason, HINT)
    }
    await until('nothing waits', async () => (await metric(hub, 'concord_documents_unsent_sync_bytes')) === 0)
    assert.equal(await metric(hub, 'concord_documents_answers_waiting'), 0)
  }))

test('what clients send before their sessions are open is bounded together, and a greeting is always taken', () =>
  withHub({ SESSIONS_OPENING_BYTES: '65536' }, async (hub, open) => {
    const ann = await hub.register('Ann')
    const document = await hub.createDocument(ann, { name: 'early', content: 'x' })
    const early = open(document, undefined, { asks: false })
    await early.opened
    early.ws.send(new Uint8Array(60_000))
    await until('it is kept', async () => (await metric(hub, 'concord_documents_opening_bytes')) === 60_000)
    const late = open(document, undefined, { asks: false })
    await late.opened
    late.ws.send(new Uint8Array(6_000))
    const { code, reason } = await late.closed
    assert.equal(code, 1013)
    assert.match(reason, /^too much is on its way to sessions that are not open yet; reconnect in \d+ ms$/)
    assert.equal(await metric(hub, 'concord_documents_opening_refused_total'), 1)
    await allSynced([open(document, ann.token)])
    early.ws.terminate()
    await until('it is given back', async () => (await metric(hub, 'concord_documents_opening_bytes')) === 0)
  }))
