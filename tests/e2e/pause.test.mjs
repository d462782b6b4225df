// The hub stands still in the middle of typing (SIGSTOP, SIGCONT), for less than its lease and for longer, and some of the
// times it dies (kill -9) while it runs or while it stands. Nothing acknowledged is lost, nothing doubles, and who was
// connected goes on without doing anything.
import test from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hub, until } from './hub.mjs'
import { random, Typists } from './typing.mjs'

const rounds = Number(process.env.CONCORD_PAUSE_ROUNDS ?? 24)
const seed = Number(process.env.CONCORD_SEED ?? Date.now() % 1_000_000)
const leaseMs = 1000
const settings = { SHARD_LEASE_MS: String(leaseMs), SNAPSHOT_AFTER_BYTES: '4096', DOCUMENT_IDLE_MS: '300' }

const counted = async (hub, name) => {
  const text = await (await fetch(`${hub.url}/metrics`)).text()
  return Number(text.match(new RegExp(`^${name} (.*)$`, 'm'))?.[1] ?? 0)
}

test(`the hub stands still, ${rounds} rounds (CONCORD_SEED=${seed})`, async () => {
  const next = random(seed)
  const hub = await Hub.start(settings)
  const did = { short: 0, long: 0, killed: 0, 'killed while it stood': 0 }
  try {
    const typists = await Typists.join(hub, next)
    for (let round = 0; round < rounds; round++) {
      await typists.type(100 + next() * 300)
      const dies = round >= 4 && next() < 0.3
      const stands = !dies || next() < 0.5
      const long = round < 4 ? round % 2 === 1 : next() < 0.5
      const closes = typists.count((client) => client.closes.length)
      const lapsed = await counted(hub, 'concord_coordination_lapsed_total')
      if (stands) {
        hub.process.kill('SIGSTOP')
        await typists.type(leaseMs * (long ? 1.3 + next() : 0.1 + next() * 0.4))  // into sockets that nobody reads
        if (!dies) hub.process.kill('SIGCONT')
        did[long ? 'long' : 'short'] += dies ? 0 : 1
      }
      if (dies) {
        did[stands ? 'killed while it stood' : 'killed'] += 1
        await hub.crash()
        typists.disconnect()
        await hub.spawn()
        await typists.check(round)
        typists.connect()
        await typists.synced()
        continue
      }
      await typists.check(round)
      await until(`round ${round}: all that was typed is acknowledged`, () => typists.acknowledged === typists.made, 20_000)
      assert.equal(typists.count((client) => client.closes.length), closes, `round ${round}: sessions were closed`)
      if (long) {
        await until('the leases have lapsed', async () => (await counted(hub, 'concord_coordination_lapsed_total')) > lapsed)
      }
      assert.equal((await hub.request('GET', '/health/ready')).status, 200)
    }
    await typists.agree()
    console.log(`pause loop: ${JSON.stringify(did)}, ${typists.made} operations made, ${typists.acknowledged} acknowledged, 0 lost`)
    typists.close()
    assert.doesNotMatch(hub.log, /lost the ownership/)
  } finally {
    hub.process.kill('SIGCONT')
    await hub.stop()
  }
})

test('a hub that stood still for longer than its lease goes on with nobody connected', async () => {
  const hub = await Hub.start(settings)
  try {
    const ann = await hub.register('Ann')
    const document = await hub.createDocument(ann, { name: 'alone', content: 'before' })
    for (let round = 0; round < 2; round++) {
      hub.process.kill('SIGSTOP')
      await sleep(2 * leaseMs)
      hub.process.kill('SIGCONT')
      await until('its leases are its own again', () =>
        (hub.log.match(/took the ownership again/g) ?? []).length === 16 * (round + 1))
      const { version } = await hub.read(ann, document)
      const put = await hub.request('PUT', `/documents/${document.id}`,
        { token: ann.token, body: { content: `after ${round}`, version } })
      assert.equal(put.status, 200, JSON.stringify(put.body))
    }
    await hub.crash()
    await hub.spawn()
    assert.equal((await hub.read(ann, document)).content, 'after 1')
  } finally {
    hub.process.kill('SIGCONT')
    await hub.stop()
  }
})
