// kill -9 in the middle of typing, again and again: every acknowledged operation is there after each restart, once, and in
// the end all clients agree with the hub.
import test from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hub, until } from './hub.mjs'
import { Client } from './client.mjs'

const rounds = Number(process.env.CONCORD_KILL_ROUNDS ?? 50)
const seed = Number(process.env.CONCORD_SEED ?? Date.now() % 1_000_000)

/** mulberry32 */
function random(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const token = (name, n) => `<${name}.${n}>`

test(`kill -9, ${rounds} rounds (CONCORD_SEED=${seed})`, async () => {
  const next = random(seed)
  // Small limits, so that snapshots, eviction and truncation happen under the kills too.
  const hub = await Hub.start({ SNAPSHOT_AFTER_BYTES: '4096', DOCUMENT_IDLE_MS: '300' })
  try {
    const people = []
    for (const name of ['Ann', 'Ben', 'Cem']) people.push(await hub.register(name))
    const documents = []
    for (let i = 0; i < 2; i++) {
      const document = await hub.createDocument(people[0], { name: `kill ${i}`, content: '' })
      for (const person of people.slice(1)) await hub.share(people[0], document, person, 'write')
      documents.push(document)
    }
    const writers = documents.flatMap((document) =>
      people.map((person) => ({ document, name: person.name, client: new Client(hub, document, person) })))
    await Promise.all(writers.map(({ client }) => client.synced()))

    let acknowledged = 0
    for (let round = 0; round < rounds; round++) {
      const until_ = Date.now() + 100 + next() * 300
      while (Date.now() < until_) {
        for (const { client, name } of writers) {
          if (next() < 0.5) continue
          const text = client.text.toString()
          const starts = [...text.matchAll(/</g)].slice(-50).map((match) => match.index)
          const at = starts.length === 0 || next() < 0.3 ? text.length : starts[Math.floor(next() * starts.length)]
          client.change((content) => content.insert(at, token(name, client.made - 1)))
        }
        await sleep(2)
      }
      await hub.crash()
      for (const { client } of writers) client.provider.disconnect()
      await hub.spawn()

      acknowledged = 0
      for (const document of documents) {
        const { content } = await hub.read(people[0], document)
        const seen = content.match(/<[^<>]*>/g) ?? []
        assert.equal(seen.join(''), content, `round ${round}: torn operations`)
        assert.equal(new Set(seen).size, seen.length, `round ${round}: doubled operations`)
        const present = new Set(seen)
        for (const writer of writers.filter((one) => one.document === document)) {
          for (const n of writer.client.acknowledged) {
            assert.ok(present.has(token(writer.name, n)), `round ${round}: ${token(writer.name, n)} was acknowledged and is lost`)
          }
          acknowledged += writer.client.acknowledged.size
        }
      }
      for (const { client } of writers) client.provider.connect()
      await Promise.all(writers.map(({ client }) => client.synced()))
    }

    for (const { document } of writers) {
      const clients = writers.filter((one) => one.document === document).map(({ client }) => client)
      const made = clients.reduce((sum, client) => sum + client.made, 0)
      await until('all operations everywhere', async () => {
        const { content } = await hub.read(people[0], document)
        return (content.match(/</g) ?? []).length === made && clients.every((client) => client.text.toString() === content)
      }, 20_000)
    }
    const made = writers.reduce((sum, { client }) => sum + client.made, 0)
    console.log(`kill loop: ${rounds} kills, ${made} operations made, ${acknowledged} acknowledged before their last kill, 0 lost`)
    for (const { client } of writers) client.close()
  } finally {
    await hub.stop()
  }
})
