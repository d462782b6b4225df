// Clients that read more slowly than a document changes, and those that only watch: nothing is lost to them, and
// nothing is kept for them without end.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import WebSocket from 'ws'
import * as Y from 'yjs'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { Hub, until } from './hub.mjs'
import { Client } from './client.mjs'
import { HocuspocusConnection } from './hocuspocus_client.mjs'
import { OtClient } from './ot_client.mjs'

let hub, owner

before(async () => {
  // What a socket's queue may hold is not what is tried here, and edits that become durable together may pass it at once.
  hub = await Hub.start({ SESSION_UNSENT_BYTES: '65536', SESSION_SLOW_SECONDS: '3', WEBSOCKET_MAX_QUEUE_BYTES: '67108864' })
  owner = await hub.register('Owner')
})
after(() => hub?.stop())

/** A client that reads only when it is told to, and notes what it was sent. */
class Reader {
  constructor(document) {
    this.doc = new Y.Doc()
    this.updates = 0
    this.presence = 0
    this.ws = new WebSocket(`${hub.ws}/documents/${document.id}/sync?token=${owner.token}`)
    this.ws.on('error', () => {})
    this.closed = new Promise((resolve) => this.ws.once('close', (code, reason) => resolve({ code, reason: String(reason) })))
    this.ws.on('message', (data) => this.read(new Uint8Array(data)))
    this.opened = new Promise((resolve) => this.ws.once('open', resolve)).then(() => {
      this.ws.send(encoding.encode((e) => {
        encoding.writeVarUint(e, 0)
        encoding.writeVarUint(e, 0)
        encoding.writeVarUint8Array(e, Y.encodeStateVector(this.doc))
      }))
    })
  }

  read(message) {
    const decoder = decoding.createDecoder(message)
    const type = decoding.readVarUint(decoder)
    if (type === 1) this.presence += 1
    if (type !== 0 || decoding.readVarUint(decoder) === 0) return
    this.updates += 1
    Y.applyUpdate(this.doc, decoding.readVarUint8Array(decoder))
  }

  get text() { return this.doc.getText('content').toString() }
  pause() { this.ws.pause() }
  resume() { this.ws.resume() }
}

/** A writer and a reader of a new document, which go when the test ends, however it does. */
async function both(t, name) {
  const document = await hub.createDocument(owner, { name })
  const writer = new Client(hub, document, owner)
  const reader = new Reader(document)
  t.after(() => { reader.ws.terminate(); writer.close() })
  await Promise.all([writer.synced(), reader.opened])
  return { writer, reader }
}

async function metric(name, of = hub) {
  const { body } = await of.request('GET', '/metrics')
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(body)[1])
}

/** Writes and deletes a long text again and again, so that much is sent about a small document. */
async function churn(writer, rounds) {
  for (let i = 0; i < rounds; ++i) {
    writer.change((text) => text.insert(0, `${i}`.padEnd(100_000, '.')))
    writer.change((text) => text.delete(0, 100_000))
    await until('acknowledgement', () => writer.acknowledged.size === writer.made)
  }
}

test('who has not read for a while is told all in one piece, and presence after it', async (t) => {
  const { writer, reader } = await both(t, 'long')
  writer.change((text) => text.insert(0, 'begin. '))
  await until('the first edit', () => reader.text === 'begin. ')
  const before = { updates: reader.updates, presence: reader.presence, fresh: await metric('concord_documents_fresh_syncs_total') }
  reader.pause()
  await churn(writer, 150)
  writer.provider.awareness.setLocalStateField('user', { name: 'Writer' })
  writer.change((text) => text.insert(text.length, 'end.'))
  await until('presence is left out', async () => (await metric('concord_documents_presence_left_out_total')) > 0)
  reader.resume()
  await until('the reader has it all', () => reader.text === writer.text.toString())
  assert.equal(reader.text, 'begin. end.')
  await until('presence comes after it', () => reader.presence > before.presence)
  assert.ok(reader.updates - before.updates < 301, `${reader.updates - before.updates} updates for 301 edits`)
  assert.ok(await metric('concord_documents_fresh_syncs_total') > before.fresh)
  writer.change((text) => text.insert(0, 'on: '))
  await until('it goes on as before', () => reader.text === 'on: begin. end.')
})

test('who reads nothing at all is closed, and told why', async (t) => {
  const { writer, reader } = await both(t, 'stuck')
  writer.change((text) => text.insert(0, 'begin. '))
  await until('the first edit', () => reader.text === 'begin. ')
  reader.pause()
  // What the kernel takes for it does not wait: there has to be more, again and again.
  await until('the session is closed', async () => {
    await churn(writer, 10)
    return (await metric('concord_documents_sessions')) === 1
  }, 60_000)
  reader.resume()
  const { code, reason } = await reader.closed
  assert.equal(code, 4408)
  assert.match(reason, /reads too slowly: \d+ bytes have waited for 3 s/)
})

test('who only watches is told now and then, and everything when it looks again', async (t) => {
  const { writer, reader } = await both(t, 'watched')
  reader.ws.send(JSON.stringify({ type: 'watch', passive: true }))
  writer.change((text) => text.insert(0, 'seen'))
  await until('the reader has it', () => reader.text === 'seen')
  const before = reader.updates
  for (let i = 0; i < 100; ++i) {
    writer.change((text) => text.insert(text.length, '.'))
    writer.provider.awareness.setLocalStateField('at', i)
  }
  await until('acknowledgement', () => writer.acknowledged.size === writer.made)
  await until('the reader has them', () => reader.text === 'seen' + '.'.repeat(100))
  assert.ok(reader.updates - before <= 10, `${reader.updates - before} updates for 100 edits`)
  const presence = reader.presence
  reader.ws.send(JSON.stringify({ type: 'watch', passive: false }))
  await until('presence', () => reader.presence > presence)
  writer.change((text) => text.insert(0, '>'))
  await until('the next edit', () => reader.text.startsWith('>'))
})

test('what is said of watching is held against its form', async () => {
  const document = await hub.createDocument(owner, { name: 'form' })
  for (const said of ['{"type":"watch"}', '{"type":"watch","passive":1}', '{"type":"look"}']) {
    const reader = new Reader(document)
    await reader.opened
    reader.ws.send(said)
    assert.equal((await reader.closed).code, 1007, said)
  }
})

for (const version of [4, 3]) {
  test(`a Hocuspocus client that has not read for a while is told all in one piece: version ${version}`, async (t) => {
    const document = await hub.createDocument(owner, { name: 'several' })
    const writer = new Client(hub, document, owner)
    const connection = new HocuspocusConnection(hub, { version })
    const reader = connection.open(document, owner.token)
    t.after(() => { connection.close(); writer.close() })
    await Promise.all([writer.synced(), reader.synced()])
    writer.change((text) => text.insert(0, 'begin. '))
    await until('the first edit', () => reader.text.toString() === 'begin. ')
    const before = { messages: connection.received.length, fresh: await metric('concord_documents_fresh_syncs_total') }
    connection.ws.pause()
    await churn(writer, 150)
    writer.change((text) => text.insert(text.length, 'end.'))
    await until('acknowledgement', () => writer.acknowledged.size === writer.made)
    connection.ws.resume()
    await until('the reader has it all', () => reader.text.toString() === 'begin. end.')
    assert.ok(connection.received.length - before.messages < 301, `${connection.received.length - before.messages} messages`)
    assert.ok(await metric('concord_documents_fresh_syncs_total') > before.fresh)
    assert.deepEqual(connection.closes, [])
    writer.change((text) => text.insert(0, 'on: '))
    await until('it goes on as before', () => reader.text.toString() === 'on: begin. end.')
  })
}

test('a client of operational transformation that has not read for a while is told all in one piece', async (t) => {
  const patient = await Hub.start({ SESSION_UNSENT_BYTES: '65536', SESSION_SLOW_SECONDS: '300' })
  t.after(() => patient.stop())
  const user = await patient.register('Patient')
  const document = await patient.createDocument(user, { name: 'transformed', content: 'begin. ' })
  const writer = new Client(patient, document, user)
  const slow = new OtClient(patient, document, user)
  t.after(() => { slow.close(); writer.close() })
  await Promise.all([writer.synced(), slow.ready()])
  const raw = slow.socket.io.engine.transport.ws._socket ?? slow.socket.io.engine.transport.ws
  raw.pause()
  // What is typed meanwhile is taken or not; it is there in the end, once.
  slow.insert(0, 'mine. ')
  // What the kernel takes for it does not wait: there has to be more, again and again.
  let at = 0
  await until('what it is sent waits', async () => {
    await churn(writer, 5)
    writer.provider.awareness.setLocalStateField('at', ++at)
    return (await metric('concord_documents_presence_left_out_total', patient)) > 0
  }, 60_000)
  await churn(writer, 5)
  slow.insert(slow.text.length, ' typed behind')
  writer.change((text) => text.insert(text.length, 'end.'))
  await until('acknowledgement', () => writer.acknowledged.size === writer.made)
  raw.resume()
  await until('it has been told afresh', () => slow.fresh > 0)
  await until('both have the same', () => slow.settled && slow.text === writer.text.toString())
  for (const part of ['mine. ', 'begin. ', ' typed behind', 'end.']) assert.equal(slow.text.split(part).length, 2, slow.text)
  writer.change((text) => text.insert(0, 'on: '))
  slow.insert(slow.text.length, ' and on')
  await until('it goes on as before', () => slow.settled && slow.text === writer.text.toString() && slow.text.startsWith('on: ') && slow.text.endsWith(' and on'))
})

test('a client of operational transformation that reads nothing at all is closed, and told why', async (t) => {
  const document = await hub.createDocument(owner, { name: 'stuck, transformed' })
  const writer = new Client(hub, document, owner)
  const stuck = new OtClient(hub, document, owner)
  stuck.rejoins = false
  t.after(() => { stuck.close(); writer.close() })
  await Promise.all([writer.synced(), stuck.ready()])
  const raw = stuck.socket.io.engine.transport.ws._socket ?? stuck.socket.io.engine.transport.ws
  raw.pause()
  await until('the session is closed', async () => {
    await churn(writer, 10)
    return (await metric('concord_documents_sessions')) === 1
  }, 60_000)
  raw.resume()
  await until('it is told why', () => stuck.got('ended', 'slow_consumer'))
})
