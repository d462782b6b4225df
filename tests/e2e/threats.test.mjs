// What is taken for an attack is told and locked out, for a while or until an admin ends it; against the real program.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import WebSocket from 'ws'
import { Client } from './client.mjs'
import { Hub, until } from './hub.mjs'

let hub, admin

const from = (address) => ({ headers: { 'x-forwarded-for': address } })
const enter = (address, email, password) =>
  hub.request('POST', '/auth/login', { ...from(address), body: { email, password } })
const locks = async () => (await hub.request('GET', '/locks', { token: admin.token })).body.locks
const told = (action) => until(`${action} is in the audit record`, async () => {
  const { body } = await hub.request('GET', `/audit?action=${action}`, { token: admin.token })
  return body.events[0]
})
const unlock = async (threat, subject) => {
  const lock = (await locks()).find((one) => one.threat === threat)
  assert.equal(lock.subject, subject)
  assert.equal((await hub.request('DELETE', `/locks/${lock.id}`, { token: admin.token })).status, 204)
  assert.equal((await hub.request('DELETE', `/locks/${lock.id}`, { token: admin.token })).status, 404)
  return lock
}

/** Opens a live session by a token that is sent as its first message; answers the code and reason of its end, or 'open'. */
const live = (document, token) => new Promise((resolve, reject) => {
  const socket = new WebSocket(`${hub.ws}/documents/${document}/sync`)
  socket.on('open', () => socket.send(JSON.stringify({ type: 'auth', token })))
  socket.on('message', () => { resolve('open'); socket.close() })
  socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
  socket.on('error', reject)
})
/** Calls a tool of /mcp; answers its result. */
const tool = async (token, name, words) => {
  const params = { name, arguments: words, _meta: {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {},
  } }
  const { status, body } = await hub.request('POST', '/mcp', {
    token, body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
    headers: { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name },
  })
  assert.equal(status, 200)
  return body.result
}

before(async () => {
  hub = await Hub.start({
    THREAT_FAILURES_PER_10_MINUTES: '4', THREAT_READS_PER_HOUR: '5', THREAT_MISSES_PER_10_MINUTES: '6', LOCK_MINUTES: '15',
    SIGN_IN_RATE_PER_MINUTE: '0', SIGN_IN_DELAY_MAX_SECONDS: '0', TRUSTED_PROXIES: '127.0.0.1',
    ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1',
  })
  admin = await hub.register('admin')
})
after(() => hub.stop())

test('an address that fails at many accounts may not sign in for a while, and others may', async () => {
  const ada = await hub.register('ada')
  for (let i = 0; i < 4; ++i) assert.equal((await enter('203.0.113.1', `nobody${i}@example.org`, 'a guess')).status, 401)
  const locked = await enter('203.0.113.1', ada.email, ada.password)
  assert.equal(locked.status, 429)
  assert.ok(Number(locked.headers.get('retry-after')) > 800)
  assert.equal((await enter('203.0.113.2', ada.email, ada.password)).status, 200)
  const event = await told('threat.spraying')
  assert.equal(event.address, '203.0.113.1')
  const lock = await unlock('spraying', '203.0.113.1')
  assert.equal(event.detail.lock, lock.id)
  assert.equal(locked.body.lock, lock.id)
  assert.equal((await enter('203.0.113.1', ada.email, ada.password)).status, 200)
  assert.equal((await told('lock.ended')).actor, admin.id)
})

test('an account at which many addresses fail is closed to strangers, not to its user', async () => {
  const ben = await hub.register('ben')
  for (let i = 0; i < 4; ++i) assert.equal((await enter(`198.51.100.${i}`, ben.email, 'a guess')).status, 401)
  assert.equal((await enter('198.51.100.77', ben.email, ben.password)).status, 429)
  assert.equal((await hub.request('POST', '/auth/login', { body: { email: ben.email, password: ben.password } })).status, 200)
  assert.equal((await told('threat.stuffing')).target, ben.id)
  await unlock('stuffing', ben.id)
  assert.equal((await enter('198.51.100.77', ben.email, ben.password)).status, 200)
})

test('a refresh token that is used twice is told', async () => {
  const cleo = await hub.register('cleo')
  const refresh = () => hub.request('POST', '/auth/refresh', { body: { refresh_token: cleo.refresh } })
  assert.equal((await refresh()).status, 200)
  assert.equal((await refresh()).status, 401)
  assert.equal((await told('threat.token_reuse')).target, cleo.id)
})

test('a user who reads very many documents may read none for a while', async () => {
  const dan = await hub.register('dan')
  const documents = []
  for (let i = 0; i < 6; ++i) documents.push(await hub.createDocument(dan, { name: `${i}` }))
  const read = (document) => hub.request('GET', `/documents/${document.id}`, { token: dan.token })
  for (let i = 0; i < 20; ++i) assert.equal((await read(documents[i % 4])).status, 200)  // the same ones again are no more
  assert.equal((await read(documents[4])).status, 200)
  assert.equal((await read(documents[5])).status, 429)
  assert.equal((await read(documents[0])).status, 429)
  assert.equal((await hub.request('GET', '/documents', { token: dan.token })).status, 200)
  assert.equal((await hub.request('GET', '/locks', { token: dan.token })).status, 403)
  assert.equal((await told('threat.mass_download')).actor, dan.id)
  await unlock('mass_download', dan.id)
  assert.equal((await read(documents[0])).status, 200)
})

test('who asks for many things that are not there is kept from asking', async () => {
  const eve = await hub.register('eve')
  const own = await hub.createDocument(eve, { name: 'own' })
  const guess = (i) => hub.request('GET', `/documents/doc_01ke3m1b7nfh2r4t6v8x9z0a${i}c`, { token: eve.token })
  for (let i = 0; i < 6; ++i) assert.equal((await guess(i)).status, 404)
  assert.equal((await guess(7)).status, 429)
  assert.equal((await hub.request('GET', `/documents/${own.id}`, { token: eve.token })).status, 429)
  assert.equal((await hub.request('GET', '/auth/me', { token: eve.token })).status, 200)
  assert.equal((await hub.request('GET', '/auth/me', { token: admin.token })).status, 200)
  assert.equal((await told('threat.enumeration')).actor, eve.id)
  await unlock('enumeration', eve.id)
  assert.equal((await hub.request('GET', `/documents/${own.id}`, { token: eve.token })).status, 200)
  const { body } = await hub.request('GET', '/metrics')
  assert.match(body, /concord_guard_threats_total\{kind="enumeration"\} 1/)
  assert.match(body, /concord_guard_locks 0/)
})

test('live sessions and tools are watched as routes are', async () => {
  const fay = await hub.register('fay')
  const documents = []
  for (let i = 0; i < 7; ++i) documents.push((await hub.createDocument(fay, { name: `${i}` })).id)
  assert.equal(await live(documents[0], fay.token), 'open')
  assert.equal(await live(documents[1], fay.token), 'open')
  const open = new Client(hub, { id: documents[0] }, fay)
  await open.synced()
  for (const document of documents.slice(2, 5)) assert.ok(!(await tool(fay.token, 'read_document', { document })).isError)
  const refused = await tool(fay.token, 'read_document', { document: documents[5] })
  assert.equal(refused.isError, true)
  assert.match(refused.content[0].text, /locked for a while/)
  await until('what is open is closed', () => open.closes.some(({ code, reason }) => code === 1013 && /locked for a while/.test(reason)))
  open.close()
  assert.match((await live(documents[0], fay.token)).reason, /locked for a while/)
  assert.equal((await hub.request('GET', `/documents/${documents[0]}`, { token: fay.token })).status, 429)
  await unlock('mass_download', fay.id)
  assert.equal(await live(documents[0], fay.token), 'open')

  const guess = (i) => `doc_01ke3m1b7nfh2r4t6v8x9z0a${i}c`
  for (let i = 0; i < 3; ++i) assert.match((await live(guess(i), fay.token)).reason, /no such document/)
  for (let i = 3; i < 6; ++i) assert.equal((await tool(fay.token, 'read_document', { document: guess(i) })).isError, true)
  assert.match((await live(guess(7), fay.token)).reason, /locked for a while/)
  await unlock('enumeration', fay.id)
})

test('what is refused in live sessions is in the audit record', async () => {
  const gil = await hub.register('gil')
  const hal = await hub.register('hal')
  const document = await hub.createDocument(gil, { name: 'shown' })
  await hub.share(gil, document, hal, 'read')
  const denied = new Client(hub, document, hal)
  await denied.synced()
  denied.change((text) => text.insert(0, 'no'))
  const refusedBy = (actor) => until(`a refusal of "${actor}" is in the record`, async () => {
    const { body } = await hub.request('GET', '/audit?action=live_session.refused', { token: admin.token })
    return body.events.find((event) => event.actor === actor && event.target === document.id)
  })
  const writing = await refusedBy(hal.id)
  assert.equal(writing.detail.why, 'you may not change this document')
  denied.close()
  assert.equal((await live(document.id, 'x.y.z')).code, 4401)
  const signing = await refusedBy('')
  assert.deepEqual([signing.target, signing.outcome, signing.address], [document.id, 'refused', '127.0.0.1'])
})
