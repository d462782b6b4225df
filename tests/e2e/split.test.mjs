// Shards that are split while people write: nothing is lost, nothing doubled, and everything is served again, also after
// crashes and restarts. On several nodes with the engines' real servers, and on one node with the embedded ones.
import test from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster } from './cluster.mjs'
import { Hub, until } from './hub.mjs'
import { OtClient } from './ot_client.mjs'
import { random, Typists } from './typing.mjs'

const seed = Number(process.env.CONCORD_SEED ?? Date.now() % 1_000_000)

/** The slot that an identifier tells: 12 bits of its UUID. */
function slotOf(id) {
  let value = 0n
  for (const letter of id.slice(id.indexOf('_') + 1)) value = value * 32n + BigInt('0123456789abcdefghjkmnpqrstvwxyz'.indexOf(letter))
  return Number((value >> 64n) & 0xfffn)
}

const shardsOf = async (hub, admin) => (await hub.ask(admin, 'GET', '/shards', undefined, 200)).shards
const holds = (slot) => (shard) => shard.first_slot <= slot && slot <= shard.last_slot

/** Splits the shard of a document so that the document leaves it; where it cannot be, so that its neighbours do. */
async function splitBelow(hub, admin, document) {
  const slot = slotOf(document.id)
  const shard = (await shardsOf(hub, admin)).find(holds(slot))
  if (shard.first_slot === shard.last_slot) return { status: 0, shard: shard.shard }
  const at = Math.max(shard.first_slot + 1, slot)
  const answer = await hub.request('POST', `/shards/${shard.shard}/split`, { token: admin.token, body: { at } })
  return { status: answer.status, body: answer.body, shard: shard.shard, at }
}

/** Adds numbered words to a document by REST until it is told to stop; every one that was answered must be there. */
async function writeByRest(hub, person, document, state) {
  while (!state.stop) {
    const word = `[${state.written.length + state.unsure.length}]`
    const read = await hub.request('GET', `/documents/${document.id}`, { token: person.token }).catch(() => ({ status: 0 }))
    if (read.status === 200) {
      const body = { content: read.body.content + word, version: read.body.version }
      const { status } = await hub.request('PUT', `/documents/${document.id}`, { token: person.token, body }).catch(() => ({ status: 0 }))
      if (status === 200) state.written.push(word)
      else state.unsure.push(word)
      state.statuses[status] = (state.statuses[status] ?? 0) + 1
    } else {
      state.statuses[read.status] = (state.statuses[read.status] ?? 0) + 1
    }
    await sleep(20)
  }
}

function checkRest(content, state) {
  for (const word of state.written) assert.equal(content.split(word).length, 2, `${word} was acknowledged, and is there once`)
  for (const word of state.unsure) assert.ok(content.split(word).length <= 2, `${word} is not doubled`)
}

test(`on several nodes, while people type and nodes die (CONCORD_SEED=${seed})`, async (t) => {
  const cluster = await Cluster.start(3, { SNAPSHOT_AFTER_BYTES: '4096', DOCUMENT_IDLE_MS: '300' })
  t.after(() => cluster.stop())
  const next = random(seed)
  const typists = await Typists.join(cluster.nodes[0], next, cluster.nodes)
  t.after(() => typists.close())
  const [admin] = typists.people
  const [document] = typists.documents
  const others = await cluster.nodes[1].createDocument(admin, { name: 'by others', content: '' })
  const ot = cluster.nodes.map((node, i) => new OtClient(node, others, admin))
  t.after(() => ot.forEach((one) => one.close()))
  await until('joined', () => ot.every((one) => one.joined))
  const byRest = await cluster.nodes[1].createDocument(admin, { name: 'by REST', content: '' })
  let shards = 16

  await t.test('what is split off goes on, and so does what stays', async () => {
    const state = { written: [], unsure: [], statuses: {}, stop: false }
    const rest = writeByRest(cluster.nodes[2], admin, byRest, state)
    const typing = typists.type(5000)
    for (let i = 0; i < 20; i++) ot.forEach((one, n) => one.insert(0, `${n}`))
    await sleep(1000)
    const began = Date.now()
    const split = await splitBelow(cluster.nodes[1], admin, document)
    const took = Date.now() - began
    assert.equal(split.status, 200, JSON.stringify(split.body))
    assert.equal(split.body.shard, 16)
    assert.equal(split.body.first_slot, split.at)
    shards += 1
    for (let i = 0; i < 20; i++) ot.forEach((one, n) => one.insert(0, `${n}`))
    await typing
    await cluster.settled(3, shards)
    await typists.agree()
    state.stop = true
    await rest
    t.diagnostic(`a split took ${took} ms; REST meanwhile: ${JSON.stringify(state.statuses)}`)
    checkRest((await cluster.nodes[0].read(admin, byRest)).content, state)
    await until('all OT clients agree', async () => {
      const { content } = await cluster.nodes[2].read(admin, others)
      return content.length === 120 && ot.every((one) => one.text === content)
    }, 30_000)
    const map = await shardsOf(cluster.nodes[0], admin)
    assert.deepEqual(map.find(holds(slotOf(document.id))).shard, 16)
  })

  await t.test('a node dies while it splits', async () => {
    for (let round = 0; round < 4; round++) {
      const slot = slotOf(document.id)
      const { node: name } = (await shardsOf(cluster.nodes[0], admin)).find(holds(slot))
      const serving = cluster.nodes.find((node) => node.name === name) ?? cluster.nodes[0]
      const asked = cluster.nodes[(cluster.nodes.indexOf(serving) + 1) % 3]
      const typing = typists.type(2500)
      const splitting = asked.request('POST', `/shards/${(await shardsOf(asked, admin)).find(holds((slot + 1024 * round) % 4096)).shard}/split`, { token: admin.token, body: {} }).catch(() => ({ status: 0 }))
      await sleep(next() * 150)
      await serving.crashServing()
      const { status } = await splitting
      t.diagnostic(`round ${round}: ${status}`)
      await typing
      await until('every node knows the map', async () => {
        const seen = await Promise.all(cluster.nodes.map((node) => shardsOf(node, admin).then((all) => all.length)))
        shards = seen[0]
        return new Set(seen).size === 1
      }, 20_000)
      await cluster.settled(3, shards)
      await typists.agree()
    }
  })

  await t.test('two are asked at once', async () => {
    const typing = typists.type(2000)
    const wanted = (await shardsOf(cluster.nodes[0], admin)).find((shard) => shard.last_slot - shard.first_slot >= 8)
    const asked = await Promise.all(cluster.nodes.map((node) =>
      node.request('POST', `/shards/${wanted.shard}/split`, { token: admin.token, body: { at: wanted.first_slot + 4 } })))
    const made = asked.filter(({ status }) => status === 200)
    assert.equal(made.length, 1, asked.map(({ status }) => status).join())
    for (const { status } of asked) assert.ok([200, 400, 409, 503].includes(status), `${status}`)
    await typing
    shards += 1
    await cluster.settled(3, shards)
    await typists.agree()
  })

  await t.test('all is there after all nodes were started again', async () => {
    for (const node of cluster.nodes) await node.end('SIGTERM')
    for (const node of cluster.nodes) await node.spawn()
    await cluster.settled(3, shards)
    await typists.agree()
    await typists.check('restarted')
    for (const one of [document, byRest]) {
      const { version } = await cluster.nodes[0].read(admin, one)
      const { versions } = await cluster.nodes[1].ask(admin, 'GET', `/documents/${one.id}/history`, undefined, 200)
      assert.equal(versions[0].version, version)
    }
  })
})

test('on one node with the embedded engines', async (t) => {
  const hub = await Hub.start({ SNAPSHOT_AFTER_BYTES: '4096', DOCUMENT_IDLE_MS: '300' })
  t.after(() => hub.stop())
  const typists = await Typists.join(hub, random(seed))
  t.after(() => typists.close())
  const [admin, somebody] = typists.people
  const [document] = typists.documents
  const typing = typists.type(4000)
  await sleep(500)
  assert.equal((await hub.request('POST', '/shards/0/split', { token: somebody.token, body: {} })).status, 403)
  const split = await splitBelow(hub, admin, document)
  assert.equal(split.status, 200, JSON.stringify(split.body))
  assert.equal((await hub.request('POST', `/shards/${split.shard}/split`, { token: admin.token, body: { at: 4095 } })).status === 200, false)
  await typing
  await typists.agree()
  await hub.request('GET', '/health/ready').then(({ status }) => assert.equal(status, 200))
  const more = typists.type(2000)
  await sleep(500)
  await hub.crash()
  await hub.spawn()
  await more
  await typists.agree()
  await hub.end('SIGTERM')
  await hub.spawn()
  await typists.agree()
  await typists.check('restarted')
  assert.equal((await shardsOf(hub, admin)).length, 17)
  const told = await hub.ask(admin, 'GET', '/audit?action=shard.split', undefined, 200)
  assert.equal(told.events[0].detail.made, 'shard 16')
})

test('a hub that is archived is not split', async (t) => {
  const archive = await mkdtemp(join(tmpdir(), 'concord-archive-'))
  const hub = await Hub.start({ ARCHIVE_DIR: archive })
  t.after(async () => {
    await hub.stop()
    await rm(archive, { recursive: true, force: true })
  })
  const admin = await hub.register('Ann')
  const { status, body } = await hub.request('POST', '/shards/0/split', { token: admin.token, body: {} })
  assert.equal(status, 501)
  assert.match(body.detail, /ARCHIVE_DIR/)
})
