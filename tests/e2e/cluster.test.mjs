// A hub of several nodes on PostgreSQL, Redis, etcd and S3: clients speak to any of them, shards move and nodes die, and
// what was acknowledged is never lost or doubled.
import test from 'node:test'
import assert from 'node:assert/strict'
import { Client } from './client.mjs'
import { Cluster } from './cluster.mjs'
import { HocuspocusConnection } from './hocuspocus_client.mjs'
import { until } from './hub.mjs'
import { OtClient } from './ot_client.mjs'
import { random, Typists } from './typing.mjs'

const seed = Number(process.env.CONCORD_SEED ?? Date.now() % 1_000_000)

let cluster
let people
test.before(async () => {
  // Small limits, so that snapshots, eviction and truncation happen too.
  cluster = await Cluster.start(3, { SNAPSHOT_AFTER_BYTES: '4096', DOCUMENT_IDLE_MS: '300' })
  people = []
  for (let i = 0; i < 8; i++) people.push(await cluster.nodes[i % 3].register(`Person${i}`))
})
test.after(() => cluster?.stop())

test('whatever is asked of a node, the node that serves it answers', async () => {
  for (const owner of people) {
    const document = await cluster.nodes[0].createDocument(owner, { name: 'anywhere', content: 'one' })
    const { version } = await cluster.nodes[1].ask(owner, 'PUT', `/documents/${document.id}`, { content: 'one two', version: document.version }, 200)
    for (const node of cluster.nodes) {
      const read = await node.read(owner, document)
      assert.equal(read.content, 'one two')
      assert.equal(read.version, version)
    }
    const { comment } = await cluster.nodes[2].ask(owner, 'POST', `/documents/${document.id}/comments`, { body: 'Good.' }, 201).then((made) => ({ comment: made }))
    assert.equal((await cluster.nodes[0].ask(owner, 'GET', `/documents/${document.id}/comments/${comment.id}`, undefined, 200)).body, 'Good.')
    assert.equal((await cluster.nodes[1].request('GET', `/documents/${document.id}`)).status, 401)
    assert.equal((await cluster.nodes[1].request('PUT', `/documents/${document.id}`, { token: owner.token, body: { content: 'x', version: 99 } })).status, 409)
    const { documents } = await cluster.nodes[2].ask(owner, 'GET', '/auth/me/export', undefined, 200)
    assert.equal(documents.length, 1)
    await cluster.nodes[2].ask(owner, 'DELETE', `/documents/${document.id}`, undefined, 204)
    for (const node of cluster.nodes)
      assert.equal((await node.request('GET', `/documents/${document.id}`, { token: owner.token })).status, 404)
  }
})

test('people at all nodes, in all dialects, write one document', async (t) => {
  const [owner, ...others] = people
  const document = await cluster.nodes[0].createDocument(owner, { name: 'together', content: '' })
  for (const other of others) await cluster.nodes[0].share(owner, document, other, 'write')
  const yjs = cluster.nodes.map((node, i) => new Client(node, document, people[i]))
  const connections = cluster.nodes.map((node) => new HocuspocusConnection(node))
  const hocuspocus = connections.map((connection, i) => connection.open(document, people[i].token))
  const ot = cluster.nodes.map((node, i) => new OtClient(node, document, people[3 + i]))
  t.after(() => {
    for (const one of [...yjs, ...connections, ...ot]) one.close()
  })
  await Promise.all([...yjs.map((one) => one.synced()), ...hocuspocus.map((one) => one.synced()),
    ...ot.map((one) => until('joined', () => one.joined))])
  for (let round = 0; round < 20; round++) {
    yjs.forEach((one, i) => one.change((text) => text.insert(0, `y${i}`)))
    hocuspocus.forEach((one, i) => one.text.insert(0, `h${i}`))
    ot.forEach((one, i) => one.insert(0, `o${i}`))
  }
  const expected = 20 * 9 * 2
  await until('all have all of it', async () => {
    const { content } = await cluster.nodes[2].read(owner, document)
    return content.length === expected && yjs.every((one) => one.text.toString() === content) &&
      hocuspocus.every((one) => one.text.toString() === content) && ot.every((one) => one.text === content)
  }, 20_000)
  // Who is there is known everywhere.
  for (const one of [...yjs, ...hocuspocus]) one.provider.awareness.setLocalStateField('user', { name: 'someone' })
  const present = () => yjs.map((one) => one.provider.awareness.getStates().size)
  await until('each knows of the nine', () => present().every((count) => count === 9)).catch((error) => { throw new Error(`${error.message}: ${present()}`) })
})

test('without etcd documents are read, marked once their lease may have ended, and not written', async (t) => {
  const [owner] = people
  const documents = []
  for (let i = 0; i < 3; i++) documents.push(await cluster.nodes[i].createDocument(owner, { name: 'read on', content: 'one' }))
  const reads = (path) => Promise.all(documents.map(async (document, i) => {
    const { status, headers } = await cluster.nodes[i].request('GET', `/documents/${document.id}${path}`, { token: owner.token })
    assert.equal(status, 200)
    return headers.get('concord-stale')
  }))
  for (const path of ['', '/history', '/comments']) assert.deepEqual(await reads(path), [null, null, null])
  const etcd = cluster.engines.etcd.process
  etcd.kill('SIGSTOP')
  t.after(() => etcd.kill('SIGCONT'))
  await until('all reads are marked', async () => (await reads('')).every((stale) => stale === 'true'), 60_000)
  for (const path of ['/history', '/comments', '/suggestions']) assert.deepEqual(await reads(path), ['true', 'true', 'true'])
  assert.deepEqual(await reads('/share'), [null, null, null], 'what tables tell is as it is')
  for (const [i, document] of documents.entries()) {
    const refused = await cluster.nodes[i].request('PUT', `/documents/${document.id}`, { token: owner.token, body: { content: 'two', version: document.version } })
    assert.equal(refused.status, 503, JSON.stringify(refused.body))
    assert.ok(refused.headers.get('retry-after'))
  }
  etcd.kill('SIGCONT')
  for (const [i, document] of documents.entries())
    await until('it is written again', async () => {
      const { status } = await cluster.nodes[i].request('PUT', `/documents/${document.id}`, { token: owner.token, body: { content: 'two', version: document.version } })
      return status === 200
    }, 60_000)
  assert.deepEqual(await reads(''), [null, null, null])
  await cluster.settled()
})

test(`shards move and nodes die while people type (CONCORD_SEED=${seed})`, async (t) => {
  const typists = await Typists.join(cluster.nodes[0], random(seed), cluster.nodes)
  t.after(() => typists.close())

  await t.test('a fourth node comes, and takes its share', async () => {
    const before = await cluster.shards()
    const typing = typists.type(3000)
    await cluster.add()
    await typing
    await cluster.settled()
    const after = await cluster.shards()
    const moved = before.flatMap((shards, i) => shards.filter((shard) => !after[i].includes(shard)))
    assert.ok(moved.length <= 6, `about a quarter of 16 shards move, not ${moved.length}`)
    assert.ok(after[3].every((shard) => moved.includes(shard)))
    await typists.agree()
  })

  await t.test('a node leaves as it should', async () => {
    const typing = typists.type(3000)
    await cluster.nodes[3].end('SIGTERM')
    await typing
    await cluster.settled(3)
    await typists.agree()
  })

  await t.test('the process that serves dies', async () => {
    for (const node of cluster.nodes.slice(0, 3)) {
      const typing = typists.type(2000)
      await node.crashServing()
      await typing
      await typists.agree()
    }
    await cluster.settled(3)
  })

  await t.test('a node is gone, as when its machine is lost', async () => {
    const lost = cluster.nodes[2]
    const typing = typists.type(2000)
    await lost.crash()
    await typing
    await cluster.settled(2)
    await lost.spawn()
    await typists.agree()
    await cluster.settled(3)
  })
})
