// A hub with very many documents of which few are open. The documents are made by bench_documents through the hub's own code:
// rows, log, history, snapshots. Then the hub is started on them, some are opened by live sessions and written to, the hub is
// killed and started again, and every one of those texts is checked.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { Report } from '../common/report.mjs'
import { textOf, Writing } from '../sessions/document.mjs'
import { Load } from '../sessions/load.mjs'
import { Concord } from '../sessions/servers.mjs'

const usage = `./dev bench documents [--json FILE] [OPTION…]
  --documents N   of the hub (100000)
  --open N        of them with a live session (100)
  --keep DIR      makes the documents in DIR, or takes those that an earlier run left there
`
const settleMs = 3000
const atRest = { DOCUMENT_IDLE_MS: '3600000' }  // what was opened stays open

const report = new Report()
const { values: options } = parseArgs({
  args: report.rest,
  options: {
    help: { type: 'boolean' },
    documents: { type: 'string', default: '100000' },
    open: { type: 'string', default: '100' },
    keep: { type: 'string' },
  },
})
if (options.help) {
  process.stdout.write(usage)
  process.exit()
}
const documents = Number(options.documents)
const open = Number(options.open)
if (!(open >= 1 && documents >= open)) throw new Error('--documents is at least --open, and that is at least 1')
const count = (n) => n.toLocaleString('en-US')
const check = (what, found, wanted) => {
  if (found !== wanted) throw new Error(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`)
}
const say = (text) => process.stderr.write(`  ${text}\n`)

const build = fileURLToPath(new URL('../../build', import.meta.url))
mkdirSync(build, { recursive: true })
const scratch = options.keep ?? mkdtempSync(join(build, 'bench-documents-'))
if (!options.keep) process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

const hub = new Concord(scratch)
hub.data = join(scratch, 'hub')
const filled = existsSync(hub.data)
mkdirSync(hub.data, { recursive: true })
const what = `${count(documents)} documents: `

/** Seconds from the program's start until it says that it is ready. */
async function start() {
  const began = performance.now()
  await hub.run(atRest)
  return (performance.now() - began) / 1000
}

async function memory() {
  await sleep(settleMs)
  return hub.program.memoryBytes() / 2 ** 20
}

await hub.run()
const user = filled ? await hub.signIn('owner') : await hub.register('owner')
await hub.program.stop()
if (!filled) {
  const began = performance.now()
  await promisify(execFile)(join(process.env.BENCH_BINARIES, 'bench_documents'), [hub.data, `${documents}`, user.id, `${open}`],
    { maxBuffer: 64 << 20 })
  say(`${count(documents)} documents made in ${((performance.now() - began) / 1000).toFixed(0)} s`)
}

report.add({ work: `${what}start after a clean end, until ready`, value: await start(), unit: 's' })
const ids = await hub.list(user, open)
check('documents of the user', ids.length, open)
report.add({ work: `${what}memory, none open`, value: await memory(), unit: 'MiB' })

const load = new Load(scratch)
const target = (id) => hub.targetOf(id, user, 'writer')
const began = performance.now()
const sessions = await load.open(hub.port, open, ids.map(target))
report.add({ work: `${what}opening one by a live session, ${open} in a row`, value: (performance.now() - began) / open, unit: 'ms' })
report.add({ work: `${what}memory, ${open} open and read`, value: await memory(), unit: 'MiB' })

const texts = ids.map((_, i) => `This is document ${i}. `)
const updates = texts.map((text) => hub.frame(null, new Writing().begin(text.length, text)))
const readers = await load.open(hub.port, open, ids.map(target))
await load.write({ writers: sessions, readers, messages: updates, rate: 1000, first: 1, acknowledged: true })
report.add({ work: `${what}memory, ${open} open and written to`, value: await memory(), unit: 'MiB' })

await hub.program.stop('SIGKILL')
await load.stop()
report.add({ work: `${what}start after kill -9, until ready`, value: await start(), unit: 's' })
const again = new Load(scratch)
for (const [i, id] of ids.entries()) {
  const session = await again.open(hub.port, 1, [target(id)])
  const text = textOf(await again.record(session))
  check(`the text of document ${i} has what was acknowledged`, text.includes(texts[i]), true)
}
report.add({ work: `${what}memory, ${open} open, after kill -9`, value: await memory(), unit: 'MiB' })
await again.stop()
await hub.program.stop()
process.stdout.write(`memory: proportional set size of the hub; ${cpus().length} cores (${cpus()[0].model})\n`)
report.finish()
process.exit()
