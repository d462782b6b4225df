// The seeded property: clients of operational transformation, Yjs clients and REST writers edit one document at once, with
// connections that break, and converge; nothing acknowledged is lost or doubled. CONCORD_SEED picks the seed.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import Delta from 'quill-delta'
import { Hub, until } from './hub.mjs'
import { Client } from './client.mjs'
import { OtClient } from './ot_client.mjs'

const firstSeed = Number(process.env.CONCORD_SEED ?? Date.now() % 1e9)
const rounds = process.env.CONCORD_SEED ? 1 : Number(process.env.CONCORD_SEEDS ?? 3)

let hub, owner
before(async () => {
  hub = await Hub.start()
  owner = await hub.register('Owner')
})
after(() => hub?.stop())

/** mulberry32 */
function randomOf(seed) {
  return (n) => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
}

const letters = ['a', 'bc', 'é', '😀', ' ', '\n', 'word ']

/** Of one private character, so that deletions cannot leave pieces of two that make up a third. */
const markOf = (step) => String.fromCharCode(0xe000 + step)
const kMarks = /[\ue000-\uf8ff]/g

/** Every insertion has a mark of its own, so that what was lost or doubled is seen. */
function otEdit(client, pick, mark) {
  const length = client.shown.length()
  const at = atCharacter(client.text, pick(length + 1))
  switch (pick(4)) {
    case 0: {
      const to = atCharacter(client.text, Math.min(length, at + 1 + pick(5)))
      if (to > at) client.edit(new Delta().retain(at).delete(to - at))
      return
    }
    case 1: {
      const to = atCharacter(client.text, Math.min(length, at + 1 + pick(5)))
      if (to > at) client.edit(new Delta().retain(at).retain(to - at, { bold: pick(2) ? true : null }))
      return
    }
    case 2:
      client.edit(new Delta().retain(at).insert({ image: mark }))
      return
    default:
      client.edit(new Delta().retain(at).insert(letters[pick(letters.length)] + mark, pick(3) ? undefined : { italic: true }))
  }
}

/** Not within a surrogate pair. */
function atCharacter(text, at) {
  const code = text.charCodeAt(at)
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at
}

const yText = (client) => client.text.toDelta().map(({ insert }) => (typeof insert === 'string' ? insert : '\ufffc')).join('')

function yEdit(client, pick, mark) {
  const at = atCharacter(yText(client), pick(client.text.length + 1))
  const to = atCharacter(yText(client), Math.min(client.text.length, at + 1 + pick(5)))
  switch (pick(4)) {
    case 0: return to > at && client.change((text) => text.delete(at, to - at))
    case 1: return to > at && client.change((text) => text.format(at, to - at, { bold: pick(2) ? true : null }))
    case 2: return client.change((text) => text.insertEmbed(at, { image: mark }))
    default: return client.change((text) => text.insert(at, letters[pick(letters.length)] + mark))
  }
}

async function restEdit(document, pick, mark) {
  const { content, version } = await hub.read(owner, document, 'delta')
  const delta = new Delta(content.ops ?? content)
  const text = delta.ops.map(({ insert }) => (typeof insert === 'string' ? insert : '\ufffc')).join('')
  const at = atCharacter(text, pick(text.length + 1))
  const next = delta.compose(new Delta().retain(at).insert(mark))
  await hub.ask(owner, 'PUT', `/documents/${document.id}?format=delta`, { content: next.ops, version }, 200)
}

for (let round = 0; round < rounds; round++) {
  const seed = firstSeed + round
  test(`OT, Yjs and REST converge (CONCORD_SEED=${seed})`, async () => {
    const pick = randomOf(seed)
    const document = await hub.createDocument(owner, { name: `seed ${seed}` })
    const ots = ['websocket', 'polling', 'websocket'].map((transport) => new OtClient(hub, document, owner, { transports: [transport] }))
    const ys = [new Client(hub, document, owner), new Client(hub, document, owner)]
    await Promise.all([...ots.map((client) => client.ready()), ...ys.map((client) => client.synced())])
    const rest = []
    for (let step = 0; step < 150; step++) {
      const mark = markOf(step)
      const who = pick(12)
      if (who < 6) otEdit(ots[who % ots.length], pick, mark)
      else if (who < 10) yEdit(ys[who % ys.length], pick, mark)
      else if (who === 10) rest.push(restEdit(document, pick, mark))
      else {
        const client = ots[pick(ots.length)]
        client.socket.io.engine?.close()          // comes back by itself
      }
      if (pick(3) === 0) await sleep(pick(8))
    }
    await Promise.all(rest)
    for (const client of ots) if (!client.socket.connected) client.socket.connect()
    const same = () => ots.every((client) => client.settled) && new Set([...ots.map((client) => client.text), ...ys.map(yText)]).size === 1
    await until(`convergence with CONCORD_SEED=${seed}`, same, 20_000).catch((error) => {
      const state = ots.map((c) => ({ joined: c.joined, version: c.version, inFlight: c.inFlight, buffer: c.buffer, events: c.events, refusal: c.refusal, text: c.text }))
      throw new Error(`${error.message}\n${JSON.stringify(state, null, 1)}\n${JSON.stringify(ys.map(yText))}`)
    })
    const stored = await hub.read(owner, document, 'delta')
    const ops = new Delta(stored.content.ops ?? stored.content)
    for (const client of ots) assert.deepEqual(client.shown.diff(ops).ops, [], `CONCORD_SEED=${seed}`)
    for (const client of ys) assert.deepEqual(new Delta(client.text.toDelta()).diff(ops).ops, [], `CONCORD_SEED=${seed}`)
    const marks = ots[0].text.match(kMarks) ?? []
    assert.equal(new Set(marks).size, marks.length, `a mark is there twice with CONCORD_SEED=${seed}`)
    for (const client of ots) assert.equal(new Set(client.acknowledged).size, client.acknowledged.length)
    for (const client of [...ots, ...ys]) client.close()
  })
}

test('a hub that is killed comes back with what was acknowledged, and clients go on', async () => {
  const document = await hub.createDocument(owner, { name: 'killed' })
  const [a, b] = [new OtClient(hub, document, owner), new OtClient(hub, document, owner, { transports: ['polling'] })]
  await Promise.all([a.ready(), b.ready()])
  for (let i = 0; i < 30; i++) {
    a.insert(0, `<a${i}>`)
    b.insert(b.shown.length(), `<b${i}>`)
    if (i === 15) {
      await hub.crash()
      await hub.spawn()
    }
    await sleep(2)
  }
  await until('convergence', () => a.settled && b.settled && a.version === b.version && a.text === b.text, 20_000)
  for (let i = 0; i < 30; i++) for (const mark of [`<a${i}>`, `<b${i}>`]) assert.equal(a.text.split(mark).length, 2, mark)
  assert.equal((await hub.read(owner, document)).content, a.text)
  a.close(); b.close()
})
