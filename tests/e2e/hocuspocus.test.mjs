// Live sessions with real Hocuspocus clients: @hocuspocus/provider 4 and 3, unchanged, and raw sockets where a client
// misbehaves.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import WebSocket from 'ws'
import * as Y from 'yjs'
import * as encoding from 'lib0/encoding'
import * as decoding from 'lib0/decoding'
import { Hub, until } from './hub.mjs'
import { Client } from './client.mjs'
import { HocuspocusConnection, message } from './hocuspocus_client.mjs'

let hub, owner, writer, reader, stranger

before(async () => {
  hub = await Hub.start({ DOCUMENT_MAX_BYTES: '200000', SESSION_SIGN_IN_MS: '1500' })
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

const content = async (document) => (await hub.read(owner, document)).content

for (const version of [4, 3]) {
  test(`two clients of version ${version} type at once and converge`, async () => {
    const document = await sharedDocument()
    const one = new HocuspocusConnection(hub, { version })
    const two = new HocuspocusConnection(hub, { version })
    const a = one.open(document, owner.token)
    const b = two.open(document, writer.token)
    await Promise.all([a.synced(), b.synced()])
    for (let i = 0; i < 100; i++) {
      a.change((text) => text.insert(0, 'a'))
      b.change((text) => text.insert(text.length, 'b'))
    }
    await until('convergence', () => a.text.length === 200 && a.text.toString() === b.text.toString())
    await Promise.all([a.saved(), b.saved()])
    assert.equal(await content(document), a.text.toString())
    assert.deepEqual(a.scopes, ['read-write'])
    one.close(); two.close()
  })

  test(`presence reaches the others, comes back, and goes with its socket: version ${version}`, async () => {
    const document = await sharedDocument()
    const one = new HocuspocusConnection(hub, { version })
    const two = new HocuspocusConnection(hub, { version })
    const a = one.open(document, owner.token)
    const b = two.open(document, writer.token)
    await Promise.all([a.synced(), b.synced()])
    a.provider.setAwarenessField('user', { name: 'Owner' })
    const seen = () => b.provider.awareness.getStates().get(a.doc.clientID)?.user?.name
    await until('presence', () => seen() === 'Owner')
    one.received.length = 0
    a.provider.setAwarenessField('user', { name: 'Owner again' })
    await until('its own presence', () => one.received.length > 0)
    one.socket.shouldConnect = false
    one.ws.terminate()
    await until('absence', () => seen() === undefined)
    one.close(); two.close()
  })
}

test('a change counts as synced only once it is durable', async () => {
  const document = await sharedDocument()
  const connection = new HocuspocusConnection(hub)
  const a = connection.open(document, owner.token)
  await a.synced()
  for (let i = 0; i < 30; i++) {
    a.change((text) => text.insert(0, 'x'))
    assert.equal(a.provider.unsyncedChanges, 1)
    await a.saved()
    // No goodbye, no flush: what was said to be synced is there after a crash.
    if (i % 10 !== 9) continue
    await hub.crash()
    await hub.spawn()
    assert.equal(await content(document), 'x'.repeat(i + 1))
    await until('reconnection', () => a.provider.isSynced)
    await a.saved()
  }
  connection.close()
})

test('several documents share one socket, each with its own token and access', async () => {
  const documents = await Promise.all(Array.from({ length: 12 }, sharedDocument))
  const hidden = await hub.createDocument(owner, { name: 'hidden' })
  const connection = new HocuspocusConnection(hub)
  const clients = documents.map((document, i) => connection.open(document, i % 2 === 0 ? owner.token : writer.token))
  const readOnly = connection.open(await sharedDocument(), reader.token)
  const refused = connection.open(hidden, writer.token)
  await Promise.all([...clients, readOnly].map((client) => client.synced()))
  await until('refusal', () => refused.denied.length === 1)
  assert.equal(refused.denied[0], 'there is no such document')
  clients.forEach((client, i) => client.change((text) => text.insert(0, `number ${i}`)))
  await Promise.all(clients.map((client) => client.saved()))
  for (const [i, document] of documents.entries()) assert.equal(await content(document), `number ${i}`)
  assert.equal(readOnly.provider.authorizedScope, 'readonly')
  // One leaves; the others stay.
  clients[0].provider.destroy()
  clients[1].change((text) => text.insert(0, 'still '))
  await clients[1].saved()
  assert.equal(await content(documents[1]), 'still number 1')
  assert.equal(connection.closes.length, 0)
  connection.close()
})

test('two sessions on one document over one socket, where the provider is aware of sessions', async () => {
  const document = await sharedDocument()
  const connection = new HocuspocusConnection(hub)
  const a = connection.open(document, owner.token, { sessionAwareness: true })
  const b = connection.open(document, writer.token, { sessionAwareness: true })
  await Promise.all([a.synced(), b.synced()])
  a.change((text) => text.insert(0, 'by a'))
  await until('the other session', () => b.text.toString() === 'by a')
  b.change((text) => text.insert(4, ' and b'))
  await until('the one session', () => a.text.toString() === 'by a and b')
  await Promise.all([a.saved(), b.saved()])
  connection.close()
})

test('a wrong token is told, and a right one may follow on the same socket', async () => {
  const document = await sharedDocument()
  const connection = new HocuspocusConnection(hub)
  let token = 'x.y.z'
  const a = connection.open(document, () => token)
  const b = connection.open(await sharedDocument(), owner.token)
  await until('refusal', () => a.denied.length > 0)
  await b.synced()
  token = owner.token
  await a.provider.sendToken()
  a.provider.startSync()
  await a.synced()
  assert.equal(connection.closes.length, 0)
  connection.close()
})

test('a reader receives, its changes stay unsynced, and nothing of them reaches the document', async () => {
  const document = await sharedDocument()
  const one = new HocuspocusConnection(hub)
  const a = one.open(document, owner.token)
  const r = one.open(document, reader.token, { sessionAwareness: true })
  await Promise.all([a.synced(), r.synced()])
  assert.equal(r.provider.authorizedScope, 'readonly')
  a.change((text) => text.insert(0, 'for readers'))
  await until('reading', () => r.text.toString() === 'for readers')
  r.change((text) => text.insert(0, 'intruding '))
  a.change((text) => text.insert(0, 'only '))
  await until('later news', () => r.text.toString().includes('only'))
  assert.equal(r.provider.unsyncedChanges, 1)
  assert.equal(await content(document), 'only for readers')
  // Who may write from now on is asked for what it has.
  await hub.share(owner, document, reader, 'write')
  await r.saved()
  assert.equal(r.provider.authorizedScope, 'read-write')
  await until('the change', () => a.text.toString() === r.text.toString())
  assert.ok((await content(document)).includes('intruding'))
  await hub.share(owner, document, reader, 'read')
  await until('the scope', () => r.provider.authorizedScope === 'readonly')
  one.close()
})

test('access that is taken away and documents that are deleted end their sessions alone', async () => {
  const [shared, deleted, kept] = await Promise.all([sharedDocument(), sharedDocument(), sharedDocument()])
  const connection = new HocuspocusConnection(hub)
  const [a, b, c] = [shared, deleted, kept].map((document) => connection.open(document, writer.token))
  await Promise.all([a.synced(), b.synced(), c.synced()])
  await hub.ask(owner, 'DELETE', `/documents/${shared.id}/share/${writer.id}`, undefined, 204)
  await hub.ask(owner, 'DELETE', `/documents/${deleted.id}`, undefined, 204)
  await until('both ends', () => a.closes.length === 1 && b.closes.length === 1)
  assert.equal(a.closes[0], '4404: the document is not shared with you any more')
  assert.equal(b.closes[0], '4404: the document was deleted')
  c.change((text) => text.insert(0, 'goes on'))
  await c.saved()
  assert.equal(connection.closes.length, 0)
  connection.close()
})

test('a session that is signed out elsewhere loses its documents', async () => {
  const document = await sharedDocument()
  const phone = await hub.logIn(writer)
  const connection = new HocuspocusConnection(hub)
  const a = connection.open(document, phone.token)
  await a.synced()
  const { sessions } = await hub.ask(phone, 'GET', '/auth/sessions', undefined, 200)
  await hub.ask(writer, 'DELETE', `/auth/sessions/${sessions.find(({ current }) => current).id}`, undefined, 204)
  await until('the end', () => a.closes.length === 1)
  assert.deepEqual(a.denied, ['the session was signed out'])
  assert.equal(a.closes[0], '4401: the session was signed out')
  connection.close()
})

test('stateless messages go to the other Hocuspocus clients of writers', async () => {
  const document = await sharedDocument()
  const one = new HocuspocusConnection(hub)
  const two = new HocuspocusConnection(hub, { version: 3 })
  const a = one.open(document, owner.token)
  const other = one.open(document, writer.token, { sessionAwareness: true })
  const b = two.open(document, reader.token)
  const plain = new Client(hub, document, writer)
  await Promise.all([a.synced(), other.synced(), b.synced(), plain.synced()])
  b.provider.sendStateless('a reader may not')
  a.provider.sendStateless('saved as draft 7 ✓')
  await until('the message', () => b.stateless.length === 1 && other.stateless.length === 1)
  other.provider.sendStateless('seen')
  await until('the answer', () => a.stateless.length === 1 && b.stateless.length === 2)
  assert.deepEqual(a.stateless, ['seen'])
  assert.deepEqual(b.stateless, ['saved as draft 7 ✓', 'seen'])
  assert.deepEqual(other.stateless, ['saved as draft 7 ✓'])
  a.provider.sendStateless('x'.repeat(70_000))
  await until('the limit', () => a.closes.length === 1)
  assert.match(a.closes[0], /^1009: /)
  assert.equal(one.closes.length + two.closes.length + plain.closes.length, 0)
  one.close(); two.close(); plain.close()
})

test('y-websocket and Hocuspocus clients and REST writers on one document converge', async () => {
  const document = await sharedDocument()
  const connection = new HocuspocusConnection(hub)
  const a = connection.open(document, owner.token)
  const b = new Client(hub, document, writer)
  await Promise.all([a.synced(), b.synced()])
  for (let i = 0; i < 50; i++) {
    a.change((text) => text.insert(0, 'h'))
    b.change((text) => text.insert(text.length, 'y'))
  }
  const { version } = await hub.read(owner, document)
  await hub.ask(owner, 'PUT', `/documents/${document.id}?format=text`, { content: 'REST', version }, 200)
  await a.saved()
  await until('acknowledgement', () => b.acknowledged.size === 50)
  const settled = await content(document)
  await until('convergence', () => a.text.toString() === settled && b.text.toString() === settled)
  assert.ok(settled.includes('REST'))
  a.provider.setAwarenessField('user', { name: 'Hocus' })
  await until('presence across dialects', () => b.provider.awareness.getStates().get(a.doc.clientID)?.user?.name === 'Hocus')
  connection.close(); b.close()
})

test('a restart of the hub loses nothing: clients come back and send what it missed', async () => {
  const document = await sharedDocument()
  const connection = new HocuspocusConnection(hub)
  const a = connection.open(document, owner.token)
  const b = connection.open(await sharedDocument(), owner.token)
  await Promise.all([a.synced(), b.synced()])
  a.change((text) => text.insert(0, 'before '))
  await a.saved()
  await hub.end('SIGTERM')
  await until('the close', () => connection.closes.length > 0)
  assert.equal(connection.closes[0].code, 1001)
  a.change((text) => text.insert(text.length, 'meanwhile'))
  await hub.spawn()
  await until('both documents again', () => a.provider.isSynced && b.provider.isSynced)
  await a.saved()
  assert.equal(await content(document), 'before meanwhile')
  connection.close()
})

/** A bare socket; `closed` resolves to {code, reason}; `messages` are {key, type, rest: a decoder}. */
function bare(at = hub) {
  const ws = new WebSocket(`${at.ws}/hocuspocus`)
  const messages = []
  ws.on('error', () => {})
  ws.on('message', (data) => {
    const decoder = decoding.createDecoder(new Uint8Array(data))
    messages.push(data.length === 1 ? { type: data[0] } : { key: decoding.readVarString(decoder), type: decoding.readVarUint(decoder), rest: decoder })
  })
  const closed = new Promise((resolve) => ws.once('close', (code, reason) => resolve({ code, reason: String(reason) })))
  const opened = new Promise((resolve) => ws.once('open', resolve))
  const said = (type) => until(`message ${type}`, () => messages.find((m) => m.type === type))
  return { ws, messages, closed, opened, said }
}

const kAuth = 2
const kClose = 7
const signIn = (key, token, ...more) => message(key, (e) => {
  for (const n of [kAuth, 0]) encoding.writeVarUint(e, n)
  for (const text of [token, ...more]) encoding.writeVarString(e, text)
})
const bytes = (key, ...rest) => message(key, (e) => encoding.writeUint8Array(e, new Uint8Array(rest)))

test('malformed messages of each type close their document, and nobody else', async () => {
  const document = await sharedDocument()
  const witness = new HocuspocusConnection(hub)
  const w = witness.open(document, owner.token)
  await w.synced()
  const large = new Y.Doc()
  large.getText('content').insert(0, 'x'.repeat(250_000))
  const update = [...Y.encodeStateAsUpdate(large)]
  const tooLarge = message(document.id, (e) => {
    for (const n of [0, 2]) encoding.writeVarUint(e, n)
    encoding.writeVarUint8Array(e, new Uint8Array(update))
  })
  const hostile = {
    'an unknown sync step': [bytes(document.id, 0, 9, 0), 1007],
    'a truncated sync message': [bytes(document.id, 0, 2, 50, 1), 1007],
    'an update that is none': [bytes(document.id, 0, 2, 3, 1, 1, 1), 1007],
    'an answer that is none': [bytes(document.id, 0, 1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f), 1007],
    'a state vector that is none': [bytes(document.id, 0, 0, 2, 9, 1), 1007],
    'a reply that is none': [bytes(document.id, 4, 2, 3, 1, 1, 1), 1007],
    'an awareness update that is none': [bytes(document.id, 1, 2, 9, 9), 1007],
    'an awareness update with too many entries': [bytes(document.id, 1, 3, 0xff, 0xff, 0x03), 1009],
    'presence that others could not read': [bytes(document.id, 1, 5, 1, 7, 1, 1, 88), 1007],
    'an auth message of the hub': [bytes(document.id, 2, 1, 0), 1007],
    'a token without an end': [bytes(document.id, 2, 0, 90, 1), 1007],
    'bytes behind a query': [bytes(document.id, 3, 1), 1007],
    'stateless text that is none': [bytes(document.id, 5, 2, 0xff, 0xfe), 1007],
    'a broadcast, which is for servers': [bytes(document.id, 6, 1, 65), 1007],
    'a sync status': [bytes(document.id, 8, 1), 1007],
    'more than the document may hold': [tooLarge, 1009],
  }
  for (const [what, [wrong, code]] of Object.entries(hostile)) {
    const socket = bare()
    await socket.opened
    socket.ws.send(signIn(document.id, writer.token))
    await socket.said(kAuth)
    socket.ws.send(wrong)
    const { key, rest } = await socket.said(kClose)
    assert.equal(key, document.id)
    assert.match(decoding.readVarString(rest), new RegExp(`^${code}: `), what)
    // The socket is as good as before.
    socket.messages.length = 0
    socket.ws.send(signIn(document.id, writer.token))
    const again = await socket.said(kAuth)
    assert.equal(decoding.readVarUint(again.rest), 2, what)
    socket.ws.close()
  }
  w.change((text) => text.insert(0, 'still here'))
  await w.saved()
  assert.equal(await content(document), 'still here')
  assert.equal(witness.closes.length, 0)
  witness.close()
})

test('what names no document closes the socket', async () => {
  const document = await sharedDocument()
  for (const [what, wrong, code] of [
    ['nothing', new Uint8Array(0), 1007],
    ['a key without an end', new Uint8Array([200, 1, 65]), 1007],
    ['a key that is no text', new Uint8Array([2, 0xff, 0xfe, 0]), 1007],
    ['a key and no type', bytes(document.id), 1007],
    ['an unknown type', bytes(document.id, 77), 1007],
    ['a key that is too long', bytes('k'.repeat(1000), 3), 1007],
    ['text', 'hello', 1003],
  ]) {
    const socket = bare()
    await socket.opened
    socket.ws.send(wrong)
    assert.equal((await socket.closed).code, code, what)
  }
})

test('who opens no document in time is sent away; who opens too many, too', async () => {
  const silent = bare()
  const { code, reason } = await silent.closed
  assert.deepEqual([code, reason], [4401, 'no document was opened in time'])
  const greedy = bare()
  await greedy.opened
  for (let i = 0; i < 300; i++) greedy.ws.send(signIn(`no document ${i}`, owner.token))
  assert.equal((await greedy.closed).code, 1008)
  const waiting = bare()
  await waiting.opened
  const document = await sharedDocument()
  const chunk = new Uint8Array(1 << 20)
  for (let i = 0; i < 9; i++) {
    waiting.ws.send(message(document.id, (e) => {
      for (const n of [0, 2]) encoding.writeVarUint(e, n)
      encoding.writeVarUint8Array(e, chunk)
    }))
  }
  assert.equal((await waiting.closed).code, 1009)
})

test('tokens are asked for before they end, and the session goes on with new ones; without, it ends', async () => {
  const other = await Hub.start({ ACCESS_TOKEN_SECONDS: '12' })
  try {
    const user = await other.register('Owner')
    const document = await other.createDocument(user, { name: 'renewed' })
    const socket = bare(other)
    await socket.opened
    socket.ws.send(signIn(document.id, user.token, '4.0.0'))
    assert.equal(decoding.readVarUint((await socket.said(kAuth)).rest), 2)
    for (let i = 0; i < 2; i++) {  // each time the token before has little or nothing left
      socket.messages.length = 0
      const wish = await until('the wish for a token', () => socket.messages.find((m) => m.type === kAuth), 20_000)
      assert.equal(decoding.readVarUint(wish.rest), 0)
      socket.ws.send(signIn(document.id, (await other.logIn(user)).token, '4.0.0'))
    }
    socket.messages.length = 0
    const end = await until('the end', () => socket.messages.find((m) => m.type === kClose), 30_000)
    assert.equal(decoding.readVarString(end.rest), '4401: the access token has expired')
    const [wish, denied] = socket.messages.filter((m) => m.type === kAuth)
    assert.deepEqual([decoding.readVarUint(wish.rest), decoding.readVarUint(denied.rest)], [0, 1])
    socket.ws.close()
  } finally {
    await other.stop()
  }
})

test('a provider that answers pings is kept from taking silence for the end; an older one is sent none', async () => {
  const document = await sharedDocument()
  const [four, three] = [bare(), bare()]
  await Promise.all([four.opened, three.opened])
  four.ws.send(signIn(document.id, owner.token, '4.8.0'))
  three.ws.send(signIn(document.id, owner.token))
  await Promise.all([four.said(kAuth), three.said(kAuth)])
  four.ws.send(new Uint8Array([9]))
  await four.said(10)  // and the other way round
  await until('a ping', () => four.messages.some((m) => m.type === 9), 25_000)
  four.ws.send(new Uint8Array([10]))
  assert.ok(!three.messages.some((m) => m.type === 9))
  four.ws.close(); three.ws.close()
})
