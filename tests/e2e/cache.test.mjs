// Documents' newest snapshots in Redis: a document that nobody had open is read without asking S3, and never as it was
// before, whatever Redis holds.
import test from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { Engines } from './engines.mjs'
import { Hub, until } from './hub.mjs'

let engines
let hub
let ann
test.before(async () => {
  engines = await Engines.start()
  hub = await Hub.start({ ...engines.hub, MASTER_KEY: randomBytes(32).toString('base64'), DOCUMENT_IDLE_MS: '100' })
  ann = await hub.register('ann')
})
test.after(async () => {
  await hub?.stop()
  await engines?.stop()
})

/** One command of words or bytes; an array's or a string's bytes, or a number. */
function redis(...words) {
  const { hostname, port } = new URL(engines.redisUrl)
  const parts = words.map((word) => Buffer.from(word))
  const command = Buffer.concat([Buffer.from(`*${parts.length}\r\n`), ...parts.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from('\r\n')])])
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(command))
    let got = Buffer.alloc(0)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('Redis has not answered')))
    socket.on('data', (more) => {
      got = Buffer.concat([got, more])
      const answer = parse(got, 0)
      if (!answer) return
      answer.error ? reject(new Error(answer.error)) : resolve(answer.value)
      socket.destroy()
    })
  })
}
/** The answer that begins at `at`, as far as commands here get such; undefined where more is to come. */
function parse(bytes, at) {
  const end = bytes.indexOf('\r\n', at)
  if (end < 0) return undefined
  const text = bytes.subarray(at + 1, end).toString()
  const kind = String.fromCharCode(bytes[at])
  if (kind === '-') return { error: text }
  if (kind === '+') return { value: text, end: end + 2 }
  if (kind === ':') return { value: Number(text), end: end + 2 }
  if (kind === '$') {
    if (text === '-1') return { value: null, end: end + 2 }
    const last = end + 2 + Number(text)
    return bytes.length < last + 2 ? undefined : { value: bytes.subarray(end + 2, last), end: last + 2 }
  }
  const value = []
  for (let next = end + 2, i = 0; ; ++i) {
    if (i === Number(text)) return { value, end: next }
    const one = parse(bytes, next)
    if (!one) return undefined
    value.push(one.value)
    next = one.end
  }
}
const count = async (name) => {
  const { body } = await hub.request('GET', '/metrics')
  return Number(body.match(new RegExp(`^concord_${name}(?:\\{[^}]*\\})? (\\d+)`, 'm'))?.[1] ?? 0)
}
const closed = () => until('nothing is open', async () => (await count('documents_open')) === 0)
const keyOf = async (id) => `${(await redis('KEYS', `*/cache/*${id}*`))[0] ?? ''}`
const read = async (id) => (await hub.ask(ann, 'GET', `/documents/${id}?format=text`, undefined, 200)).content

async function written(content) {
  const { id, version } = await hub.ask(ann, 'POST', '/documents', { name: 'a document' }, 201)
  await hub.ask(ann, 'PUT', `/documents/${id}`, { content, version }, 200)
  await closed()
  return id
}
async function rewrite(id, content) {
  const { version } = await hub.ask(ann, 'GET', `/documents/${id}?format=text`, undefined, 200)
  await hub.ask(ann, 'PUT', `/documents/${id}`, { content, version }, 200)
  await closed()
}

test('a document that nobody has open is read from Redis, sealed there, and not from S3', async () => {
  const id = await written('words that nobody is to find')
  const key = await keyOf(id)
  assert.ok(key, 'its snapshot is in Redis')
  assert.ok(!(await redis('GET', key)).includes('words that nobody'))
  assert.ok(await redis('PTTL', key) > 0, 'it expires')
  const [hits, misses] = [await count('document_cache_hits_total'), await count('document_cache_misses_total')]
  assert.equal(await read(id), 'words that nobody is to find')
  assert.equal(await count('document_cache_hits_total'), hits + 1)
  assert.equal(await count('document_cache_misses_total'), misses)
  await hub.crash()
  await hub.spawn()
  assert.equal(await read(id), 'words that nobody is to find')
  assert.ok(await count('document_cache_hits_total') >= 1, 'after a restart too')
})

test('what Redis has lost comes from S3, and is there again', async () => {
  const id = await written('kept')
  await redis('FLUSHALL')
  assert.equal(await read(id), 'kept')
  await until('it is there again', async () => (await keyOf(id)) !== '')
  await closed()
})

test('a Redis that is of an earlier moment, or has something else there, brings nothing back', async () => {
  const id = await written('first')
  const key = await keyOf(id)
  const then = await redis('GET', key)
  await rewrite(id, 'second')
  for (const value of [then, then.subarray(0, 40), 'something else', '']) {
    const passed = await count('document_cache_passed_total')
    await redis('SET', key, value, 'PX', '600000')
    assert.equal(await read(id), 'second')
    assert.equal(await count('document_cache_passed_total'), passed + 1)
    await closed()
  }
})

/** As where the tables were brought back, and not the log beside them: they name the snapshot of that moment. */
test('nor do tables of an earlier moment', async () => {
  const id = await written('first')
  const key = await keyOf(id)
  const then = await redis('GET', key)
  const named = 'snapshot_position, snapshot_digest'
  const sql = async (text) => (await engines.psql('concord', text)).stdout
  await sql(`CREATE TABLE named_then AS SELECT id, ${named} FROM documents`)
  await rewrite(id, 'second')
  await sql(`UPDATE documents d SET (${named}) = (SELECT ${named} FROM named_then n WHERE n.id = d.id) WHERE id = '${id}'`)
  await redis('SET', key, then, 'PX', '600000')
  assert.equal(await read(id), 'second')
})

test('without Redis documents are read all the same, and edited', async () => {
  const id = await written('before')
  await engines.redis.end()
  assert.equal(await read(id), 'before')
  await rewrite(id, 'meanwhile')
  assert.equal(await read(id), 'meanwhile')
  await engines.redis.spawn()
  await engines.redisReady()
  await closed()
  await until('Redis is used again', async () => {
    assert.equal(await read(id), 'meanwhile')
    await closed()
    return (await keyOf(id)) !== ''
  })
})

test('a deleted document is deleted there', async () => {
  const id = await written('to be gone')
  assert.ok(await keyOf(id))
  await hub.ask(ann, 'DELETE', `/documents/${id}`, undefined, 204)
  await until('it is gone', async () => (await keyOf(id)) === '')
})
