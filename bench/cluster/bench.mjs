// What a hub of several nodes costs, and how soon it goes on: durable edits through a gateway to the node that serves the
// document, from a client at one node to one at another, owners killed, stopped, and a node that comes.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Report } from '../common/report.mjs'
import { startNodes } from './nodes.mjs'
import { driver } from './driver.mjs'
import { comes, edits, killed, latency, stopped } from './works.mjs'

const usage = `./dev bench cluster [--json FILE] [OPTION…]
  --only LIST     of edits,latency,driver,killed,stopped,comes (default: all)
  --rate N        edits a second that are sent (10000)
  --seconds N     for so long (10)
  --kills N       of owners (50)
  --stops N       of owners, by SIGSTOP (5)
  --commit-delay-ms N   that PostgreSQL waits before each flush (0)
  --fsync-delay-ms N    that every fsync of PostgreSQL and its standby takes more, as on a slower disk (0)
  --limit-ms N    at what p99 a rate counts as sustained, in \`driver\` (30)
`
const works = { edits, latency, driver, killed, stopped, comes }
const report = new Report()
const { values: options } = parseArgs({
  args: report.rest,
  options: {
    help: { type: 'boolean' },
    only: { type: 'string', default: Object.keys(works).join(',') },
    rate: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '10' },
    kills: { type: 'string', default: '50' },
    stops: { type: 'string', default: '5' },
    'commit-delay-ms': { type: 'string', default: '0' },
    'fsync-delay-ms': { type: 'string', default: '0' },
    'limit-ms': { type: 'string', default: '30' },
  },
})
if (options.help) {
  process.stdout.write(usage)
  process.exit()
}
const number = (name) => {
  const value = Number(options[name])
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} must be a number, not ${options[name]}`)
  return value
}
const size = { rate: number('rate'), seconds: number('seconds'), kills: number('kills'), stops: number('stops'), limitMs: number('limit-ms') }
const chosen = options.only.split(',').map((word) => {
  if (!works[word]) throw new Error(`--only knows ${Object.keys(works).join(', ')}; not "${word}"`)
  return works[word]
})

const build = fileURLToPath(new URL('../../build', import.meta.url))
mkdirSync(build, { recursive: true })
const scratch = mkdtempSync(join(build, 'bench-cluster-'))
const nodes = await startNodes({ commitDelayMs: number('commit-delay-ms'), fsyncDelayMs: number('fsync-delay-ms') })
process.once('exit', () => nodes.kill()) // also where it is interrupted
try {
  for (const work of chosen) for (const row of await work(nodes, size, scratch)) report.add(row)
} finally {
  await nodes.stop()
  rmSync(scratch, { recursive: true, force: true })
}
report.finish()
