// What can happen to a hub of three nodes and its engines. Each kind takes a scene and leaves everything running:
//   cluster, node     the hub, and the node that it happens to
//   type(ms)          lets people type for so long, at all nodes
//   next()            a number in [0, 1)
//   ask(node, method, body)   one request of one of them, of a document that is not typed in
//   tell(text)        what is to be known of it
// Those of `places` take nodes and engines in places of their own (places.mjs), those of `clocks` clocks of their own (clocks.mjs).
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from './hub.mjs'

const kStoppedMs = 3500 // longer than a lease

const signal = async (node, name) => {
  const served = await node.served()
  for (const pid of [node.process.pid, ...(served ? [served] : [])]) process.kill(pid, name)
}

async function cut({ node, type, next }, names, ms, how = {}) {
  await node.network.cut(names, how)
  await type(ms)
  await node.network.heal(names, next() < 0.5)
}

async function killed(engine, ready, ms, type) {
  await engine.end()
  await type(ms)
  await engine.spawn()
  await ready()
}

const everywhere = {
  'the process that serves is killed': async ({ node, type }) => {
    await until('a process serves', () => node.served())
    await node.crashServing()
    await type(800)
  },
  'a node is lost, and comes back': async ({ node, type }) => {
    await node.crash()
    await type(1500)
    await node.spawn()
  },
  'a node is stopped for longer than its lease, and goes on': async ({ node, type }) => {
    await signal(node, 'SIGSTOP')
    await type(kStoppedMs)
    await signal(node, 'SIGCONT')
  },
  'a node is stopped for a moment': async ({ node, type }) => {
    await signal(node, 'SIGSTOP')
    await type(400)
    await signal(node, 'SIGCONT')
  },
  'a node leaves, and comes back': async ({ node, type }) => {
    const leaving = node.end('SIGTERM')
    await type(1000)
    await leaving
    await node.spawn()
  },
  'a node is cut off from etcd': (scene) => cut(scene, ['etcd'], kStoppedMs),
  'a node is cut off from the log': (scene) => cut(scene, ['postgres'], 2000),
  'a node and the others are cut off from each other': (scene) => cut(scene, ['nodes'], 2000),
  'a node is cut off from everything': (scene) => cut(scene, ['postgres', 'redis', 'etcd', 's3', 'nodes'], kStoppedMs),
  'PostgreSQL is killed': ({ cluster: { engines }, type }) => killed(engines.postgres, engines.postgresReady, 300, type),
  'Redis is killed': ({ cluster: { engines }, type }) => killed(engines.redis, engines.redisReady, 500, type),
  'etcd is killed': ({ cluster: { engines }, type }) => killed(engines.etcd, engines.etcdReady, 500, type),
  'S3 is killed': ({ cluster: { engines }, type }) => killed(engines.s3, engines.s3Ready, 500, type),
}

/** Until a write is refused; it is to be tried again, and says why. */
async function refused({ ask, tell }, node) {
  let answer
  await until('a write is refused', async () => {
    const { body: { version } } = await ask(node, 'GET')
    if (version === undefined) return false // even reading fails: asked again, as the write will be
    answer = await ask(node, 'PUT', { content: randomBytes(100_000).toString('hex'), version }) // takes the space that tables have left
    return answer.status !== 200
  }, 120_000)
  assert.ok([503, 504].includes(answer.status), `a write without space is answered ${answer.status}: ${JSON.stringify(answer.body)}`)
  assert.ok(answer.body.detail, 'the answer says why')
  tell(`answered ${answer.status}: ${answer.body.detail}`)
}

const inPlaces = {
  'nothing of a node arrives at etcd': (scene) => cut(scene, ['etcd'], kStoppedMs, { ways: ['out'] }),
  'nothing of etcd arrives at a node': (scene) => cut(scene, ['etcd'], kStoppedMs, { ways: ['in'] }),
  'nothing of a node arrives at PostgreSQL': (scene) => cut(scene, ['postgres'], 2000, { ways: ['out'] }),
  'nothing of PostgreSQL arrives at a node': (scene) => cut(scene, ['postgres'], 2000, { ways: ['in'] }),
  'nothing of the other nodes arrives at a node': (scene) => cut(scene, ['nodes'], kStoppedMs, { ways: ['in'] }),
  'a third of the packets of a node is lost': (scene) => cut(scene, ['postgres', 'redis', 'etcd', 's3', 'nodes'], 2000, { percent: 33 }),
  'the link of a node is down': async ({ node, type }) => {
    await node.place.link('down')
    await type(kStoppedMs)
    await node.place.link('up')
  },
  'the disk of PostgreSQL is full': async (scene) => {
    const { cluster: { nodes, engines }, type } = scene
    const { postgres, postgresDisk, place } = engines
    const filling = { ended: false }
    const filled = (async () => {
      for (; !filling.ended; await sleep(50)) await place.fill(postgresDisk)
    })()
    try {
      await refused(scene, nodes[0])
      await type(1000)
    } finally {
      filling.ended = true
      await filled
      await place.empty(postgresDisk)
    }
    // It ends itself where it cannot write its own log, or cannot start again after that.
    if (!(await engines.psql('postgres', 'SELECT 1').then(() => true, () => false))) {
      await postgres.end()
      await postgres.spawn()
    }
    await engines.postgresReady()
  },
  'the disk of a node is full': async ({ node, type }) => {
    await node.place.fill(node.data)
    await type(1500)
    await node.place.empty(node.data)
  },
}

/** By minutes or hours, one way or the other. */
const jump = (next) => [-21_600, -3600, -300, -60, 60, 300, 3600, 21_600][Math.floor(next() * 8)]

const withClocks = {
  'the wall clock of a node jumps, and is set right': async ({ node, next, type, tell }) => {
    const seconds = jump(next)
    tell(`by ${seconds} s`)
    await node.clocks.set(seconds)
    await type(2500)
    await node.clocks.set(0)
    await type(1000)
  },
  'all clocks of a node jump on, and it starts anew': async ({ node, next, type, tell }) => {
    const seconds = Math.abs(jump(next))
    tell(`by ${seconds} s`)
    await node.clocks.set(seconds, seconds)
    await type(2500)
    await node.crash()
    await node.clocks.set(0)
    await node.spawn()
  },
}

/** The kinds that can be made here. */
export const kindsOf = ({ places, clocks }) => ({ ...everywhere, ...(places ? inPlaces : {}), ...(clocks ? withClocks : {}) })
