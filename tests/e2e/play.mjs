// `./dev cluster`: three nodes of a hub and all engines on this machine, until it is interrupted. What is written into it
// is gone then.
import { Cluster } from './cluster.mjs'

const interrupted = new Promise((resolve) => { for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, resolve) })
process.stdout.write('Starting PostgreSQL, Redis, etcd, S3 and three nodes …\n')
const cluster = await Cluster.start(3)
const rows = [
  ...cluster.nodes.map((node) => [node.name, node.url]),
  ['PostgreSQL', cluster.engines.databaseUrl], ['Redis', cluster.engines.redisUrl], ['etcd', cluster.engines.etcdEndpoints],
  ['S3', cluster.engines.s3Settings.S3_ENDPOINT],
]
const width = Math.max(...rows.map(([name]) => name.length))
process.stdout.write(`${rows.map(([name, url]) => `  ${name.padEnd(width)}  ${url}`).join('\n')}\n`)
process.stdout.write(`Make the first account, which owns the hub, at ${cluster.nodes[0].url}/register; then go on at any node.\nCtrl-C stops all of it, and removes what was written.\n`)

await interrupted
process.stdout.write('Stopping.\n')
await cluster.stop()
