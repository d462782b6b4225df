// The highest rate of durable edits through a gateway, beside the highest that the log's driver takes alone, from a program that
// appends as a shard does, into the same PostgreSQL with the same standby and in the same run.
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Program } from '../sessions/process.mjs'
import { audience, kDocuments, ms, say } from './works.mjs'

const kStepSeconds = 4
const kAttempts = 3
const kNear = 1.1 // the search ends where the rates that are kept and not are as near as this
const [kLeast, kFirst, kMost] = [500, 8000, 128_000]

/** The driver alone: asked for a rate, it answers what became of it. */
class Driver {
  #answers = []

  constructor(url, payloadBytes) {
    this.program = new Program(join(process.env.BENCH_BINARIES, 'bench_cluster'), [url, `${payloadBytes}`])
    createInterface({ input: this.program.child.stdout }).on('line', (line) => this.#answers.shift()?.resolve(JSON.parse(line)))
    this.program.ended.then(() => {
      for (const { reject } of this.#answers) reject(new Error(this.program.output))
    })
  }

  write(rate) {
    return new Promise((resolve, reject) => {
      this.#answers.push({ resolve, reject })
      this.program.child.stdin.write(`${rate} ${kStepSeconds}\n`)
    })
  }

  async stop() {
    this.program.child.stdin.end()
    await this.program.ended
  }
}

/** Whether a rate is kept with a p99 below the limit, and what was measured then; what fails is tried again, as others use the machine. */
async function holds({ name, measure }, rate, limitMs) {
  for (let attempt = 0; attempt < kAttempts; ++attempt) {
    const found = await measure(rate)
    const kept = found.p99Ms < limitMs && found.rate > rate * 0.97
    say(`${name}: ${rate.toFixed(0)}/s sent, ${found.rate.toFixed(0)}/s reached, p50 ${found.p50Ms.toFixed(1)} ms, p99 ${found.p99Ms.toFixed(1)} ms: ${kept ? 'kept' : 'not kept'}`)
    if (kept) return found
  }
  return undefined
}

/** The highest rates that are kept: one step of each in turn, so that both see the same machine. */
async function highest(works, limitMs) {
  const searches = works.map((work) => ({ work, low: 0, high: kMost, rate: kFirst, best: undefined }))
  const open = ({ low, high }) => high > kLeast && (low === 0 || high / low > kNear)
  while (searches.some(open)) {
    for (const search of searches.filter(open)) {
      const found = await holds(search.work, search.rate, limitMs)
      if (found) Object.assign(search, { low: search.rate, best: found })
      else search.high = search.rate
      const { low, high } = search
      search.rate = low === 0 ? high / 2 : high === kMost ? low * 1.6 : Math.sqrt(low * high)
    }
  }
  for (const { work, best } of searches) if (!best) throw new Error(`${work.name}: not even ${kLeast}/s are kept`)
  return searches.map(({ best }) => best)
}

/** CPU time of each for an edit, in microseconds. */
async function costs(nodes, places, edits, work) {
  const names = Object.keys(places)
  const read = () => Promise.all(names.map((name) => (typeof places[name] === 'string' ? nodes.cpuOfServer(places[name]) : nodes.cpuOfNode(places[name]))))
  const before = await read()
  const found = await work()
  const after = await read()
  return { ...found, cpu: Object.fromEntries(names.map((name, i) => [name, ((after[i] - before[i]) / edits) * 1e6])) }
}

const inWords = (cpu) => Object.entries(cpu).map(([name, us]) => `${name} ${us.toFixed(0)}`).join(', ')

export async function driver(nodes, { limitMs }, scratch) {
  const engines = { PostgreSQL: 'postgres', 'its standby': 'standby' }
  const user = await nodes.user('measured')
  const { owner, others: [gateway, third] } = await nodes.places(user)

  const through = async (rate) => {
    const crowd = await audience(nodes, user, scratch, { documents: kDocuments, writersAt: gateway, readersAt: third }, `rate ${rate}`)
    const each = Math.round((rate * kStepSeconds) / kDocuments)
    const found = await costs(nodes, { ...engines, 'the owner': owner, 'the gateway': gateway, 'the readers\' node': third }, each * kDocuments, async () => {
      const done = await crowd.write(each, rate)
      return { rate: (each * kDocuments) / done.seconds, p50Ms: ms(done.ack_p50_us), p99Ms: ms(done.ack_p99_us) }
    })
    await crowd.verify()
    await crowd.load.stop()
    return found
  }
  await through(kLeast) // what the size of a record is learnt from
  const bytes = Math.round(Number(await nodes.cluster.engines.sql('SELECT avg(octet_length(payload)) FROM log_records')))
  const program = new Driver(nodes.cluster.engines.databaseUrl, bytes)
  const alone = (rate) =>
    costs(nodes, engines, rate * kStepSeconds, async () => {
      const done = await program.write(rate)
      return { rate: done.rate, p50Ms: done.p50_ms, p99Ms: done.p99_ms, own: done.cpu_us, batch: done.records_an_append }
    })
  const [ours, peer] = await highest([{ name: 'through a gateway', measure: through }, { name: 'the driver alone', measure: alone }], limitMs)
  await program.stop()

  say(`through a gateway ${ours.rate.toFixed(0)}/s, the driver alone ${peer.rate.toFixed(0)}/s (records of ${bytes} bytes, ${peer.batch.toFixed(0)} an append)`)
  say(`CPU an edit, in us: ${inWords(ours.cpu)}; of the driver alone: ${inWords(peer.cpu)}, the driver ${peer.own.toFixed(0)}`)
  const rows = [
    { work: `most edits/s with p99 < ${limitMs} ms: through a gateway, with readers at a third node`, value: ours.rate, unit: 'edits/s', peer: 'the log\'s driver alone', peer_value: peer.rate },
    { work: 'there acknowledged within, 99%', value: ours.p99Ms, unit: 'ms', peer: 'the log\'s driver alone', peer_value: peer.p99Ms },
  ]
  for (const [name, us] of Object.entries(ours.cpu))
    rows.push({ work: `CPU of ${name} an edit`, value: us, unit: 'us', ...(name in peer.cpu ? { peer: 'the log\'s driver alone', peer_value: peer.cpu[name] } : {}) })
  return rows
}
