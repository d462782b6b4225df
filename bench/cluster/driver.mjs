// The highest rate of durable edits through a gateway, beside the highest that the log's driver takes alone, from a program that
// appends as a shard does, into the same PostgreSQL with the same standby and in the same run.
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Program } from '../sessions/process.mjs'
import { audience, kDocuments, ms, say } from './works.mjs'

const kStepSeconds = 5
const kNear = 1.04 // the search ends where the next rate would be as near as this
const [kLeast, kMost] = [500, 128_000]

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

/** The highest rate that is kept with a p99 below the limit, and what was measured there; a rate that fails is tried twice. */
async function highest(name, limitMs, measure) {
  const holds = async (rate) => {
    for (let attempt = 0; attempt < 2; ++attempt) {
      const found = await measure(rate)
      const kept = found.p99Ms < limitMs && found.rate > rate * 0.97
      say(`${name}: ${rate.toFixed(0)}/s sent, ${found.rate.toFixed(0)}/s reached, p50 ${found.p50Ms.toFixed(1)} ms, p99 ${found.p99Ms.toFixed(1)} ms: ${kept ? 'kept' : 'not kept'}`)
      if (kept) return found
    }
    return undefined
  }
  let [low, high, best] = [kLeast, kMost, await holds(kLeast)]
  if (!best) throw new Error(`${name}: not even ${kLeast}/s are kept`)
  for (let rate = 8000; high / low > kNear; rate = high === kMost ? Math.min(low * 1.6, (low + high) / 2) : Math.sqrt(low * high)) {
    const found = await holds(rate)
    if (found) [low, best] = [rate, found]
    else high = rate
  }
  return best
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

  const through = await highest('through a gateway', limitMs, async (rate) => {
    const crowd = await audience(nodes, user, scratch, { documents: kDocuments, writersAt: gateway, readersAt: third }, `rate ${rate}`)
    const each = Math.round((rate * kStepSeconds) / kDocuments)
    const found = await costs(nodes, { ...engines, 'the owner': owner, 'the gateway': gateway, 'the readers\' node': third }, each * kDocuments, async () => {
      const done = await crowd.write(each, rate)
      return { rate: (each * kDocuments) / done.seconds, p50Ms: ms(done.ack_p50_us), p99Ms: ms(done.ack_p99_us) }
    })
    await crowd.verify()
    await crowd.load.stop()
    return found
  })

  const bytes = Math.round(Number(await nodes.cluster.engines.sql('SELECT avg(octet_length(payload)) FROM (SELECT payload FROM log_records ORDER BY hybrid_time DESC LIMIT 10000) AS newest')))
  const program = new Driver(nodes.cluster.engines.databaseUrl, bytes)
  const alone = await highest('the driver alone', limitMs, (rate) =>
    costs(nodes, engines, rate * kStepSeconds, async () => {
      const done = await program.write(rate)
      return { rate: done.rate, p50Ms: done.p50_ms, p99Ms: done.p99_ms, own: done.cpu_us, batch: done.records_an_append }
    }))
  await program.stop()

  say(`through a gateway ${through.rate.toFixed(0)}/s, the driver alone ${alone.rate.toFixed(0)}/s (records of ${bytes} bytes, ${alone.batch.toFixed(0)} an append)`)
  say(`CPU an edit, in us: ${inWords(through.cpu)}; of the driver alone: ${inWords(alone.cpu)}, the driver ${alone.own.toFixed(0)}`)
  const rows = [
    { work: `most edits/s with p99 < ${limitMs} ms: through a gateway, with readers at a third node`, value: through.rate, unit: 'edits/s', peer: 'the log\'s driver alone', peer_value: alone.rate },
    { work: 'there acknowledged within, 99%', value: through.p99Ms, unit: 'ms', peer: 'the log\'s driver alone', peer_value: alone.p99Ms },
  ]
  for (const [name, us] of Object.entries(through.cpu))
    rows.push({ work: `CPU of ${name} an edit`, value: us, unit: 'us', ...(name in alone.cpu ? { peer: 'the log\'s driver alone', peer_value: alone.cpu[name] } : {}) })
  return rows
}
