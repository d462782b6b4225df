// The measurements. Each answers rows of the report, and checks that what was acknowledged is there.
import { Load } from '../sessions/load.mjs'
import { textOf, Writing } from '../sessions/document.mjs'
import { dialect, pause } from './nodes.mjs'

export const kDocuments = 50
const kBetweenKillsMs = 5000 // a supervisor gives up on a node that dies six times in a minute
export const say = (text) => process.stderr.write(`  ${text}\n`)
export const ms = (microseconds) => microseconds / 1000
const share = (values, part) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(part * values.length))]

async function makeDocuments(nodes, user, count, name) {
  const ids = []
  for (let i = 0; i < count; ++i) ids.push((await nodes.document(user, `${name} ${i}`)).id)
  return ids
}

/** Every document has its writer at the gateway and its reader at the third node. */
export async function audience(nodes, user, scratch, { documents, writersAt, readersAt }, name) {
  const ids = await makeDocuments(nodes, user, documents, name)
  const load = new Load(scratch)
  const open = (node, role) => load.open(node.port, documents, ids.map((id) => dialect.targetOf(id, user, role)))
  const writers = await open(writersAt, 'writer')
  const readers = await open(readersAt, 'reader')
  const texts = ids.map(() => new Writing())
  let next = 1
  const write = async (each, rate) => {
    const first = next
    next += each
    const perText = texts.map((text) => (first === 1 ? [text.begin(200), ...text.edits(each - 1)] : text.edits(each)))
    const messages = Array.from({ length: each }, (_, k) => perText.map((updates, i) => dialect.frame(ids[i], updates[k]))).flat()
    return load.write({ writers, readers, rate, first, messages, acknowledged: true })
  }
  const verify = async () => {
    const found = textOf(await load.record(readers))
    if (found !== texts[0].text) throw new Error(`a reader has ${found.length} characters, not ${texts[0].text.length}`)
    for (const [i, id] of ids.entries()) {
      const { content } = await writersAt.ask(user, 'GET', `/documents/${id}?format=text`, undefined, 200)
      if (content !== texts[i].text) throw new Error(`document ${i} reads ${content.length} characters, not ${texts[i].text.length}`)
    }
  }
  await write(2, 0)
  return { load, write, verify, ids }
}

/** Durable edits of the documents of one shard, sent to a node that does not serve it. */
export async function edits(nodes, { rate, seconds }, scratch) {
  const user = await nodes.user('editor')
  const { owner, others: [gateway, third] } = await nodes.places(user)
  const crowd = await audience(nodes, user, scratch, { documents: kDocuments, writersAt: gateway, readersAt: third }, 'edited')
  const each = Math.round((rate * seconds) / kDocuments)
  const done = await crowd.write(each, rate)
  await crowd.verify()
  await crowd.load.stop()
  const reached = (each * kDocuments) / done.seconds
  say(`${each * kDocuments} edits through ${gateway.name} to ${owner.name}, read at ${third.name}: ${reached.toFixed(0)}/s, acknowledged p50 ${ms(done.ack_p50_us)} ms, p99 ${ms(done.ack_p99_us)} ms`)
  return [
    { work: `durable edits of one shard through another node, ${rate}/s sent`, value: reached, unit: 'edits/s' },
    { work: 'acknowledged within, 50%', value: ms(done.ack_p50_us), unit: 'ms' },
    { work: 'acknowledged within, 99%', value: ms(done.ack_p99_us), unit: 'ms' },
    { work: 'with a reader at a third node within, 99%', value: ms(done.p99_us), unit: 'ms' },
  ]
}

/** An update from a client at one node to one at another, which a third serves. */
export async function latency(nodes, _size, scratch) {
  const user = await nodes.user('talker')
  const { others: [a, b] } = await nodes.places(user)
  const pair = await audience(nodes, user, scratch, { documents: 1, writersAt: a, readersAt: b }, 'talk')
  const done = await pair.write(500, 50)
  await pair.verify()
  await pair.load.stop()
  say(`500 edits at 50/s from ${a.name} to ${b.name}: p50 ${ms(done.p50_us)} ms, p99 ${ms(done.p99_us)} ms; acknowledged p50 ${ms(done.ack_p50_us)} ms`)
  return [
    { work: 'from a client at one node to one at another, 50%', value: ms(done.p50_us), unit: 'ms' },
    { work: 'the same, 99%', value: ms(done.p99_us), unit: 'ms' },
    { work: 'the writer\'s own acknowledgement, 50%', value: ms(done.ack_p50_us), unit: 'ms' },
  ]
}

/** Writes by REST through a node that does not serve the document, one after the other, again and again where refused. */
class Persistent {
  constructor(node, user, document) { Object.assign(this, { node, user, document, written: 0, refused: 0, version: document.version }) }

  async write() {
    const content = `${this.written + 1}`
    for (;;) {
      const answer = await this.node.request('PUT', `/documents/${this.document.id}`, { token: this.user.token, body: { content, version: this.version } }).catch(() => ({ status: 0 }))
      if (answer.status === 200) {
        this.version = answer.body.version
        return ++this.written
      }
      if (![0, 503, 504].includes(answer.status)) throw new Error(`PUT answered ${answer.status}: ${JSON.stringify(answer.body)}`)
      this.refused += 1
      await pause(5)
    }
  }

  async verify() {
    const { content, version } = await this.node.ask(this.user, 'GET', `/documents/${this.document.id}?format=text`, undefined, 200)
    if (content !== `${this.written}`) throw new Error(`the document reads "${content}", not "${this.written}"`)
    if (version !== this.version) throw new Error(`the document is at version ${version}, not ${this.version}: a write was doubled`)
  }
}

/** A user whose documents each of the nodes serves, so that all are struck in turn. */
async function usersOfAllNodes(nodes, name) {
  const users = new Map()
  for (let i = 0; users.size < nodes.cluster.nodes.length; ++i) {
    const user = await nodes.user(`${name}${i}`)
    const { owner } = await nodes.places(user)
    if (!users.has(owner)) users.set(owner, user)
  }
  return [...users.values()]
}

async function outages(nodes, users, count, strike) {
  const outagesMs = []
  for (let i = 0; i < count; ++i) {
    const user = users[i % users.length]
    const { owner, others: [gateway], probe } = await nodes.places(user)
    const { version } = await gateway.ask(user, 'GET', `/documents/${probe.id}?format=text`, undefined, 200)
    const writer = new Persistent(gateway, user, { ...probe, version })
    await writer.write()
    const began = performance.now()
    const heal = await strike(owner)
    await writer.write()
    outagesMs.push(performance.now() - began)
    await writer.verify()
    await heal()
    await nodes.cluster.settled(3)
    await writer.verify()
  }
  return outagesMs
}

/** kill -9 of the process that serves the document, under its supervisor. */
export async function killed(nodes, { kills }) {
  const users = await usersOfAllNodes(nodes, 'survivor')
  const times = await outages(nodes, users, kills, async (owner) => {
    await owner.crashServing()
    return () => pause(kBetweenKillsMs)
  })
  say(`${kills} owners killed: writes again within ${times.map((time) => time.toFixed(0)).join(' ')} ms`)
  return [
    { work: `kill -9 of an owner, ${kills} times: writes again within, 50%`, value: share(times, 0.5), unit: 'ms' },
    { work: 'the same, 99%', value: share(times, 0.99), unit: 'ms' },
    { work: 'the same, at worst', value: Math.max(...times), unit: 'ms' },
  ]
}

/** SIGSTOP of the whole node, as when its machine stands still; woken up again, it has lost its shards. */
export async function stopped(nodes, { stops }) {
  const users = await usersOfAllNodes(nodes, 'patient')
  const times = await outages(nodes, users, stops, async (owner) => {
    const served = await owner.served()
    for (const pid of [owner.process.pid, served]) process.kill(pid, 'SIGSTOP')
    return async () => { for (const pid of [owner.process.pid, served]) process.kill(pid, 'SIGCONT') }
  })
  say(`${stops} owners stopped: writes again within ${times.map((time) => time.toFixed(0)).join(' ')} ms`)
  return [
    { work: `SIGSTOP of an owner, ${stops} times: writes again within, 50%`, value: share(times, 0.5), unit: 'ms' },
    { work: 'the same, at worst', value: Math.max(...times), unit: 'ms' },
  ]
}

/** A fourth node comes while people edit documents of many shards through one gateway. */
export async function comes(nodes) {
  const users = []
  for (let i = 0; i < 16; ++i) users.push(await nodes.user(`mover${i}`))
  const [gateway] = nodes.cluster.nodes
  const writers = []
  for (const user of users) writers.push(new Persistent(gateway, user, await nodes.document(user, 'moved')))
  const times = []
  let ended = false
  const typing = writers.map(async (writer) => {
    while (!ended) {
      const began = performance.now()
      await writer.write()
      times.push(performance.now() - began)
      await pause(20)
    }
  })
  await pause(2000)
  times.length = 0
  const before = await nodes.cluster.shards()
  await nodes.cluster.add()
  await nodes.cluster.settled(4)
  await pause(2000)
  ended = true
  await Promise.all(typing)
  for (const writer of writers) await writer.verify()
  const after = await nodes.cluster.shards()
  const moved = before.flatMap((shards, i) => shards.filter((shard) => !after[i].includes(shard))).length
  say(`${times.length} edits while a fourth node came and ${moved} of 16 shards moved: p99 ${share(times, 0.99).toFixed(1)} ms, at worst ${Math.max(...times).toFixed(0)} ms; ${writers.reduce((sum, one) => sum + one.refused, 0)} refused and written again`)
  return [
    { work: 'a fourth node comes: shards that move, of 16', value: moved, unit: 'shards' },
    { work: 'edits meanwhile, 99% within', value: share(times, 0.99), unit: 'ms' },
    { work: 'the same, at worst', value: Math.max(...times), unit: 'ms' },
    { work: 'edits that had to be written again', value: writers.reduce((sum, one) => sum + one.refused, 0), unit: 'edits' },
  ]
}
