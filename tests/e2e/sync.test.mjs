// Live sessions with real Yjs clients: y-websocket's provider, unchanged, and raw sockets where a client misbehaves.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import WebSocket from 'ws'
import * as Y from 'yjs'
import * as encoding from 'lib0/encoding'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hub, until } from './hub.mjs'
import { Client } from './client.mjs'
import { HocuspocusConnection } from './hocuspocus_client.mjs'

let hub, owner, writer, reader, stranger

before(async () => {
  hub = await Hub.start({ DOCUMENT_MAX_BYTES: '200000', DOCUMENT_IDLE_MS: '500' })
  owner = await hub.register('Owner')
  writer = await hub.register('Writer')
  reader = await hub.register('Reader')
  stranger = await hub.register('Stranger')
})
after(() => hub?.stop())

async function sharedDocument() {
  const document = await hub.createDocument(owner, { name: 'shared' })
  await hub.share(owner, document, writer, 'write')
  await hub.share(owner, document, reader, 'read')
  return document
}

/** A bare socket; `closed` resolves to {code, reason}. */
function socket(path, options = {}) {
  const ws = new WebSocket(hub.ws + path, options)
  ws.on('error', () => {})
  const closed = new Promise((resolve) => ws.once('close', (code, reason) => resolve({ code, reason: String(reason) })))
  const opened = new Promise((resolve) => ws.once('open', resolve))
  return { ws, closed, opened }
}

const syncMessage = (step, payload) =>
  encoding.encode((e) => {
    encoding.writeVarUint(e, 0)
    encoding.writeVarUint(e, step)
    encoding.writeVarUint8Array(e, payload)
  })

test('two clients type at once and converge', async () => {
  const document = await sharedDocument()
  const a = new Client(hub, document, owner)
  const b = new Client(hub, document, writer)
  await Promise.all([a.synced(), b.synced()])
  for (let i = 0; i < 200; i++) {
    a.change((text) => text.insert(0, 'a'))
    b.change((text) => text.insert(text.length, 'b'))
    if (i % 20 === 0) await sleep(1)
  }
  await until('convergence', () => a.text.length === 400 && b.text.length === 400)
  assert.equal(a.text.toString(), b.text.toString())
  await until('acknowledgement', () => a.acknowledged.size === 200 && b.acknowledged.size === 200)
  assert.equal((await hub.read(owner, document)).content, a.text.toString())
  a.close(); b.close()
})

test('y-websocket 2 works as version 3 does', async () => {
  const document = await sharedDocument()
  const a = new Client(hub, document, owner, { version: 2 })
  const b = new Client(hub, document, writer)
  await Promise.all([a.synced(), b.synced()])
  a.change((text) => text.insert(0, 'two'))
  b.change((text) => text.insert(0, 'three'))
  await until('acknowledgement', () => a.acknowledged.size === 1 && b.acknowledged.size === 1)
  await until('convergence', () => a.text.length === 8 && a.text.toString() === b.text.toString())
  await hub.end('SIGTERM')
  await until('the close', () => a.closes.length > 0)
  a.change((text) => text.insert(0, 'and '))
  await hub.spawn()
  await until('the change', async () => (await hub.read(owner, document)).content === a.text.toString())
  a.provider.awareness.setLocalStateField('user', { name: 'Two' })
  await until('presence', () => b.provider.awareness.getStates().get(a.doc.clientID)?.user?.name === 'Two')
  a.close(); b.close()
})

test('formats, maps and arrays survive the way through the hub', async () => {
  const document = await sharedDocument()
  const a = new Client(hub, document, owner)
  await a.synced()
  a.change((text) => text.insert(0, 'bold and plain', {}))
  a.change((text) => text.format(0, 4, { bold: true }))
  a.doc.getMap('m').set('list', Y.Array.from([1, 'two', { three: 3 }]))
  const b = new Client(hub, document, writer)
  await b.synced()
  await until('content', () => b.text.length === 14 && b.doc.getMap('m').get('list')?.length === 3)
  assert.deepEqual(b.text.toDelta(), [{ insert: 'bold', attributes: { bold: true } }, { insert: ' and plain' }])
  assert.deepEqual(b.doc.getMap('m').toJSON(), { list: [1, 'two', { three: 3 }] })
  a.close(); b.close()
})

test("y-websocket's own room path, ws://host/<document>, works as it is", async () => {
  const document = await sharedDocument()
  const a = new Client(hub, document, owner, { ack: false, room: document.id })
  await a.synced()
  a.change((text) => text.insert(0, 'by the root path'))
  await until('durable', async () => (await hub.read(owner, document)).content === 'by the root path')
  a.close()
})

test('presence reaches the others and goes with its session', async () => {
  const document = await sharedDocument()
  const a = new Client(hub, document, owner)
  const b = new Client(hub, document, writer)
  await Promise.all([a.synced(), b.synced()])
  a.provider.awareness.setLocalStateField('user', { name: 'Owner' })
  await until('presence', () => b.provider.awareness.getStates().get(a.doc.clientID)?.user?.name === 'Owner')
  const late = new Client(hub, document, reader)
  await until('presence for who comes late', () => late.provider.awareness.getStates().has(a.doc.clientID))
  a.provider.ws.terminate()
  a.provider.shouldConnect = false
  await until('absence', () => !b.provider.awareness.getStates().has(a.doc.clientID))
  a.close(); b.close(); late.close()
})

test('presence comes back to who sends it: providers take silence for a broken connection', async () => {
  const document = await sharedDocument()
  const a = new Client(hub, document, owner)
  await a.synced()
  const heard = () => a.provider.wsLastMessageReceived
  a.provider.wsLastMessageReceived = 0
  a.provider.awareness.setLocalStateField('user', { name: 'Owner' })
  await until('its own presence', () => heard() > 0)
  a.close()
})

test('REST tells who is there, in every dialect, and who was not heard of is gone', async () => {
  const other = await Hub.start({ AWARENESS_TIMEOUT_MS: '20000' })
  try {
    const [ann, ben] = [await other.register('Ann'), await other.register('Ben')]
    const document = await other.createDocument(ann, { name: 'visited' })
    await other.share(ann, document, ben, 'read')
    const presence = (who) => other.ask(who, 'GET', `/documents/${document.id}/presence`, undefined, 200)
    assert.deepEqual(await presence(ben), { sessions: 0, clients: [], seen: [] })
    const a = new Client(other, document, ann)
    const connection = new HocuspocusConnection(other)
    const b = connection.open(document, ben.token)
    await Promise.all([a.synced(), b.synced()])
    a.provider.awareness.setLocalState({ user: { name: 'Ann' }, cursor: { anchor: 3, head: 5 }, typing: true })
    b.provider.awareness.setLocalState({ user: { name: 'Ben' } })
    // One that says something once, and then nothing.
    const quiet = new WebSocket(`${other.ws}/documents/${document.id}/sync?token=${ann.token}`)
    await new Promise((resolve) => quiet.once('message', resolve))
    quiet.send(encoding.encode((e) => {
      encoding.writeVarUint(e, 1)
      encoding.writeVarUint8Array(e, encoding.encode((update) => {
        for (const n of [1, 7, 1]) encoding.writeVarUint(update, n)
        encoding.writeVarString(update, '{"quiet":true}')
      }))
    }))
    const clients = await until('all three', async () => {
      const now = await presence(ben)
      return now.clients.length === 3 && now.clients.find(({ client }) => client === a.doc.clientID)?.state.cursor && now.clients
    })
    const of = (client) => clients.find((one) => one.client === client)
    assert.equal((await presence(ann)).sessions, 3)
    assert.deepEqual(of(a.doc.clientID).state, { user: { name: 'Ann' }, cursor: { anchor: 3, head: 5 }, typing: true })
    assert.deepEqual([of(a.doc.clientID).typing, of(b.doc.clientID).typing, of(7).typing], [true, false, false])
    a.provider.awareness.setLocalStateField('typing', false)
    await until('Ann has stopped typing', async () => (await presence(ben)).clients.every(({ typing }) => !typing))
    assert.deepEqual((await presence(ben)).seen.map(({ name }) => name).sort(), ['Ann', 'Ben'])
    assert.deepEqual([of(a.doc.clientID).principal, of(a.doc.clientID).name], [ann.id, 'Ann'])
    assert.deepEqual([of(b.doc.clientID).principal, of(b.doc.clientID).state.user.name], [ben.id, 'Ben'])
    assert.deepEqual([of(7).principal, of(7).state], [ann.id, { quiet: true }])
    await until('the quiet one is gone', async () => !(await presence(ben)).clients.some(({ client }) => client === 7), 40_000)
    const left = (await presence(ben)).clients
    assert.deepEqual(left.map(({ client }) => client).sort(), [a.doc.clientID, b.doc.clientID].sort())
    for (const one of left) assert.ok(one.last_seen > one.since, 'renewed meanwhile')
    assert.equal((await presence(ann)).sessions, 3)
    quiet.close(); a.close(); connection.close()
    await until('nobody', async () => (await presence(ben)).sessions === 0)
    const { clients: nobody, seen } = await presence(ben)
    assert.deepEqual(nobody, [])
    assert.deepEqual(seen.map(({ principal }) => principal).sort(), [ann.id, ben.id].sort(), 'who was there is known')
    for (const { last_seen } of seen) assert.ok(last_seen > left[0].since && Date.parse(last_seen) <= Date.now())
  } finally {
    await other.stop()
  }
})

test('the token may come in a header or as the first message', async () => {
  const document = await sharedDocument()
  const byHeader = socket(`/documents/${document.id}/sync`, { headers: { authorization: `Bearer ${owner.token}` } })
  await new Promise((resolve) => byHeader.ws.once('message', resolve))
  byHeader.ws.close()
  const byMessage = socket(`/documents/${document.id}/sync`)
  await byMessage.opened
  byMessage.ws.send(JSON.stringify({ type: 'auth', token: owner.token }))
  await new Promise((resolve) => byMessage.ws.once('message', resolve))
  byMessage.ws.close()
})

test('bad tokens, invisible and missing documents are told by close codes', async () => {
  const document = await hub.createDocument(owner, { name: 'private' })
  assert.equal((await socket(`/documents/${document.id}/sync?token=nonsense`).closed).code, 4401)
  assert.equal((await socket(`/documents/${document.id}/sync?token=${stranger.token}`).closed).code, 4404)
  const gone = document.id.slice(0, -1) + (document.id.endsWith('0') ? '1' : '0')
  assert.equal((await socket(`/documents/${gone}/sync?token=${owner.token}`).closed).code, 4404)
})

test('a reader receives, may not write, and nothing of its attempt stays', async () => {
  const document = await sharedDocument()
  const a = new Client(hub, document, owner)
  const r = new Client(hub, document, reader)
  await Promise.all([a.synced(), r.synced()])
  a.change((text) => text.insert(0, 'for readers'))
  await until('reading', () => r.text.toString() === 'for readers')
  r.change((text) => text.insert(0, 'intruding '))
  await until('refusal', () => r.closes.some(({ code }) => code === 4403))
  assert.equal((await hub.read(owner, document)).content, 'for readers')
  a.close(); r.close()
})

test('taking access away ends the session; a changed level holds at once', async () => {
  const document = await sharedDocument()
  const w = new Client(hub, document, writer)
  await w.synced()
  await hub.share(owner, document, writer, 'read')
  w.change((text) => text.insert(0, 'x'))
  await until('refusal', () => w.closes.some(({ code }) => code === 4403))
  w.close()
  const again = new Client(hub, document, writer)
  await again.synced()
  await hub.share(owner, document, writer, 'write')
  // A reader who may write from now on is asked for what it has, and is not sent away.
  again.change((text) => text.insert(0, 'y'))
  await until('the write', () => again.acknowledged.size === 1)
  assert.equal(again.closes.length, 0)
  await hub.request('DELETE', `/documents/${document.id}/share/${writer.id}`, { token: owner.token })
  await until('end', () => again.closes.some(({ code }) => code === 4404))
  again.close()
})

test('deleting a document ends its sessions', async () => {
  const document = await sharedDocument()
  const w = new Client(hub, document, writer)
  await w.synced()
  await hub.request('DELETE', `/documents/${document.id}`, { token: owner.token })
  await until('end', () => w.closes.some(({ code }) => code === 4404))
  w.close()
})

test('a session that is signed out elsewhere loses its sockets within a second', async () => {
  const document = await sharedDocument()
  const eve = await hub.register('Eve')
  await hub.share(owner, document, eve, 'write')
  const phone = await hub.logIn(eve)
  const open = new Client(hub, document, phone)
  const kept = new Client(hub, document, eve)
  await Promise.all([open.synced(), kept.synced()])
  const { body } = await hub.request('GET', '/auth/sessions', { token: phone.token })
  const { id } = body.sessions.find(({ current }) => current)
  const began = Date.now()
  assert.equal((await hub.request('DELETE', `/auth/sessions/${id}`, { token: eve.token })).status, 204)
  await until('end', () => open.closes.some(({ code }) => code === 4401))
  assert.ok(Date.now() - began < 1000)
  assert.equal((await hub.request('GET', '/auth/me', { token: phone.token })).status, 401)
  kept.change((text) => text.insert(0, 'still here'))
  await until('service', async () => (await hub.read(eve, document)).content === 'still here')
  open.close()
  kept.close()
})

test('hostile messages close their sender and nobody else', async () => {
  const document = await sharedDocument()
  const witness = new Client(hub, document, owner)
  await witness.synced()
  witness.change((text) => text.insert(0, 'still here'))
  const hostile = [
    ['garbage', Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]), 1007],
    ['unknown type', Buffer.from([77]), 1007],
    ['presence that others could not read', Buffer.from([1, 5, 1, 7, 1, 1, 88]), 1007],
    ['truncated update', Buffer.from(syncMessage(2, new Uint8Array([1, 1, 1]))), 1007],
    ['enormous count', Buffer.from(syncMessage(2, new Uint8Array([0xff, 0xff, 0xff, 0xff, 0x0f, 0]))), 1007],
    ['bad state vector', Buffer.from(syncMessage(0, new Uint8Array([9, 1]))), 1007],
    ['bytes after the end', Buffer.concat([Buffer.from(syncMessage(2, new Uint8Array([0, 0]))), Buffer.from([1])]), 1007],
  ]
  for (const [what, bytes, code] of hostile) {
    const bad = socket(`/documents/${document.id}/sync?token=${writer.token}`)
    await bad.opened
    bad.ws.send(bytes)
    assert.equal((await bad.closed).code, code, what)
  }
  const large = new Y.Doc()
  large.getText('content').insert(0, 'x'.repeat(300_000))
  const tooLarge = socket(`/documents/${document.id}/sync?token=${writer.token}`)
  await tooLarge.opened
  tooLarge.ws.send(syncMessage(2, Y.encodeStateAsUpdate(large)))
  assert.equal((await tooLarge.closed).code, 1009)
  witness.change((text) => text.insert(0, 'and '))
  await until('service', async () => (await hub.read(owner, document)).content === 'and still here')
  assert.equal(witness.closes.length, 0)
  witness.close()
})

test('a document nobody uses leaves memory and comes back whole', async () => {
  const document = await sharedDocument()
  const a = new Client(hub, document, owner)
  await a.synced()
  a.change((text) => text.insert(0, 'kept'))
  await until('acknowledgement', () => a.acknowledged.size === 1)
  a.close()
  const open = async () => {
    const metrics = (await hub.request('GET', '/metrics')).body
    return Number(/^concord_documents_open (\d+)/m.exec(metrics)[1])
  }
  await until('memory given back', async () => (await open()) === 0, 15_000)
  assert.equal((await hub.read(owner, document)).content, 'kept')
})

test('SIGTERM drains: sessions are told, everything acknowledged is there after the next start', async () => {
  const document = await sharedDocument()
  const a = new Client(hub, document, owner)
  await a.synced()
  for (let i = 0; i < 50; i++) a.change((text) => text.insert(0, 'z'))
  await until('acknowledgement', () => a.acknowledged.size === 50)
  const { code, ms } = await hub.end('SIGTERM')
  assert.equal(code, 0)
  assert.ok(ms < 10_000, `took ${ms} ms`)
  assert.ok(a.closes.some((close) => close.code === 1001))
  await hub.spawn()
  assert.equal((await hub.read(owner, document)).content, 'z'.repeat(50))
  await until('reconnection', () => a.provider.wsconnected)
  a.close()
})
