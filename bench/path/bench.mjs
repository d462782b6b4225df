// The whole path of an update, at rates that are kept whatever the server does: many documents, one writer and some readers
// each. An update's times count from when it was due, to when its writer has the acknowledgement and a reader has the update.
// Both servers get the same real Yjs updates from the same load, on the same cores; afterwards a newcomer must be given the
// writers' texts, and the hub must have acknowledged every update.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Report } from '../common/report.mjs'
import { textOf, Writing } from '../sessions/document.mjs'
import { Load } from '../sessions/load.mjs'
import { Concord, HocuspocusSqlite } from '../sessions/servers.mjs'

const usage = `./dev bench path [--json FILE] [OPTION…]
  --rates LIST       updates a second, over all documents (10000,1000)
  --seconds N        at each rate, for the hub (15)
  --peer-seconds N   at each rate, for Hocuspocus (5)
  --documents N      with one writer each (1000)
  --readers N        of each document (3)
  --owners N         of the documents; an owner's lie on one shard (16)
  --no-peer          without Hocuspocus
`
const settleMs = 500
const firstTextBytes = 200
const sampled = 20  // documents whose text is checked

const report = new Report()
const { values: options } = parseArgs({
  args: report.rest,
  options: {
    help: { type: 'boolean' },
    'no-peer': { type: 'boolean' },
    rates: { type: 'string', default: '10000,1000' },
    seconds: { type: 'string', default: '15' },
    'peer-seconds': { type: 'string', default: '5' },
    documents: { type: 'string', default: '1000' },
    readers: { type: 'string', default: '3' },
    owners: { type: 'string', default: '16' },
  },
})
if (options.help) {
  process.stdout.write(usage)
  process.exit()
}
const positive = (name, text = options[name]) => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes numbers from 1, not ${text}`)
  return value
}
const size = { documents: positive('documents'), readers: positive('readers') }
const rates = options.rates.split(',').map((text) => positive('rates', text))
const owners = positive('owners')

const count = (n) => n.toLocaleString('en-US')
const check = (what, found, wanted) => {
  if (found !== wanted) throw new Error(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`)
}

/** A server whose documents are open, each with its writer and readers. */
class Stage {
  static async open(server, scratch) {
    const stage = new Stage()
    Object.assign(stage, { server, load: new Load(scratch), ids: [] })
    for (let i = 0; i < size.documents; ++i) stage.ids.push(await server.createDocument(`document-${i}`))
    stage.texts = stage.ids.map(() => new Writing())
    const targets = (role) => stage.ids.map((id) => server.target(id, role))
    stage.writers = await stage.load.open(server.port, size.documents, targets('writer'))
    stage.readers = await stage.load.open(server.port, size.documents * size.readers, targets('reader'))
    await sleep(settleMs)  // what was acknowledged as they joined
    await stage.write(stage.texts.map((text) => text.begin(firstTextBytes)), 1, 1000)
    return stage
  }

  /** One update after the other, to the documents in turn. */
  async write(updates, first, rate) {
    const messages = updates.map((update, i) => this.server.frame(this.ids[i % size.documents], update))
    const cpu = () => [this.server.program.cpuMicroseconds(), this.load.cpuMicroseconds()]
    const before = cpu()
    const done = await this.load.write({
      writers: this.writers, readers: this.readers, messages, rate, first, acknowledged: true,
    })
    const [serverCpu, loadCpu] = cpu().map((now, i) => (now - before[i]) / messages.length)
    check(`${this.server.name}: edits delivered`, done.edits, messages.length * size.readers)
    check(`${this.server.name}: updates acknowledged`, done.acks, messages.length)
    return { ...done, serverCpu, loadCpu, rate: messages.length / done.seconds }
  }

  async measure(rate, seconds) {
    const each = Math.max(1, Math.round((rate * seconds) / size.documents))
    const first = this.texts[0].next
    const edits = this.texts.map((text) => text.edits(each))
    const done = await this.write(Array.from({ length: each }, (_, n) => edits.map((of) => of[n])).flat(), first, rate)
    process.stderr.write(`  ${this.server.name}: ${count(each * size.documents)} updates at ${count(rate)}/s took ` +
      `${done.seconds.toFixed(1)} s; acknowledged p99 ${(done.ack_p99_us / 1000).toFixed(1)} ms, ` +
      `delivered p99 ${(done.p99_us / 1000).toFixed(1)} ms, CPU ${done.serverCpu.toFixed(1)} + ${done.loadCpu.toFixed(1)} µs\n`)
    return done
  }

  async verify() {
    for (let i = 0; i < size.documents; i += Math.ceil(size.documents / sampled)) {
      const newcomer = await this.load.open(this.server.port, 1, [this.server.target(this.ids[i], 'reader')])
      check(`${this.server.name}: a newcomer's text`, textOf(await this.load.record(newcomer)), this.texts[i].text)
      await this.server.verifyText(this.ids[i], this.texts[i].text)
    }
  }

  async close() {
    await this.load.stop()
    await this.server.stop()
  }
}

const build = fileURLToPath(new URL('../../build', import.meta.url))
mkdirSync(build, { recursive: true })
const scratch = mkdtempSync(join(build, 'bench-path-'))  // on a real disk, so that an fsync is one
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

const servers = [new Concord(scratch, { owners })]
if (!options['no-peer']) servers.push(new HocuspocusSqlite(scratch))
const measured = []
for (const server of servers) {
  const peer = !(server instanceof Concord)
  try {
    await server.start()
    const stage = await Stage.open(server, scratch)
    const of = []
    for (const rate of [...rates].reverse()) of.unshift(await stage.measure(rate, positive(peer ? 'peer-seconds' : 'seconds')))
    await stage.verify()
    measured.push({ server, of })
    await stage.close()
  } catch (error) {
    const { program } = server
    if (program) process.stderr.write(`${server.name} ${program.gone ? 'has ended' : 'runs'}; it said:\n${program.output}\n`)
    throw error
  }
}

const [own, peer] = measured
const what = `${count(size.documents)} documents, ${size.readers} readers each, `
rates.forEach((rate, i) => {
  const add = (name, unit, pick) => report.add({
    work: `${what}${count(rate)} updates/s: ${name}`, unit, value: pick(own.of[i]),
    ...(peer && { peer: peer.server.name, peer_value: pick(peer.of[i]) }),
  })
  add('updates/s done', '1/s', (done) => done.rate)
  for (const [words, key] of [['p50', 'p50'], ['p99', 'p99'], ['p99.9', 'p999']]) {
    add(`${words} until acknowledged`, 'ms', (done) => done[`ack_${key}_us`] / 1000)
  }
  for (const [words, key] of [['p50', 'p50'], ['p99', 'p99'], ['p99.9', 'p999']]) {
    add(`${words} until delivered`, 'ms', (done) => done[`${key}_us`] / 1000)
  }
  add("the server's CPU an update", 'µs', (done) => done.serverCpu)
  add("the load's CPU an update", 'µs', (done) => done.loadCpu)
})
for (const { server } of measured) process.stdout.write(`${server.name}: ${server.keeps}\n`)
process.stdout.write(`${cpus().length} cores (${cpus()[0].model}), shared by server and load\n`)
report.finish()
process.exit()
