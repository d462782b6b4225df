// Several nodes of one hub, on the same real engines.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Engines } from './engines.mjs'
import { binary, freePort, Hub, until } from './hub.mjs'

export class Cluster {
  /** `settings` are those of every node; `prepare` is called with the engines before there is one; `engines` is how those
   *  are started. */
  static async start(nodes, settings = {}, prepare = async () => {}, engines = {}) {
    const cluster = new Cluster()
    cluster.nodes = []
    cluster.certificates = await mkdtemp(join(tmpdir(), 'concord-nodes-'))
    try {
      cluster.engines = await Engines.start(engines)
      await prepare(cluster.engines)
      cluster.settings = { ...cluster.engines.hub, MASTER_KEY: randomBytes(32).toString('base64'), SHARD_LEASE_MS: '2000', ...settings }
      for (let i = 0; i < nodes; i++) await cluster.add()
      if (nodes > 0) await cluster.settled()
    } catch (error) {
      await cluster.stop()
      throw error
    }
    return cluster
  }

  /** One more node. `more` are settings of its own, and what `listening` answers to the port on which it hears the others;
   *  `where` is the place in which it runs, and its disk there. */
  async add(more = {}, listening = async () => ({}), where = {}) {
    const name = `node-${this.nodes.length + 1}`
    await promisify(execFile)(binary, ['node-certificate', '--ca', this.certificates, '--node', name])
    const at = (file) => join(this.certificates, file)
    const port = await freePort()
    const node = await Hub.start({
      ...this.settings, NODE_NAME: name, NODE_LISTEN: `${where.place?.address ?? '127.0.0.1'}:${port}`,
      NODE_CA: at('ca.pem'), NODE_CERTIFICATE: at(`${name}.pem`), NODE_KEY: at(`${name}.key`), ...more, ...(await listening(port)),
    }, tmpdir(), where)
    node.name = name
    this.nodes.push(node)
    return node
  }

  /** Of each node: the numbers of the shards that it serves, as its metrics tell. */
  async shards() {
    return Promise.all(this.nodes.map(async (node) => {
      const { body } = await node.request('GET', '/metrics', { token: node.settings.METRICS_TOKEN }).catch(() => ({ body: '' }))
      return [...body.matchAll(/^concord_shard_serving\{shard="(\d+)"\} 1$/gm)].map((match) => Number(match[1])).sort((a, b) => a - b)
    }))
  }

  /** Until every shard is served by one node and every node has some. */
  settled(servers = this.nodes.length, shards = 16) {
    return until('every shard is served by one node, and every node serves some', async () => {
      const all = await this.shards()
      const each = all.flat().sort((a, b) => a - b)
      return each.length === shards && new Set(each).size === shards && all.filter((some) => some.length > 0).length === servers
    }, 30_000)
  }

  async stop() {
    await Promise.all(this.nodes.map((node) => node.stop()))
    await this.engines?.stop()
    await rm(this.certificates, { recursive: true, force: true })
  }
}
