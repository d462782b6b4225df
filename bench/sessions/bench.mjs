// What live sessions cost: memory of an idle one, CPU of a delivery, and how long a delivery takes, for the hub beside
// Hocuspocus and y-websocket's server. One after the other each does the same work with the same real Yjs updates, in
// several rounds, and every round is checked: each edit reached each reader, all were sent the same bytes, and what a reader
// and a newcomer end up with is the writer's text.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Report } from '../common/report.mjs'
import { editors, million } from './crowds.mjs'
import { broadcast, crowd, memory, memoryTls, returning, single } from './works.mjs'
import { Concord, Hocuspocus, YWebsocket } from './servers.mjs'

const usage = `./dev bench sessions [--json FILE] [OPTION…]
  --servers LIST     of concord,hocuspocus,y-websocket (default: all three)
  --only LIST        of memory,tls,broadcast,crowd,single,editors,returning (default: all of these), million
  --sessions N       idle sessions whose memory is measured (10000)
  --documents N      that they are spread over (100)
  --readers N        of the one document that is written to (1000); a crowd is ten times as many
  --editors N        documents with ten editors each, who all write (1000)
  --most N           sessions on many hubs, from a thousand on ten times as many each (20000)
  --rounds N         of each measurement; the median counts (3)
`

const report = new Report()
const { values: options } = parseArgs({
  args: report.rest,
  options: {
    help: { type: 'boolean' },
    servers: { type: 'string', default: 'concord,hocuspocus,y-websocket' },
    only: { type: 'string', default: 'memory,tls,broadcast,crowd,single,editors,returning' },
    sessions: { type: 'string', default: '10000' },
    documents: { type: 'string', default: '100' },
    readers: { type: 'string', default: '1000' },
    editors: { type: 'string', default: '1000' },
    most: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' },
  },
})
if (options.help) {
  process.stdout.write(usage)
  process.exit()
}

const number = (name) => {
  const value = Number(options[name])
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a number from 1, not ${options[name]}`)
  return value
}

const among = (name, known) => options[name].split(',').map((word) => {
  if (!known[word]) throw new Error(`--${name} knows ${Object.keys(known).join(', ')}; not "${word}"`)
  return known[word]
})

const size = {
  sessions: number('sessions'),
  documents: number('documents'),
  readers: number('readers'),
  editors: number('editors'),
  most: number('most'),
  rounds: number('rounds'),
}
if (size.sessions % size.documents !== 0) throw new Error('--sessions must be a multiple of --documents')
const kinds = among('servers', { concord: Concord, hocuspocus: Hocuspocus, 'y-websocket': YWebsocket })
const works = among('only', { memory, tls: memoryTls, broadcast, crowd, single, editors, returning, million })

const build = fileURLToPath(new URL('../../build', import.meta.url))
mkdirSync(build, { recursive: true })
const scratch = mkdtempSync(join(build, 'bench-sessions-'))  // on a real disk, so that an fsync is one
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

const servers = kinds.map((Kind) => new Kind(scratch))
try {
  for (const work of works) {
    for (const { name, unit, values } of await work(servers, size, scratch)) addRows(name, unit, values)
  }
} catch (error) {
  for (const { name, program } of servers) {
    if (program) process.stderr.write(`${name} ${program.gone ? 'has ended' : 'runs'}; it said:\n${program.output}\n`)
  }
  throw error
}
for (const { name, keeps } of servers.filter(({ name }) => name)) process.stdout.write(`${name}: ${keeps}\n`)
report.finish()
process.exit()

/** One row per peer; where the hub was not measured, one row per server. */
function addRows(work, unit, values) {
  const own = servers.findIndex((server) => server instanceof Concord)
  servers.forEach((server, i) => {
    if (values[i] === undefined) return
    if (own < 0) report.add({ work: `${work}: ${server.name}`, unit, value: values[i] })
    else if (values.every((value, k) => k === own || value === undefined)) report.add({ work, unit, value: values[i] })
    else if (i !== own) report.add({ work, unit, value: values[own], peer: server.name, peer_value: values[i] })
  })
}
