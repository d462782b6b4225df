// The REST face as its users call it: with curl.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { writeFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hub, curl, until } from './hub.mjs'
import { Client } from './client.mjs'

let hub, ann, ben, scratch

before(async () => {
  hub = await Hub.start({ DOCUMENT_MAX_BYTES: '100000', ACCESS_TOKEN_SECONDS: '900' })
  scratch = await mkdtemp(join(tmpdir(), 'concord-rest-'))
  ann = await hub.register('Ann')
  ben = await hub.register('Ben')
})
after(async () => {
  await hub?.stop()
  if (scratch) await rm(scratch, { recursive: true })
})

const bearer = (user) => ['-H', `authorization: Bearer ${user.token}`]
const json = (value) => ['-H', 'content-type: application/json', '-d', JSON.stringify(value)]

async function call(method, path, user, body) {
  const { status, body: text } = await curl('-X', method, hub.url + path, ...(user ? bearer(user) : []), ...(body ? json(body) : []))
  return { status, body: text && JSON.parse(text) }
}

test('create, read, list, write, rename, share and delete', async () => {
  const created = await call('POST', '/documents', ann, { name: 'Plan', content: 'one\ntwo\n', doc_type: 'markdown' })
  assert.equal(created.status, 201)
  const { id } = created.body
  assert.deepEqual(Object.keys(created.body).sort(),
    ['access_level', 'content', 'created_at', 'doc_type', 'folder', 'id', 'name', 'owner', 'owner_name', 'updated_at', 'version'])
  assert.equal(created.body.content, 'one\ntwo\n')
  assert.equal(created.body.owner, ann.id)
  assert.equal(created.body.access_level, 'owner')

  assert.equal((await call('GET', `/documents/${id}`, ann)).body.content, 'one\ntwo\n')
  const written = await call('PUT', `/documents/${id}`, ann, { content: 'one\n2\n', version: created.body.version })
  assert.equal(written.status, 200)
  assert.equal(written.body.content, 'one\n2\n')
  assert.ok(written.body.version > created.body.version)
  assert.equal((await call('PATCH', `/documents/${id}`, ann, { name: 'Better plan' })).body.name, 'Better plan')

  assert.equal((await call('GET', `/documents/${id}`, ben)).status, 404)
  assert.deepEqual((await call('POST', `/documents/${id}/share`, ann, { principal: ben.email, access_level: 'comment' })).body,
    { principal: ben.id, kind: 'user', name: 'Ben', email: ben.email, access_level: 'comment' })
  assert.equal((await call('GET', `/documents/${id}`, ben)).body.access_level, 'comment')
  assert.equal((await call('PUT', `/documents/${id}`, ben, { content: 'x', version: 1 })).status, 403)
  assert.equal((await call('DELETE', `/documents/${id}`, ben)).status, 403)
  assert.deepEqual((await call('GET', `/documents/${id}/share`, ben)).body.shares.map((one) => one.access_level), ['owner', 'comment'])
  assert.ok((await call('GET', '/documents', ben)).body.documents.some((one) => one.id === id && one.name === 'Better plan'))

  assert.equal((await call('DELETE', `/documents/${id}/share/${ben.id}`, ann)).status, 204)
  assert.equal((await call('GET', `/documents/${id}`, ben)).status, 404)
  assert.equal((await call('DELETE', `/documents/${id}`, ann)).status, 204)
  assert.equal((await call('GET', `/documents/${id}`, ann)).status, 404)
})

test('a write against an older version keeps concurrent live edits; an unknown one is 409 with the current', async () => {
  const document = await hub.createDocument(ann, { name: 'both', content: 'The quick brown fox' })
  const live = new Client(hub, document, ann)
  await live.synced()
  live.change((text) => text.insert(text.length, ' jumps'))
  await until('acknowledgement', () => live.acknowledged.size === 1)
  const written = await call('PUT', `/documents/${document.id}`, ann, { content: 'The slow brown fox', version: document.version })
  assert.equal(written.status, 200)
  assert.equal(written.body.content, 'The slow brown fox jumps')
  await until('the write at the live client', () => live.text.toString() === 'The slow brown fox jumps')
  const again = await call('PUT', `/documents/${document.id}`, ann, { content: 'The slow brown fox', version: document.version })
  assert.equal(again.status, 200, 'a retry')
  assert.equal(again.body.version, written.body.version)
  assert.equal(again.body.content, written.body.content)
  const unknown = await call('PUT', `/documents/${document.id}`, ann, { content: 'x', version: 999 })
  assert.equal(unknown.status, 409)
  assert.equal(unknown.body.current_version, written.body.version)
  live.close()
})

test('content as text, Markdown and Delta', async () => {
  const document = await hub.createDocument(ann, { name: 'formats' })
  const put = await call('PUT', `/documents/${document.id}?format=markdown`, ann,
    { content: '# Title\n\nSome **bold** text with a [link](https://example.org).\n\n- one\n- two\n', version: 0 })
  assert.equal(put.status, 200, JSON.stringify(put.body))
  const delta = (await call('GET', `/documents/${document.id}?format=delta`, ann)).body.content
  assert.ok(delta.some((op) => op.insert === 'bold' && op.attributes.bold === true), JSON.stringify(delta))
  assert.ok(delta.some((op) => op.attributes?.header === 1))
  assert.ok(delta.some((op) => op.attributes?.list === 'bullet'))
  assert.match((await call('GET', `/documents/${document.id}?format=text`, ann)).body.content, /^Title\nSome bold text with a link\.\none\ntwo\n/)
  const again = await call('PUT', `/documents/${document.id}?format=delta`, ann, { content: delta, version: put.body.version })
  assert.equal(again.body.version, put.body.version, 'writing the same is no change')
})

test('the list comes in pages', async () => {
  const eve = await hub.register('Eve')
  for (let i = 0; i < 7; i++) await hub.createDocument(eve, { name: `page ${i}` })
  const seen = []
  let after = ''
  do {
    const { body } = await call('GET', `/documents?limit=3${after}`, eve)
    seen.push(...body.documents.map((one) => one.name))
    after = body.next ? `&after=${encodeURIComponent(body.next)}` : null
  } while (after)
  assert.deepEqual(seen.sort(), Array.from({ length: 7 }, (_, i) => `page ${i}`))
})

test('bad input is a problem that names what is wrong', async () => {
  const document = await hub.createDocument(ann, { name: 'target', content: 'safe' })
  const path = `/documents/${document.id}`
  const cases = [
    ['POST', '/documents', { content: 'x' }, 400, 'name'],
    ['POST', '/documents', { name: '' }, 400, 'name'],
    ['POST', '/documents', { name: 'x'.repeat(256) }, 400, 'name'],
    ['POST', '/documents', { name: 7 }, 400, 'name'],
    ['POST', '/documents', { name: 'x', doc_type: 'No Such' }, 400, 'doc_type'],
    ['POST', '/documents', { name: 'x', content: 5 }, 400, 'content'],
    ['POST', '/documents?format=delta', { name: 'x', content: [{ retain: 1 }] }, 400],
    ['POST', '/documents?format=rtf', { name: 'x' }, 400, 'format'],
    ['GET', '/documents?limit=0', undefined, 400, 'limit'],
    ['GET', '/documents?after=nonsense', undefined, 400, 'after'],
    ['PUT', path, { content: 'x' }, 400, 'version'],
    ['PUT', path, { content: 'x', version: -1 }, 400, 'version'],
    ['PUT', path, { version: 1 }, 400, 'content'],
    ['POST', `${path}/share`, { principal: 'nobody@example.org', access_level: 'read' }, 404, 'principal'],
    ['POST', `${path}/share`, { principal: ben.email, access_level: 'everything' }, 400, 'access_level'],
    ['POST', `${path}/share`, { principal: ann.email, access_level: 'read' }, 400, 'principal'],
    ['GET', '/documents/doc_00000000000000000000000000', undefined, 404],
    ['GET', '/documents/not-an-id', undefined, 404],
    ['GET', `${path}/nothing`, undefined, 404],
  ]
  for (const [method, where, body, status, field] of cases) {
    const answer = await call(method, where, ann, body)
    assert.equal(answer.status, status, `${method} ${where} ${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`)
    for (const member of ['type', 'title', 'status', 'detail', 'instance', 'code']) {
      assert.ok(member in answer.body, `${method} ${where} has no ${member}`)
    }
    if (field) assert.equal(answer.body.field, field, `${method} ${where}: ${JSON.stringify(answer.body)}`)
  }
  assert.equal((await hub.read(ann, document)).content, 'safe')
})

test('malformed JSON, wrong methods, oversized bodies and documents', async () => {
  const malformed = await curl('-X', 'POST', `${hub.url}/documents`, ...bearer(ann), '-d', '{"name": "x"')
  assert.equal(malformed.status, 400)
  const twice = await curl('-X', 'POST', `${hub.url}/documents`, ...bearer(ann), '-d', '{"name":"x","name":"y"}')
  assert.equal(twice.status, 400)
  const deep = await curl('-X', 'POST', `${hub.url}/documents`, ...bearer(ann), '-d', '['.repeat(10_000))
  assert.ok([400, 413].includes(deep.status), deep.body)

  const method = await curl('-i', '-X', 'DELETE', `${hub.url}/documents`, ...bearer(ann))
  assert.equal(method.status, 405)
  assert.match(method.body, /^allow: .*GET/im)

  const large = join(scratch, 'large.json')
  await writeFile(large, JSON.stringify({ name: 'large', content: 'x'.repeat(200_000) }))
  const tooLong = await curl('-X', 'POST', `${hub.url}/documents`, ...bearer(ann), '-d', `@${large}`)
  assert.equal(tooLong.status, 413)
  const { code, limit, value, setting } = JSON.parse(tooLong.body)
  assert.deepEqual([code, limit, value, setting], ['too_large', 100_000, '200000', 'DOCUMENT_MAX_BYTES'])
  await writeFile(large, 'x'.repeat(3_000_000))
  const tooLarge = await curl('-X', 'POST', `${hub.url}/documents`, ...bearer(ann), '-H', 'expect:', '-d', `@${large}`)
  assert.equal(tooLarge.status, 413)
  const document = await hub.createDocument(ann, { name: 'grows', content: 'x'.repeat(90_000) })
  const grown = await call('PUT', `/documents/${document.id}`, ann, { content: '\n'.repeat(60_000), version: document.version })
  assert.equal(grown.status, 413) // as JSON it is twice as long
  assert.equal((await hub.read(ann, document)).content, 'x'.repeat(90_000))
  // What an edit deletes makes room for what it writes, and what was deleted for what comes.
  let version = document.version
  for (const letter of 'yzyzyz') {
    const replaced = await call('PUT', `/documents/${document.id}`, ann, { content: letter.repeat(99_000), version })
    assert.equal(replaced.status, 200, JSON.stringify(replaced.body))
    version = replaced.body.version
  }
})

test('who is not signed in learns nothing', async () => {
  const document = await hub.createDocument(ann, { name: 'private' })
  for (const [method, path] of [['GET', '/documents'], ['GET', `/documents/${document.id}`], ['DELETE', `/documents/${document.id}`],
    ['GET', '/documents/doc_00000000000000000000000000'], ['GET', '/auth/me']]) {
    const { status, body } = await call(method, path)
    assert.equal(status, 401, path)
    assert.ok(!JSON.stringify(body).includes('private'))
  }
  const tampered = `${ann.token.slice(0, -4)}AAAA`
  assert.equal((await call('GET', '/auth/me', { token: tampered })).status, 401)
})

test('an expired token is refused and ends its session, and a refreshed one is good', async () => {
  const short = await Hub.start({ ACCESS_TOKEN_SECONDS: '10' })
  try {
    const who = await short.register('Short')
    const document = await short.createDocument(who, { name: 'short' })
    const live = new Client(short, document, who)
    await live.synced()
    await until('expiry', async () => (await short.request('GET', '/auth/me', { token: who.token })).status === 401, 20_000)
    await until('the end of the session', () => live.closes.some(({ code }) => code === 4401), 20_000)
    live.close()
    const refreshed = await short.request('POST', '/auth/refresh', { body: { refresh_token: who.refresh } })
    assert.equal(refreshed.status, 200)
    assert.equal((await short.request('GET', '/auth/me', { token: refreshed.body.access_token })).status, 200)
    assert.equal((await short.request('POST', '/auth/refresh', { body: { refresh_token: who.refresh } })).status, 401)
  } finally {
    await short.stop()
  }
})

/** Sends bytes as they are and answers what comes back. */
const raw = (bytes) => new Promise((resolve, reject) => {
  const socket = connect(hub.port, '127.0.0.1', () => socket.end(bytes))
  let text = ''
  socket.on('data', (data) => { text += data })
  socket.on('close', () => resolve(text))
  socket.on('error', reject)
})

test('a path cannot leave the web app', async () => {
  for (const path of ['/../../etc/passwd', '/assets/../../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/..%2f..%2fetc/passwd',
    '/assets/%00', '//etc/passwd', '/assets/....//etc/passwd', '/\\..\\etc\\passwd']) {
    const answer = await raw(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
    assert.doesNotMatch(answer, /root:/, path)
    assert.match(answer, /^HTTP\/1\.1 (400|404|200) /, path)
    if (answer.startsWith('HTTP/1.1 200')) assert.match(answer, /<!doctype html>/i, path)
  }
})

test('health, metrics and the OpenAPI document', async () => {
  for (const path of ['/health', '/health/live', '/health/ready']) {
    const { status, body } = await call('GET', path)
    assert.equal(status, 200)
    assert.equal(body.status, 'ok')
  }
  const metrics = (await curl(`${hub.url}/metrics`)).body
  assert.match(metrics, /^concord_documents_updates_total \d+$/m)
  assert.match(metrics, /^# TYPE concord_shard_append_seconds histogram$/m)
  const openapi = JSON.parse((await curl(`${hub.url}/openapi.json`)).body)
  assert.match(openapi.openapi, /^3\.1/)
  assert.ok(openapi.paths['/documents/{id}'].put)
  const head = await curl('-I', `${hub.url}/`)
  assert.match(head.body, /content-security-policy: default-src 'self'/)
})
