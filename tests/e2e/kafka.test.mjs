// A hub whose log is in Kafka, which is a real broker: people type while the hub and the broker die and stand still. What was
// acknowledged is never lost or doubled, and who waits goes on by itself.
import test from 'node:test'
import { Hub, until } from './hub.mjs'
import { Kafka, noKafka } from './kafka.mjs'
import { random, Typists } from './typing.mjs'

const seed = Number(process.env.CONCORD_SEED ?? Date.now() % 1_000_000)
const skip = await noKafka()

test(`a hub on Kafka loses nothing, whoever dies (CONCORD_SEED=${seed})`, { skip }, async (t) => {
  const next = random(seed)
  const kafka = await Kafka.start()
  t.after(() => kafka.stop())
  // Small limits, so that snapshots and truncation happen too.
  const hub = await Hub.start({ KAFKA_BROKERS: kafka.brokers, KAFKA_TOPIC_PREFIX: 'team', SNAPSHOT_AFTER_BYTES: '4096', DOCUMENT_IDLE_MS: '300' })
  t.after(() => hub.stop())
  const ready = () => until('the hub is ready', async () => (await hub.request('GET', '/health/ready')).status === 200, 120_000)
  const typists = await Typists.join(hub, next)
  t.after(() => typists.close())

  await t.test('the hub itself', async () => {
    await typists.crash(hub, 3, ready)
  })

  await t.test('the broker: edits wait, and are taken once it is back', async () => {
    await typists.type(200)
    await kafka.end()
    await typists.type(500)
    await kafka.spawn()
    await ready()
    await typists.agree()
  })

  await t.test('the broker stands still for a while', async () => {
    kafka.pause()
    await typists.type(1500)
    kafka.resume()
    await ready()
    await typists.agree()
  })

  await t.test('and a start of the hub finds all of it', async () => {
    await hub.end('SIGTERM')
    await hub.spawn()
    await ready()
    await typists.check('at the end')
  })
})
