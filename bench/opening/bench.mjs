// What it takes to read documents that nobody has open, on PostgreSQL, Redis, etcd and S3: time, and CPU of each process,
// with their newest snapshots in Redis and without. Each document is read once after a start, by one client after the other.
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { cpuSeconds, Report } from '../common/report.mjs'
import { Engines } from '../../tests/e2e/engines.mjs'
import { Hub, until } from '../../tests/e2e/hub.mjs'

const usage = `./dev bench opening [--json FILE] [OPTION…]
  --documents N   of each size (1000)
  --sizes LIST    characters of each (4000,200000)
  --rounds N      with and without, in turn (2)
  --clients N     who read at a time (1)
`
const report = new Report()
const { values: options } = parseArgs({
  args: report.rest,
  options: {
    help: { type: 'boolean' },
    documents: { type: 'string', default: '1000' },
    sizes: { type: 'string', default: '4000,200000' },
    rounds: { type: 'string', default: '2' },
    clients: { type: 'string', default: '1' },
  },
})
if (options.help) {
  process.stdout.write(usage)
  process.exit()
}
const number = (name, text) => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a number from 1 on, not ${text}`)
  return value
}
const documents = number('documents', options.documents)
const sizes = options.sizes.split(',').map((size) => number('sizes', size))
const rounds = number('rounds', options.rounds)
const clients = number('clients', options.clients)
const share = (values, part) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(part * values.length))]
const say = (text) => process.stderr.write(`  ${text}\n`)

const cpuMs = (pid) => 1000 * cpuSeconds(pid)

/** Words that are not all the same, so that they are compressed as text is. */
function textOf(size) {
  const words = Array.from({ length: 400 }, () => randomBytes(3).toString('hex'))
  let text = ''
  while (text.length < size) text += `${words[randomBytes(2).readUInt16LE() % words.length]} `
  return text.slice(0, size)
}

async function inTurns(ids, work) {
  const left = [...ids]
  await Promise.all(Array.from({ length: clients }, async () => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) await work(id)
  }))
}

const engines = await Engines.start()
const common = { ...engines.hub, MASTER_KEY: randomBytes(32).toString('base64'), DOCUMENT_IDLE_MS: '2000', SUPERVISE: 'false' }
const hub = await Hub.start(common)
try {
  const ann = await hub.register('ann')
  const metric = async (name) => Number((await hub.request('GET', '/metrics')).body.match(new RegExp(`^concord_${name} (\\d+)`, 'm'))?.[1] ?? 0)
  const bySize = new Map()
  for (const size of sizes) {
    const ids = []
    for (let i = 0; i < documents; ++i) {
      const { id, version } = await hub.ask(ann, 'POST', '/documents', { name: `${size} ${i}` }, 201)
      await hub.ask(ann, 'PUT', `/documents/${id}`, { content: textOf(size), version }, 200)
      ids.push(id)
    }
    bySize.set(size, ids)
    say(`${documents} documents of ${size} characters are written`)
  }
  await until('all are closed', async () => (await metric('documents_open')) === 0, 300_000)

  const s3 = engines.servers.filter((one) => !['postgres', 'redis', 'etcd'].includes(one.name))
  const processes = () => ({
    hub: () => cpuMs(hub.process.pid),
    s3: () => s3.reduce((sum, one) => sum + cpuMs(one.process.pid), 0),
    redis: () => cpuMs(engines.redis.process.pid),
  })
  const found = new Map()
  for (let round = 0; round < rounds; ++round) {
    for (const cached of [false, true]) {
      await hub.end('SIGTERM')
      hub.settings = { ...common, DOCUMENT_CACHE_SECONDS: cached ? '86400' : '0' }
      await hub.spawn()
      const [first] = bySize.get(sizes[0])
      await hub.ask(ann, 'GET', `/documents/${first}?format=text`, undefined, 200)  // the owner's keys are read once
      for (const [size, ids] of bySize) {
        const before = Object.entries(processes()).map(([name, cpu]) => [name, cpu()])
        const times = []
        await inTurns(ids.filter((id) => id !== first), async (id) => {
          const began = performance.now()
          await hub.ask(ann, 'GET', `/documents/${id}?format=text`, undefined, 200)
          times.push(performance.now() - began)
        })
        const cpu = Object.fromEntries(before.map(([name, then]) => [name, (processes()[name]() - then) / times.length]))
        const key = `${size} ${cached}`
        if (!found.has(key)) found.set(key, { size, cached, times: [], cpu: [] })
        found.get(key).times.push(...times)
        found.get(key).cpu.push(cpu)
        say(`${size} characters, ${cached ? 'from Redis' : 'from S3'}: p50 ${share(times, 0.5).toFixed(2)} ms, p99 ${share(times, 0.99).toFixed(2)} ms; CPU of one: hub ${cpu.hub.toFixed(2)}, S3 ${cpu.s3.toFixed(2)}, Redis ${cpu.redis.toFixed(2)} ms`)
      }
      if (cached && await metric('document_cache_hits_total') < sizes.length * documents - 10) throw new Error('most of them did not come from the cache')
    }
  }
  const mean = (cpu, name) => cpu.reduce((sum, one) => sum + one[name], 0) / cpu.length
  for (const { size, cached, times, cpu } of found.values()) {
    const from = `${size} characters, ${cached ? 'from Redis' : 'from S3'}`
    report.add({ work: `${from}: read within, 50%`, value: share(times, 0.5), unit: 'ms' })
    report.add({ work: `${from}: read within, 99%`, value: share(times, 0.99), unit: 'ms' })
    report.add({ work: `${from}: CPU of hub, S3 and Redis for one`, value: mean(cpu, 'hub') + mean(cpu, 's3') + mean(cpu, 'redis'), unit: 'ms' })
  }
} finally {
  await hub.stop()
  await engines.stop()
}
report.finish()
