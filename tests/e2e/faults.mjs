// Faults of a hub of three nodes and its engines, one after the other in an order from a seed, while people type at all
// nodes: what was acknowledged is never lost or doubled, and in the end everybody agrees. Used by faults.test.mjs.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Clocks } from './clocks.mjs'
import { Cluster } from './cluster.mjs'
import { kindsOf } from './fault_kinds.mjs'
import { until } from './hub.mjs'
import { Network } from './places.mjs'
import { random, Typists } from './typing.mjs'
import { Wire } from './wires.mjs'

const kRound = 20 // faults for the same documents, which grow meanwhile
const kSettings = { SNAPSHOT_AFTER_BYTES: '4096', DOCUMENT_IDLE_MS: '300', METRICS_TOKEN: 'a-token-of-the-tests-of-faults-and-places' }
const portOf = (url) => Number(new URL(url).port)

/** The wires of a node as its network: what is cut is nothing that the kernel knows of. */
class Wires {
  constructor(wires) { this.wires = wires }
  static names = { nodes: 'node' }
  of(names) { return names.map((name) => this.wires[Wires.names[name] ?? name]) }
  async cut(names) { for (const wire of this.of(names)) wire.cut() }
  async heal(names) { for (const wire of this.of(names)) wire.heal() }
  close() { for (const wire of Object.values(this.wires)) wire.close() }
}

/** The packets of a node that is in a place of its own. */
class Packets {
  constructor(place, ends) { Object.assign(this, { place, ends }) }
  of(names) { return names.flatMap((name) => this.ends[name]) }
  cut(names, how) { return this.place.lose(this.of(names), how) }

  /** Either all goes on where it stopped, so that what was sent meanwhile arrives late, or connections are gone. */
  async heal(names, reset) {
    if (reset) {
      await this.place.reset(this.of(names))
      await sleep(300)
    }
    await this.place.heal()
  }
  close() {}
}

/** A cluster whose nodes talk to the engines and to each other by wires. */
async function wired(settingsOf) {
  const cluster = await Cluster.start(0, kSettings)
  const { engines } = cluster
  for (let i = 0; i < 3; i++) {
    const wires = {
      postgres: await Wire.to(portOf(engines.databaseUrl)), redis: await Wire.to(portOf(engines.redisUrl)),
      etcd: await Wire.to(portOf(engines.etcdEndpoints)), s3: await Wire.to(portOf(engines.s3Settings.S3_ENDPOINT)),
    }
    const by = (url, wire) => url.replace(/:(\d+)(?=\/|$)/, `:${wire.port}`)
    const node = await cluster.add({
      DATABASE_URL: by(engines.databaseUrl, wires.postgres), REDIS_URL: by(engines.redisUrl, wires.redis),
      ETCD_ENDPOINTS: by(engines.etcdEndpoints, wires.etcd), S3_ENDPOINT: by(engines.s3Settings.S3_ENDPOINT, wires.s3),
      ...settingsOf(i),
    }, async (listens) => {
      wires.node = await Wire.to(listens)
      return { NODE_ADDRESS: `127.0.0.1:${wires.node.port}` }
    })
    node.network = new Wires(wires)
  }
  return cluster
}

/** A cluster whose nodes are in places of their own, as are the engines. */
async function apart(network, settingsOf) {
  const place = await network.place()
  const cluster = await Cluster.start(0, kSettings, undefined, { place, disk: 512, postgres: ['max_wal_size=64MB', 'min_wal_size=32MB'] })
  const { engines } = cluster
  const places = []
  for (let i = 0; i < 3; i++) places.push(await network.place())
  const end = (url) => [{ address: place.address, port: portOf(url) }]
  for (const [i, one] of places.entries()) {
    const { S3_ENDPOINT } = engines.s3Settings // spoken to without TLS on loopback only
    await one.near(place.address, portOf(S3_ENDPOINT))
    const node = await cluster.add({ ...settingsOf(i), S3_ENDPOINT: `http://127.0.0.1:${portOf(S3_ENDPOINT)}` }, undefined, { place: one, disk: 16 })
    node.network = new Packets(one, {
      postgres: end(engines.databaseUrl), redis: end(engines.redisUrl), etcd: end(engines.etcdEndpoints),
      s3: end(engines.s3Settings.S3_ENDPOINT), nodes: places.filter((other) => other !== one).map(({ address }) => ({ address })),
    })
  }
  return cluster
}

/** Whoever is first owns the hub; where it is not on loopback, with the link that it printed. */
async function makeOwner({ nodes: [node] }) {
  const setup_token = node.log.match(/\/register\?setup=(\S+)/)?.[1]
  const body = { email: 'owner@example.org', name: 'Owner', password: 'the owner of many words', setup_token }
  const { status } = await node.request('POST', '/auth/register', { body })
  assert.equal(status, 201, 'the owner is registered')
}

/** The cluster as well as it can be made here; `tell` is told what cannot. */
async function start(folder, tell) {
  const network = await Network.make()
  if (network.why) tell(`not run: packets lost and full disks, which take root and network namespaces (${network.why})`)
  const { clocks, why } = await Clocks.make(folder, 3)
  if (why) tell(`not run: clocks that jump, which take clang-19 (${why})`)
  const settingsOf = (i) => clocks[i]?.settings ?? {}
  try {
    const cluster = network.why ? await wired(settingsOf) : await apart(network, settingsOf)
    clocks.forEach((one, i) => { cluster.nodes[i].clocks = one })
    await cluster.settled(3)
    await makeOwner(cluster)
    return { cluster, network, kinds: kindsOf({ places: !network.why, clocks: !why }) }
  } catch (error) {
    await network.close?.()
    throw error
  }
}

/** All kinds once in an order by chance, then all in another, and so on. */
function* dealt(names, next) {
  for (;;) {
    const rest = [...names]
    while (rest.length > 0) yield rest.splice(Math.floor(next() * rest.length), 1)[0]
  }
}

/** Lets so many faults happen; `tell` is told of each. `only`: those whose names match it. */
export async function endure(count, seed, tell, only = /./) {
  const next = random(seed)
  const folder = await mkdtemp(join(tmpdir(), 'concord-clocks-'))
  const { cluster, network, kinds } = await start(folder, tell)
  const counts = new Map()
  const sum = { made: 0, acknowledged: 0 }
  const ready = (node) => node.request('GET', '/health/ready').then(({ status }) => status === 200, () => false)
  const deck = dealt(Object.keys(kinds).filter((name) => only.test(name)), next)
  try {
    for (let first = 0; first < count; first += kRound) {
      const typists = await Typists.join(cluster.nodes[0], next, cluster.nodes, `${first}`)
      const [person] = typists.people
      const aside = await cluster.nodes[0].createDocument(person, { name: 'aside', content: '' })
      const ask = (node, method, body) => node.request(method, `/documents/${aside.id}`, { token: person.token, body }).catch(() => ({ status: 504, body: { detail: 'no answer' } }))
      try {
        for (let i = first; i < Math.min(first + kRound, count); i++) {
          const name = deck.next().value
          const node = cluster.nodes[Math.floor(next() * cluster.nodes.length)]
          counts.set(name, (counts.get(name) ?? 0) + 1)
          tell(`${i + 1} of ${count}: ${name} (${node.name}); ${typists.acknowledged} of ${typists.made} acknowledged`)
          await kinds[name]({ cluster, node, next, ask, tell, type: (ms) => typists.type(ms) })
          await typists.type(200)
          await until('every node is ready again', async () => (await Promise.all(cluster.nodes.map(ready))).every(Boolean), 60_000)
          if (i % 5 === 4) await typists.agree()
        }
        await typists.agree()
        assert.ok(typists.acknowledged > 0)
        sum.made += typists.made
        sum.acknowledged += typists.acknowledged
      } finally {
        typists.close()
      }
    }
    return { ...sum, counts }
  } finally {
    if (process.env.CONCORD_LOGS) for (const node of cluster.nodes) await writeFile(join(process.env.CONCORD_LOGS, `${node.name}.log`), node.log)
    for (const node of cluster.nodes) await node.network?.heal(['postgres', 'redis', 'etcd', 's3', 'nodes'], false)
    await cluster.stop()
    for (const node of cluster.nodes) node.network?.close()
    await network.close?.()
    await rm(folder, { recursive: true, force: true })
  }
}
