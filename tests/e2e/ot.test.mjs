// Operational transformation over Socket.IO, with socket.io-client and quill-delta as they come from npm.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import Delta from 'quill-delta'
import { Hub, until } from './hub.mjs'
import { Client } from './client.mjs'
import { OtClient } from './ot_client.mjs'

let hub, owner, writer, reader, stranger

before(async () => {
  hub = await Hub.start({ DOCUMENT_MAX_BYTES: '200000' })
  owner = await hub.register('Owner')
  writer = await hub.register('Writer')
  reader = await hub.register('Reader')
  stranger = await hub.register('Stranger')
})
after(() => hub?.stop())

const clients = []
const connect = (document, user, options) => {
  const client = new OtClient(hub, document, user, options)
  clients.push(client)
  return client
}
test.afterEach(() => { for (const client of clients.splice(0)) client.close() })

async function sharedDocument(fields = {}) {
  const document = await hub.createDocument(owner, { name: 'shared', ...fields })
  await hub.share(owner, document, writer, 'write')
  await hub.share(owner, document, reader, 'read')
  return document
}
const settled = (...all) => until('everything is durable', () => all.every((client) => client.settled))
const equal = async (...all) => {
  await until('convergence', () => all.every((client) => client.settled && client.version === all[0].version && client.text === all[0].text))
  for (const client of all) assert.deepEqual(client.shown, all[0].shown)
}

for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
  test(`${transports}: two clients type at once and converge`, async () => {
    const document = await sharedDocument({ content: 'begin' })
    const a = connect(document, owner, { transports })
    const b = connect(document, writer, { transports })
    await Promise.all([a.ready(), b.ready()])
    assert.equal(a.permission, 'owner')
    assert.equal(b.permission, 'write')
    assert.equal(a.text, 'begin')
    for (let i = 0; i < 40; i++) {
      a.insert(0, 'a')
      b.insert(b.text.length, 'b', { bold: true })
      if (i % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await equal(a, b)
    assert.equal(a.text, 'a'.repeat(40) + 'begin' + 'b'.repeat(40))
    assert.equal((await hub.read(owner, document)).content, a.text)
  })
}

test('who comes back gets what was missed, and only that', async () => {
  const document = await sharedDocument()
  const a = connect(document, owner)
  const b = connect(document, writer)
  await Promise.all([a.ready(), b.ready()])
  a.insert(0, 'one ')
  await equal(a, b)
  b.socket.disconnect()
  await until('gone', () => !b.joined)
  const before = b.version
  a.insert(4, 'two ')
  await settled(a)
  const { version, content } = await hub.read(owner, document)
  await hub.ask(owner, 'PUT', `/documents/${document.id}?format=text`, { content: content + 'three', version }, 200)
  b.insert(0, 'zero ')   // typed without a connection
  const answers = []
  const join = b.join.bind(b)
  b.join = async (more) => { const answer = await join(more); answers.push(answer); return answer }
  b.socket.connect()
  await equal(a, b)
  assert.equal(b.text, 'zero one two three')
  assert.equal(answers[0].content, undefined)
  assert.ok(answers[0].operations.length > 0 && answers[0].operations.length <= answers[0].version - before)
})

test('an operation that is sent again is answered again and done once', async () => {
  const document = await sharedDocument()
  const a = connect(document, owner)
  await a.ready()
  const message = { document: document.id, op: [{ insert: 'once' }], version: a.version, sequence: 7 }
  const first = await a.socket.emitWithAck('send-changes', message)
  assert.deepEqual(Object.keys(first), ['document', 'version', 'sequence'])
  const second = await a.socket.emitWithAck('send-changes', message)
  assert.equal(second.sequence, 7)
  assert.equal((await hub.read(owner, document)).content, 'once')
  // And over another connection of the same client, which tells what it does not know the fate of.
  const again = connect(document, owner, { joins: false })
  await until('connected', () => again.socket.connected)
  const { acknowledged, operations } = await again.socket.emitWithAck('join', { document: document.id, client: a.client, last_known_version: message.version, unacknowledged: 7 })
  assert.equal(acknowledged, true)
  assert.deepEqual(operations.map(({ sequence, op }) => [sequence, op.ops]), [[7, [{ insert: 'once' }]]])
  assert.equal((await again.socket.emitWithAck('send-changes', message)).sequence, 7)
  assert.equal((await hub.read(owner, document)).content, 'once')
})

test('many documents over one connection', async () => {
  const documents = await Promise.all([1, 2, 3, 4].map(() => sharedDocument()))
  const { socket } = connect(documents[0], owner, { joins: false })
  for (const [i, { id }] of documents.entries()) {
    const { version } = await socket.emitWithAck('join', { document: id })
    await socket.emitWithAck('send-changes', { document: id, op: [{ insert: `text ${i}` }], version, sequence: 1 })
  }
  for (const [i, document] of documents.entries()) assert.equal((await hub.read(owner, document)).content, `text ${i}`)
  assert.deepEqual(await socket.emitWithAck('leave', { document: documents[0].id }), {})
  const { error } = await socket.emitWithAck('send-changes', { document: documents[0].id, op: [{ insert: 'x' }], version: 1, sequence: 2 })
  assert.equal(error.code, 'conflict')
  assert.equal((await socket.emitWithAck('join', { document: documents[0].id })).content.ops[0].insert, 'text 0')
  assert.equal((await socket.emitWithAck('join', { document: documents[0].id })).error.code, 'conflict')
})

test('a reader reads, and may not write', async () => {
  const document = await sharedDocument({ content: 'text' })
  const r = connect(document, reader)
  const a = connect(document, owner)
  await Promise.all([r.ready(), a.ready()])
  assert.equal(r.permission, 'read')
  const { error } = await r.socket.emitWithAck('send-changes', { document: document.id, op: [{ insert: 'x' }], version: r.version, sequence: 1 })
  assert.equal(error.code, 'permission_denied')
  a.insert(4, ' and more')
  await until('what others write', () => r.text === 'text and more')
})

test('who may not is told why, in the words of the house', async () => {
  const document = await sharedDocument()
  const refusal = async (user, more) => {
    const client = connect(document, user, { joins: false })
    const { error } = await client.socket.emitWithAck('join', { document: document.id, ...more })
    return error?.code
  }
  assert.equal(await refusal(stranger), 'not_found')
  assert.equal(await refusal({ name: 'x', token: 'nonsense' }), 'unauthenticated')
  assert.equal(await refusal({ name: 'x' }), 'unauthenticated')
  assert.equal(await refusal({ name: 'x' }, { token: owner.token }), undefined)
  const gone = 'doc_' + '0'.repeat(26)
  assert.equal(await refusal(owner, { document: gone }), 'not_found')
  const over = connect(document, { name: 'x', token: 'x'.repeat(5000) }, { joins: false })
  assert.equal(await new Promise((resolve) => over.socket.once('connect_error', ({ data }) => resolve(data.error.field))), 'token')
})

test('access that changes, or ends, is told within a second', async () => {
  const document = await sharedDocument()
  const w = connect(document, writer)
  await w.ready()
  await hub.share(owner, document, writer, 'read')
  await until('read only', () => w.events.some(([name, { permission }]) => name === 'access-changed' && permission === 'read'), 1000)
  w.insert(0, 'too late')
  await until('refusal', () => w.got('refused', 'permission_denied'))
  await hub.share(owner, document, writer, 'write')
  await until('may write again', () => w.events.some(([, { permission }]) => permission === 'write'), 1000)
  await hub.ask(owner, 'DELETE', `/documents/${document.id}/share/${encodeURIComponent(writer.id)}`, undefined, 204)
  await until('the end', () => w.got('ended', 'not_found'), 1000)
  assert.equal((await w.socket.emitWithAck('join', { document: document.id })).error.code, 'not_found')
})

test('a sign-in that ends takes its sessions along; another token renews', async () => {
  const document = await sharedDocument()
  const second = await hub.logIn(writer)
  const w = connect(document, second)
  await w.ready()
  const third = await hub.logIn(writer)
  assert.deepEqual(await w.socket.emitWithAck('authenticate', { token: third.token }), {})
  await hub.request('POST', '/auth/logout', { body: { refresh_token: second.refresh } })
  w.insert(0, 'still here')
  await settled(w)
  await hub.request('POST', '/auth/logout', { body: { refresh_token: third.refresh } })
  await until('the end', () => w.got('ended', 'unauthenticated'), 1000)
})

test('cursors are told, moved with the text, and go', async () => {
  const document = await sharedDocument({ content: 'hello world' })
  const a = connect(document, owner, { name: 'Ada' })
  const b = connect(document, writer, { name: 'Bob' })
  await Promise.all([a.ready(), b.ready()])
  await until('presence', () => b.presences.get(a.id)?.name === 'Ada' && a.presences.get(b.id)?.color === '#123456')
  a.moveCursor(6, 5)
  await until('cursor', () => b.cursors.get(a.id)?.position === 6)
  assert.equal(b.cursors.get(a.id).length, 5)
  assert.equal(b.cursors.get(a.id).user.name, 'Ada')
  // One that was made for an older version is brought to now.
  const old = a.version
  b.insert(0, 'oh, ')
  await equal(a, b)
  a.socket.emit('cursor', { document: document.id, version: old, position: 2, length: 1 })
  await until('moved', () => b.cursors.get(a.id)?.position === 6 && b.cursors.get(a.id)?.length === 1)
  assert.equal(b.cursors.get(a.id).version, b.version)
  // Who comes later sees it where it is by now.
  b.insert(0, '>>')
  await equal(a, b)
  const late = connect(document, reader)
  await late.ready()
  await until('the cursor of before', () => late.cursors.get(a.id)?.position === 8)
  a.socket.emit('cursor', { document: document.id, version: a.version + 1, position: 0 })
  await until('refusal', () => a.got('refused', 'invalid_argument'))
  a.socket.emit('cursor', { document: document.id, position: null })
  await until('no cursor', () => !b.cursors.has(a.id) && b.presences.has(a.id))
  a.close()
  await until('gone', () => !b.presences.has(a.id) && !late.presences.has(a.id))
})

test('clients of both kinds see each other', async () => {
  const document = await sharedDocument()
  const a = connect(document, owner, { name: 'Ada' })
  const y = new Client(hub, document, writer)
  clients.push(y)
  y.provider.awareness.setLocalStateField('user', { name: 'Yjs', color: '#abc', more: { than: 'is understood' } })
  await Promise.all([a.ready(), y.synced()])
  await until('the Yjs client', () => [...a.presences.values()].some(({ name, color }) => name === 'Yjs' && color === '#abc'))
  await until('the OT client', () => [...y.provider.awareness.getStates().values()].some((state) => state?.user?.name === 'Ada'))
  a.type(true)
  await until('it types there', () => [...y.provider.awareness.getStates().values()].some((state) => state?.user?.name === 'Ada' && state.typing === true))
  y.provider.awareness.setLocalStateField('typing', true)
  await until('the other types', () => a.typing.size === 1)
  a.type(false)
  y.provider.awareness.setLocalStateField('typing', null)
  await until('nobody types', () => a.typing.size === 0 && ![...y.provider.awareness.getStates().values()].some((state) => state?.typing))
  a.insert(0, 'seen by both')
  await until('text', () => y.text.toString() === 'seen by both')
  y.change((text) => text.format(0, 4, { bold: true }))
  y.change((text) => text.insertEmbed(4, { image: 'x' }))
  await until('formats and embeds', () => isDeepStrictEqual(a.shown.ops, y.text.toDelta()))
  y.close()
  await until('gone', () => a.presences.size === 0)
})

test('malformed input of each kind is answered, and the hub lives', async () => {
  const document = await sharedDocument({ content: 'text' })
  const { socket } = connect(document, owner, { joins: false })
  await until('connected', () => socket.connected)
  const join = await socket.emitWithAck('join', { document: document.id })
  const good = { document: document.id, version: join.version, sequence: 1, op: [{ retain: 4 }, { insert: '!' }] }
  const cases = [
    ['join', {}, 'document'], ['join', { document: 7 }, 'document'], ['join', { document: 'doc_x' }, 'document'],
    ['join', 'text', 'argument'], ['join', [], 'argument'], ['join', null, 'argument'],
    ['join', { document: document.id, client: '' }, 'client'], ['join', { document: document.id, client: 'x'.repeat(65) }, 'client'],
    ['join', { document: document.id, last_known_version: -1 }, 'last_known_version'],
    ['join', { document: document.id, user: 'Ada' }, 'user'], ['join', { document: document.id, token: 5 }, 'token'],
    ['send-changes', {}, 'document'], ['send-changes', { ...good, version: 'x' }, 'version'],
    ['send-changes', { ...good, version: 1e12 }], ['send-changes', { ...good, sequence: -1 }, 'sequence'],
    ['send-changes', { ...good, sequence: 1.5 }, 'sequence'], ['send-changes', { ...good, op: undefined }, 'op'],
    ['send-changes', { ...good, op: 'x' }, 'ops'], ['send-changes', { ...good, op: { ops: 3 } }, 'ops'],
    ['send-changes', { ...good, op: { x: [] } }, 'op'], ['send-changes', { ...good, op: [{ insert: 'a', delete: 1 }] }, 'ops[0]'],
    ['send-changes', { ...good, op: [{ retain: 0 }] }, 'ops[0].retain'], ['send-changes', { ...good, op: [{ delete: -1 }] }, 'ops[0].delete'],
    ['send-changes', { ...good, op: [{ retain: 5 }, { insert: 'x' }] }],
    ['send-changes', { ...good, op: [{ delete: 1 }, { insert: 'x' }] }, 'ops[1]'],
    ['leave', {}, 'document'], ['authenticate', {}, 'token'], ['no-such-event', {}, 'event'],
  ]
  for (const [event, argument, field] of cases) {
    const { error } = await socket.emitWithAck(event, argument)
    const what = `${event} ${JSON.stringify(argument)} → ${JSON.stringify(error)}`
    assert.ok(['invalid_argument', 'conflict', 'too_large'].includes(error?.code), what)
    if (field) assert.equal(error.field, field, what)
  }
  assert.equal((await socket.emitWithAck('join', { document: document.id }, 'two')).error.field, 'argument')
  assert.equal((await socket.emitWithAck('join', Buffer.from('x'))).error.field, 'argument')
  const refused = new Promise((resolve) => socket.once('refused', resolve))
  socket.emit('cursor', { document: document.id, version: 0, position: -1 })
  assert.equal((await refused).error.field, 'position')
  // Half a surrogate pair is no JSON text that can be read: the connection ends, and comes again.
  const again = connect(document, owner, { joins: false })
  await until('connected', () => again.socket.connected)
  again.socket.emit('send-changes', { ...good, op: [{ insert: '\ud800' }] })
  await until('the end', () => again.got('ended', 'invalid_argument'))
  await until('connected again', () => again.socket.connected)
  const tooLarge = await socket.emitWithAck('send-changes', { ...good, op: [{ insert: 'x'.repeat(300_000) }] })
  assert.equal(tooLarge.error.code, 'too_large')
  assert.ok(tooLarge.error.limit > 0)
  assert.equal((await socket.emitWithAck('send-changes', good)).sequence, 1)
  assert.equal((await hub.read(owner, document)).content, 'text!')
})
