// `./dev cluster`: three nodes of a hub and all engines on this machine, until it is interrupted. What is written into it
// is gone then.
import { Cluster } from './cluster.mjs'

const cluster = await Cluster.start(3)
const setup = cluster.nodes[0].log.match(/https?:\/\/\S+\/register\?setup=\S+/)?.[0]
const rows = [
  ...cluster.nodes.map((node) => [node.name, node.url]),
  ['PostgreSQL', cluster.engines.databaseUrl], ['Redis', cluster.engines.redisUrl], ['etcd', cluster.engines.etcdEndpoints],
  ['S3', cluster.engines.s3Settings.S3_ENDPOINT],
]
const width = Math.max(...rows.map(([name]) => name.length))
process.stdout.write(`${rows.map(([name, url]) => `  ${name.padEnd(width)}  ${url}`).join('\n')}\n`)
if (setup) process.stdout.write(`Make the first account, which owns the hub: ${setup}\n`)
process.stdout.write('Ctrl-C stops all of it.\n')

await new Promise((resolve) => { for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve) })
process.stdout.write('Stopping.\n')
await cluster.stop()
