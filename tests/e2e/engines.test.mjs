// A hub on PostgreSQL, Redis, etcd and S3, which are the real servers: people type while the hub and its engines die, one
// after the other. What was acknowledged is never lost or doubled, and who waits goes on by itself.
import test from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Engines } from './engines.mjs'
import { Hub, until } from './hub.mjs'
import { random, Typists } from './typing.mjs'

const seed = Number(process.env.CONCORD_SEED ?? Date.now() % 1_000_000)

let engines
let hub
let settings
test.before(async () => {
  engines = await Engines.start()
  // Small limits, so that snapshots, eviction and truncation happen too.
  settings = {
    ...engines.hub, MASTER_KEY: randomBytes(32).toString('base64'), SNAPSHOT_AFTER_BYTES: '4096', DOCUMENT_IDLE_MS: '300',
  }
  hub = await Hub.start(settings)
})
test.after(async () => {
  await hub?.stop()
  await engines?.stop()
})

const ready = () => until('the hub is ready', async () => (await hub.request('GET', '/health/ready')).status === 200, 60_000)

test(`a hub on engines of their own loses nothing, whoever dies (CONCORD_SEED=${seed})`, async (t) => {
  const next = random(seed)
  const typists = await Typists.join(hub, next)
  t.after(() => typists.close())

  await t.test('the hub itself', async () => {
    await typists.crash(hub, 3)
  })

  await t.test('PostgreSQL: edits wait, and are taken once it is back', async () => {
    await typists.type(200)
    await engines.postgres.end('SIGKILL')
    await typists.type(500)
    await engines.postgres.spawn()
    await engines.postgresReady()
    await ready()
    await typists.agree()
  })

  await t.test('Redis: presence is lost and no edit waits', async () => {
    await engines.redis.end()
    await typists.type(300)
    await typists.agree()
    await engines.redis.spawn()
    await engines.redisReady()
  })

  await t.test('etcd, for less than a lease: nobody notices', async () => {
    await engines.etcd.end()
    await typists.type(500)
    await typists.agree()
    await engines.etcd.spawn()
    await engines.etcdReady()
    await typists.type(200)
    await typists.agree()
  })

  await t.test('S3: edits go on, and snapshots follow once it is back', async () => {
    await engines.s3.end()
    await typists.type(500)
    await typists.agree()
    await engines.s3.spawn()
    await engines.s3Ready()
    await typists.type(200)
    await typists.agree()
  })

  await t.test('and a start of the hub finds all of it', async () => {
    await hub.end('SIGTERM')
    await hub.spawn()
    await typists.check('at the end')
  })
})

test('nothing of documents is left on the node: another with the same engines and keys has them', async () => {
  const person = await hub.register('Dana')
  const document = await hub.createDocument(person, { name: 'moved', content: 'all of it' })
  await hub.end('SIGTERM')
  const elsewhere = await Hub.start(settings)
  try {
    await until('the other node serves', async () => {
      const answer = await elsewhere.request('GET', '/health/ready')
      return answer.status === 200
    }, 60_000)
    assert.equal((await elsewhere.read(person, document)).content, 'all of it')
  } finally {
    await elsewhere.stop()
    await hub.spawn()
  }
})
