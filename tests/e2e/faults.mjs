// Faults of a hub of three nodes and its engines, one after the other in an order from a seed, while people type at all
// nodes: what was acknowledged is never lost or doubled, and in the end everybody agrees. Used by faults.test.mjs.
import assert from 'node:assert/strict'
import { Cluster } from './cluster.mjs'
import { until } from './hub.mjs'
import { random, Typists } from './typing.mjs'
import { Wire } from './wires.mjs'

const kStoppedMs = 3500 // longer than a lease
const kRound = 20 // faults for the same documents, which grow meanwhile

/** A cluster whose nodes talk to the engines and to each other by wires. */
async function wired() {
  const cluster = await Cluster.start(0, { SNAPSHOT_AFTER_BYTES: '4096', DOCUMENT_IDLE_MS: '300' })
  const { engines } = cluster
  const portOf = (url) => Number(new URL(url).port)
  for (let i = 0; i < 3; i++) {
    const wires = {
      postgres: await Wire.to(portOf(engines.databaseUrl)), redis: await Wire.to(portOf(engines.redisUrl)),
      etcd: await Wire.to(portOf(engines.etcdEndpoints)), s3: await Wire.to(portOf(engines.s3Settings.S3_ENDPOINT)),
    }
    const by = (url, wire) => url.replace(/:(\d+)(?=\/|$)/, `:${wire.port}`)
    const node = await cluster.add({
      DATABASE_URL: by(engines.databaseUrl, wires.postgres), REDIS_URL: by(engines.redisUrl, wires.redis),
      ETCD_ENDPOINTS: by(engines.etcdEndpoints, wires.etcd), S3_ENDPOINT: by(engines.s3Settings.S3_ENDPOINT, wires.s3),
    }, async (listens) => {
      wires.node = await Wire.to(listens)
      return { NODE_ADDRESS: `127.0.0.1:${wires.node.port}` }
    })
    node.wires = wires
  }
  await cluster.settled(3)
  return cluster
}

const signal = async (node, name) => {
  const served = await node.served()
  for (const pid of [node.process.pid, ...(served ? [served] : [])]) process.kill(pid, name)
}

/** Each takes the cluster, a node and what to do meanwhile, and leaves everything running. */
const faults = {
  'the process that serves is killed': async (_, node, typing) => {
    await until('a process serves', () => node.served())
    await node.crashServing()
    await typing(800)
  },
  'a node is lost, and comes back': async (_, node, typing) => {
    await node.crash()
    await typing(1500)
    await node.spawn()
  },
  'a node is stopped for longer than its lease, and goes on': async (_, node, typing) => {
    await signal(node, 'SIGSTOP')
    await typing(kStoppedMs)
    await signal(node, 'SIGCONT')
  },
  'a node is stopped for a moment': async (_, node, typing) => {
    await signal(node, 'SIGSTOP')
    await typing(400)
    await signal(node, 'SIGCONT')
  },
  'a node leaves, and comes back': async (_, node, typing) => {
    const leaving = node.end('SIGTERM')
    await typing(1000)
    await leaving
    await node.spawn()
  },
  'a node is cut off from etcd': (_, node, typing) => cut([node.wires.etcd], typing, kStoppedMs),
  'a node is cut off from the log': (_, node, typing) => cut([node.wires.postgres], typing, 2000),
  'the other nodes do not reach a node': (_, node, typing) => cut([node.wires.node], typing, 2000),
  'a node is cut off from everything': (_, node, typing) => cut(Object.values(node.wires), typing, kStoppedMs),
  'PostgreSQL is killed': async ({ engines }, _, typing) => {
    await engines.postgres.end()
    await typing(300)
    await engines.postgres.spawn()
    await engines.postgresReady()
  },
  'Redis is killed': async ({ engines }, _, typing) => {
    await engines.redis.end()
    await typing(500)
    await engines.redis.spawn()
    await engines.redisReady()
  },
  'etcd is killed': async ({ engines }, _, typing) => {
    await engines.etcd.end()
    await typing(500)
    await engines.etcd.spawn()
    await engines.etcdReady()
  },
  'S3 is killed': async ({ engines }, _, typing) => {
    await engines.s3.end()
    await typing(500)
    await engines.s3.spawn()
    await engines.s3Ready()
  },
}

async function cut(wires, typing, ms) {
  for (const wire of wires) wire.cut()
  await typing(ms)
  for (const wire of wires) wire.heal()
}

/** Lets so many faults happen; `tell` is told of each. */
export async function endure(count, seed, tell) {
  const next = random(seed)
  const cluster = await wired()
  const counts = new Map()
  const names = Object.keys(faults)
  const sum = { made: 0, acknowledged: 0 }
  const ready = (node) => node.request('GET', '/health/ready').then(({ status }) => status === 200, () => false)
  try {
    for (let first = 0; first < count; first += kRound) {
      const typists = await Typists.join(cluster.nodes[0], next, cluster.nodes, `${first}`)
      try {
        for (let i = first; i < Math.min(first + kRound, count); i++) {
          const name = names[Math.floor(next() * names.length)]
          const node = cluster.nodes[Math.floor(next() * cluster.nodes.length)]
          counts.set(name, (counts.get(name) ?? 0) + 1)
          tell(`${i + 1} of ${count}: ${name} (${node.name}); ${typists.acknowledged} of ${typists.made} acknowledged`)
          await faults[name](cluster, node, (ms) => typists.type(ms))
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
    for (const node of cluster.nodes) for (const wire of Object.values(node.wires ?? {})) wire.heal()
    await cluster.stop()
    for (const node of cluster.nodes) for (const wire of Object.values(node.wires ?? {})) wire.close()
  }
}
