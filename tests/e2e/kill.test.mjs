// kill -9 in the middle of typing, again and again: every acknowledged operation is there after each restart, once, and in
// the end all clients agree with the hub.
import test from 'node:test'
import { Hub } from './hub.mjs'
import { random, Typists } from './typing.mjs'

const rounds = Number(process.env.CONCORD_KILL_ROUNDS ?? 50)
const seed = Number(process.env.CONCORD_SEED ?? Date.now() % 1_000_000)

test(`kill -9, ${rounds} rounds (CONCORD_SEED=${seed})`, async () => {
  const next = random(seed)
  // Small limits, so that snapshots, eviction and truncation happen under the kills too.
  const hub = await Hub.start({ SNAPSHOT_AFTER_BYTES: '4096', DOCUMENT_IDLE_MS: '300' })
  try {
    const typists = await Typists.join(hub, next)
    let acknowledged = 0
    for (let round = 0; round < rounds; round++) {
      await typists.type(100 + next() * 300)
      await hub.crash()
      typists.disconnect()
      acknowledged = typists.acknowledged
      await hub.spawn()
      await typists.check(round)
      typists.connect()
      await typists.synced()
    }
    await typists.agree()
    console.log(`kill loop: ${rounds} kills, ${typists.made} operations made, ${acknowledged} acknowledged before their last kill, 0 lost`)
    typists.close()
  } finally {
    await hub.stop()
  }
})
