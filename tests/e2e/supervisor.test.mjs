// A hub on etcd has a parent that watches over it. Leases last ten minutes here: what is free earlier was ended by the parent.
import test from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { Engines } from './engines.mjs'
import { Hub, until } from './hub.mjs'
import { random, Typists } from './typing.mjs'

const seed = Number(process.env.CONCORD_SEED ?? Date.now() % 1_000_000)

let engines
let settings
test.before(async () => {
  engines = await Engines.start()
  settings = { ...engines.hub, MASTER_KEY: randomBytes(32).toString('base64'), NODE_NAME: 'one', SHARD_LEASE_MS: '600000' }
})
test.after(() => engines?.stop())

/** The leases that etcd knows. */
const leases = async () => {
  const answer = await fetch(`${engines.etcdEndpoints}/v3/lease/leases`, { method: 'POST', body: '{}' })
  return ((await answer.json()).leases ?? []).map(({ ID }) => ID)
}
/** Who holds something. */
const owned = async () => {
  const [key, end] = ['/concord/owners/', '/concord/owners0'].map((text) => Buffer.from(text).toString('base64'))
  const answer = await fetch(`${engines.etcdEndpoints}/v3/kv/range`, { method: 'POST', body: JSON.stringify({ key, range_end: end, count_only: true }) })
  return Number((await answer.json()).count ?? 0)
}

/** What a process has in memory that is no file's. */
const ownKb = async (pid) => Number(/RssAnon:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))[1])

test(`the serving process is killed again and again: nothing is lost, and its leases end at once (CONCORD_SEED=${seed})`, async () => {
  const hub = await Hub.start({ ...settings, SNAPSHOT_AFTER_BYTES: '4096', DOCUMENT_IDLE_MS: '300' })
  try {
    const typists = await Typists.join(hub, random(seed))
    const took = { leases: [], writes: [] }
    for (let round = 0; round < 4; round++) {
      await typists.type(300)
      const before = await leases()
      assert.ok(before.length >= 16)
      const began = performance.now()
      const dead = await hub.crashServing()
      await until('all its leases have ended', async () => {
        const now = new Set(await leases())
        return !before.some((lease) => now.has(lease))
      }, 60_000)
      took.leases.push(performance.now() - began)
      await until('another process serves', async () => {
        const served = await hub.served()
        return served && served !== dead && hub.isReady().catch(() => false)
      }, 60_000)
      took.writes.push(performance.now() - began)
      await typists.check(round)
      await typists.synced()
    }
    await typists.agree()
    typists.close()
    const metrics = (await hub.request('GET', '/metrics')).body
    assert.match(metrics, /^concord_supervisor_restarts_total 4$/m)
    assert.match(hub.log, /the hub has died and is started again.*signal=9/)
    assert.match(hub.log, /ended the leases of the hub that is gone/)
    const shown = (times) => times.map((ms) => ms.toFixed(0)).join(', ')
    console.log(`kill -9: leases ended after ${shown(took.leases)} ms, ready again after ${shown(took.writes)} ms; ` +
      `the supervisor has in memory of its own ${await ownKb(hub.process.pid)} kB, the hub ${await ownKb(await hub.served())} kB`)
  } finally {
    await hub.stop()
  }
})

test('SIGTERM drains: both end in order, and hold nothing any more', async () => {
  const hub = await Hub.start(settings)
  const served = await hub.served()
  assert.ok(await owned() >= 16)
  assert.deepEqual((({ code, signal }) => ({ code, signal }))(await hub.end('SIGTERM')), { code: 0, signal: null })
  assert.match(hub.log, /stopped/)
  assert.equal(await owned(), 0)
  assert.throws(() => process.kill(served, 0), /ESRCH/)
  await hub.stop()
})

test('a group that gets SIGTERM as a whole drains as well: the second one that the child gets does not cut it', async () => {
  const hub = await Hub.start(settings)
  process.kill(await hub.served(), 'SIGTERM')
  const { code } = await hub.end('SIGTERM')
  assert.equal(code, 0)
  assert.match(hub.log, /stopped/)
  assert.equal(await owned(), 0)
  await hub.stop()
})

test('the supervisor is killed: the hub dies with it, and a new one goes on at once', async () => {
  const hub = await Hub.start(settings)
  const person = await hub.register('Erin')
  const document = await hub.createDocument(person, { name: 'kept', content: 'all of it' })
  await hub.crash()
  await hub.spawn()
  assert.equal((await hub.read(person, document)).content, 'all of it')
  await hub.stop()
})

test('a hub that dies all the time is given up, with what killed it', async () => {
  const hub = await Hub.start(settings)
  let last
  while (hub.process.exitCode === null && hub.process.signalCode === null) {
    const served = await hub.served()
    if (served && served !== last) process.kill(last = served, 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const { signal } = await hub.exited
  assert.equal(signal, 'SIGKILL')
  assert.match(hub.log, /the hub dies all the time and is not started again.*signal=9 deaths=6 within_ms=60000/)
  assert.equal(await owned(), 0)
  await hub.stop()
})

test('a hub that cannot start says why, and is not started again', async () => {
  const hub = await Hub.start(settings)
  const other = { ...settings, NODE_NAME: 'two', S3_ENDPOINT: 'http://127.0.0.1' }
  await assert.rejects(Hub.on(`${hub.data}-two`, other), (error) => {
    assert.equal(error.message.match(/concord: S3_ENDPOINT/g)?.length, 1)
    return true
  })
  await rm(`${hub.data}-two`, { recursive: true, force: true })
  await hub.stop()
})

test('where nothing outlives the process, or SUPERVISE says no, there is no supervisor', async () => {
  const embedded = await Hub.start()
  assert.equal(await embedded.served(), undefined)
  await embedded.stop()
  const alone = await Hub.start({ ...settings, SUPERVISE: 'false' })
  assert.equal(await alone.served(), undefined)
  await alone.stop()
})
