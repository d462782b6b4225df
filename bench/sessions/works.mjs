// The measurements. Each takes the servers, does the same work with every one, checks that it was done, and answers
// [{name, unit, values}], a value for each server.
import { setTimeout as sleep } from 'node:timers/promises'
import { textOf, Writing } from './document.mjs'
import { Load } from './load.mjs'

const firstTextBytes = 2000
const paces = [{ rate: 20, edits: 80 }, { rate: 500, edits: 250 }]
const crowdPaces = [{ rate: 2, edits: 16 }, { rate: 20, edits: 60 }]
const singleEdits = 300
const settleMs = 1500
const aftermathMs = 100  // what a server still does when the last reader has its edit belongs to the work

export const count = (n) => n.toLocaleString('en-US')
export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
export const say = (server, text) => process.stderr.write(`  ${server.name}: ${text}\n`)

export function check(what, found, wanted) {
  if (found !== wanted) throw new Error(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`)
}

export async function settledMemory(server) {
  server.collect()
  await sleep(settleMs)
  server.collect()
  await sleep(settleMs / 3)
  return server.program.memoryBytes()
}

/** Memory of a session that has authenticated and joined, and then only listens; the documents are open already. */
export const memory = (servers, size, scratch) => idleMemory(servers, size, scratch, false)

/** The same over TLS 1.3, of those that have it. */
export const memoryTls = (servers, size, scratch) => idleMemory(servers, size, scratch, true)

async function idleMemory(servers, { sessions, documents }, scratch, tls) {
  const values = []
  for (const server of servers) {
    if (tls && !server.runAgain) {
      values.push(undefined)
      continue
    }
    await server.start()
    const load = new Load(scratch)
    const ids = []
    for (let i = 0; i < documents; ++i) ids.push(await server.createDocument(`document-${i}`))
    if (tls) await server.runAgain({ TLS: 'self-signed' })
    const port = tls ? `tls:${server.port}` : server.port
    const texts = ids.map(() => new Writing())
    const writers = await load.open(port, documents, ids.map((id) => server.target(id, 'writer')))
    const witnesses = await load.open(port, documents, ids.map((id) => server.target(id, 'reader')))
    const first = texts.map((text, i) => server.frame(ids[i], text.begin(firstTextBytes)))
    await load.write({ writers, readers: witnesses, rate: 0, first: 1, messages: first })

    const before = await settledMemory(server)
    const idle = await load.open(port, sessions, ids.map((id) => server.target(id, 'reader')))
    const after = await settledMemory(server)
    values.push((after - before) / sessions / 1024)
    say(server, `${count(sessions)} sessions${tls ? ' over TLS' : ''}: ${(before / 2 ** 20).toFixed(1)} MiB, then ${(after / 2 ** 20).toFixed(1)} MiB`)

    const second = texts.map((text, i) => server.frame(ids[i], text.edits(1)[0]))
    const done = await load.write({ writers, readers: idle, rate: 0, first: 2, messages: second })
    check(`${server.name}: sessions that received an edit`, done.edits, sessions)
    check(`${server.name}: what they received`, done.digests, documents)
    check(`${server.name}: a session's text`, textOf(await load.record(idle)), texts[0].text)
    await load.stop()
    await server.stop()
  }
  return [{ name: `memory per idle session${tls ? ' over TLS' : ''}, ${count(sessions)} on ${documents} documents`, unit: 'KiB', values }]
}

/** One document of a server with one writer and some readers. */
class Audience {
  static async gather(server, readers, scratch) {
    const audience = new Audience()
    audience.server = server
    audience.load = new Load(scratch)
    audience.size = readers
    audience.text = new Writing()
    audience.document = await server.createDocument(`audience-of-${readers}`)
    audience.writer = await audience.load.open(server.port, 1, [server.target(audience.document, 'writer')])
    audience.readers = await audience.load.open(server.port, readers, [server.target(audience.document, 'reader')])
    await audience.send([audience.text.begin(firstTextBytes)], 1, 0)
    return audience
  }

  /** Sends updates, waits until every reader has them, and answers what the load saw and the server's CPU time. */
  async send(updates, first, rate) {
    const before = this.server.program.cpuMicroseconds()
    const done = await this.load.write({
      writers: this.writer, readers: this.readers, rate, first,
      messages: updates.map((update) => this.server.frame(this.document, update)),
    })
    await sleep(aftermathMs)
    const cpu = this.server.program.cpuMicroseconds() - before
    check(`${this.server.name}: edits that arrived`, done.edits, updates.length * this.size)
    check(`${this.server.name}: orders in which they arrived`, done.digests, 1)
    return { ...done, cpuPerEdit: cpu / done.edits, cpuPerMessage: cpu / done.messages }
  }

  async edit(count, rate) {
    const first = this.text.next
    return this.send(this.text.edits(count), first, rate)
  }

  /** Whether everyone has the writer's text: a reader, a newcomer, REST; and whether the hub said it is on disk. */
  async verify() {
    const { load, server, document, text } = this
    check(`${server.name}: a reader's text`, textOf(await load.record(this.readers)), text.text)
    const newcomer = await load.open(server.port, 1, [server.target(document, 'reader')])
    check(`${server.name}: a newcomer's text`, textOf(await load.record(newcomer)), text.text)
    await server.verifyText(document, text.text)
    server.verifySaved(await load.lastOther(this.writer), text.next)  // the edits, and the answer when it joined
  }

  async part() {
    await this.load.stop()
    await this.server.stop()
  }
}

async function withAudiences(servers, readers, scratch, work) {
  const audiences = []
  for (const server of servers) {
    await server.start()
    audiences.push(await Audience.gather(server, readers, scratch))
  }
  await work(audiences)
  for (const audience of audiences) {
    await audience.verify()
    await audience.part()
  }
}

/**
 * CPU of a delivery to many readers of one document, and the time until they have it. A server may join edits into one
 * message, so there are fewer messages than edits.
 */
export const broadcast = (servers, { readers, rounds }, scratch) => broadcastTo(servers, readers, rounds, paces, scratch)

/** The same to ten times as many. */
export const crowd = (servers, { readers, rounds }, scratch) => broadcastTo(servers, 10 * readers, rounds, crowdPaces, scratch)

async function broadcastTo(servers, readers, rounds, paces, scratch) {
  const seen = paces.map(() => servers.map(() => []))
  await withAudiences(servers, readers, scratch, async (audiences) => {
    for (let round = 0; round < rounds; ++round) {
      for (const [p, { rate, edits }] of paces.entries()) {
        for (const [s, audience] of audiences.entries()) {
          const done = await audience.edit(edits, rate)
          seen[p][s].push(done)
          say(audience.server, `${edits} edits at ${rate}/s to ${count(readers)}: ${done.cpuPerEdit.toFixed(2)} µs each, ` +
            `in ${(done.messages / readers).toFixed(0)} messages of ${done.cpuPerMessage.toFixed(2)} µs, p50 ${(done.p50_us / 1000).toFixed(1)} ms, p99 ${(done.p99_us / 1000).toFixed(1)} ms, ${done.seconds.toFixed(1)} s`)
        }
      }
    }
  })
  return paces.flatMap(({ rate }, p) => {
    const of = `${rate} edits/s to ${count(readers)} readers`
    const each = (pick) => seen[p].map((rows) => median(rows.map(pick)))
    return [
      { name: `CPU per delivered message, ${of}`, unit: 'µs', values: each((done) => done.cpuPerMessage) },
      { name: `CPU per delivered edit, ${of}`, unit: 'µs', values: each((done) => done.cpuPerEdit) },
      { name: `50% delivered within, ${of}`, unit: 'ms', values: each((done) => done.p50_us / 1000) },
      { name: `99% delivered within, ${of}`, unit: 'ms', values: each((done) => done.p99_us / 1000) },
    ]
  })
}

/** CPU of an edit and its way to the one reader, each sent when the one before has arrived. */
export async function single(servers, { rounds }, scratch) {
  const seen = servers.map(() => [])
  await withAudiences(servers, 1, scratch, async (audiences) => {
    for (let round = 0; round < rounds; ++round) {
      for (const [s, audience] of audiences.entries()) {
        const done = await audience.edit(singleEdits, 0)
        seen[s].push(done)
        say(audience.server, `${singleEdits} edits to one reader: ${done.cpuPerEdit.toFixed(1)} µs, p50 ${done.p50_us} µs`)
      }
    }
  })
  const each = (pick) => seen.map((rows) => median(rows.map(pick)))
  return [
    { name: 'CPU per edit, one at a time to 1 reader', unit: 'µs', values: each((done) => done.cpuPerEdit) },
    { name: '50% delivered within, one at a time to 1 reader', unit: 'ms', values: each((done) => done.p50_us / 1000) },
  ]
}

/**
 * All sessions of a hub that was killed come back at once, as soon as it is there again. A session that is refused or closed
 * fails the run. Peers have nothing to come back to.
 */
export async function returning(servers, { sessions, documents }, scratch) {
  const values = servers.map(() => ({ all: undefined, cpu: undefined }))
  for (const [s, server] of servers.entries()) {
    if (!server.restart) continue
    await server.start()
    const ids = []
    for (let i = 0; i < documents; ++i) ids.push(await server.createDocument(`document-${i}`))
    const texts = ids.map(() => new Writing())
    let load = new Load(scratch)
    const writers = await load.open(server.port, documents, ids.map((id) => server.target(id, 'writer')))
    const readers = await load.open(server.port, sessions, ids.map((id) => server.target(id, 'reader')))
    await load.write({ writers, readers, rate: 0, first: 1, messages: texts.map((text, i) => server.frame(ids[i], text.begin(firstTextBytes))) })
    await load.stop()
    await server.restart()
    load = new Load(scratch)
    const began = performance.now()
    const again = await load.open(server.port, sessions, ids.map((id) => server.target(id, 'reader')), sessions)
    const seconds = (performance.now() - began) / 1000
    values[s] = { all: seconds, cpu: server.program.cpuMicroseconds() / sessions }
    say(server, `${count(sessions)} sessions are back ${seconds.toFixed(2)} s after the hub`)
    check(`${server.name}: a session's text`, textOf(await load.record(again)), texts[0].text)
    await load.stop()
    await server.stop()
  }
  return [
    { name: `${count(sessions)} sessions on ${documents} documents return at once: all are back after`, unit: 's', values: values.map(({ all }) => all) },
    { name: 'the hub\'s CPU for each, its start included', unit: 'µs', values: values.map(({ cpu }) => cpu) },
  ]
}
