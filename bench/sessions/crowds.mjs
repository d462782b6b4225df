// Work that many do at once: documents whose editors all write, and as many idle sessions as the machine holds.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import * as Y from 'yjs'
import { textOf } from './document.mjs'
import { Load } from './load.mjs'
import { Concord } from './servers.mjs'
import { check, count, median, say, settledMemory } from './works.mjs'

const perDocument = 10
const editsEach = 5  // of an editor in a round
const mixRates = [5000, 0]  // edits a second; 0: as they can be taken
const sampled = 10  // documents whose text is checked
const aftermathMs = 200

/** One of several who write in a document: a real Yjs client that hears of nobody else. */
class Editor {
  #doc = new Y.Doc()

  /** The update of an edit that types its number. */
  edit(number) {
    let update
    this.#doc.once('update', (bytes) => { update = bytes })
    const text = this.#doc.getText('content')
    text.insert(text.length, `~${String(number).padStart(6, '0')} `)
    return update
  }
}

/** The documents of a server, each with its editors. */
class Newsroom {
  static async gather(server, documents, scratch) {
    const room = new Newsroom()
    Object.assign(room, { server, load: new Load(scratch), ids: [], next: 1 })
    for (let i = 0; i < documents; ++i) room.ids.push(await server.createDocument(`document-${i}`))
    room.size = documents * perDocument
    room.group = await room.load.open(server.port, room.size, room.ids.map((id) => server.target(id, 'writer')))
    room.editors = Array.from({ length: room.size }, () => new Editor())
    return room
  }

  /** Every editor makes some edits, one after the other in turn. */
  async write(rate) {
    const first = this.next
    const total = this.size * editsEach
    this.next += total
    const messages = Array.from({ length: total }, (_, k) =>
      this.server.frame(this.ids[k % this.ids.length], this.editors[k % this.size].edit(first + k)))
    const cpu = () => this.server.program.cpuMicroseconds()
    const before = cpu()
    const done = await this.load.mix({ group: this.group, messages, rate, first })
    await sleep(aftermathMs)
    check(`${this.server.name}: edits that arrived`, done.edits, total * (perDocument - 1))
    return { ...done, rate: total / done.seconds, cpuPerEdit: (cpu() - before) / total }
  }

  /** Whether a newcomer is given all that was written, and REST reads the same. */
  async verify() {
    const documents = this.ids.length
    for (let d = 0; d < documents; d += Math.ceil(documents / sampled)) {
      const newcomer = await this.load.open(this.server.port, 1, [this.server.target(this.ids[d], 'reader')])
      const text = textOf(await this.load.record(newcomer))
      const found = text.split(' ').filter((word) => word !== '').map((word) => Number(word.slice(1))).sort((a, b) => a - b)
      const wanted = Array.from({ length: this.next - 1 }, (_, k) => k).filter((k) => k % documents === d).map((k) => k + 1)
      check(`${this.server.name}: the edits in a newcomer's text`, found.join(), wanted.join())
      await this.server.verifyText(this.ids[d], text)
    }
  }
}

/** Documents with ten editors each, who all write: edits a second, CPU of an edit and its nine deliveries, and how long those take. */
export async function editors(servers, { editors: documents, rounds }, scratch) {
  const seen = mixRates.map(() => servers.map(() => []))
  for (const [s, server] of servers.entries()) {
    server.owners = 16  // of the hub's documents: an owner's lie on one shard
    await server.start()
    const room = await Newsroom.gather(server, documents, scratch)
    for (let round = 0; round < rounds; ++round) {
      for (const [r, rate] of mixRates.entries()) {
        const done = await room.write(rate)
        seen[r][s].push(done)
        say(server, `${count(room.size)} editors, ${rate ? `${count(rate)}/s` : 'all at once'}: ${count(Math.round(done.rate))} edits/s, ` +
          `${done.cpuPerEdit.toFixed(1)} µs each, p50 ${(done.p50_us / 1000).toFixed(1)} ms, p99 ${(done.p99_us / 1000).toFixed(1)} ms`)
      }
    }
    await room.verify()
    await room.load.stop()
    await server.stop()
  }
  const of = (rate) => `${count(documents)} documents of ${perDocument} editors, ${rate ? `${count(rate)} edits/s` : 'all at once'}`
  return mixRates.flatMap((rate, r) => {
    const each = (pick) => seen[r].map((rows) => median(rows.map(pick)))
    return [
      { name: `edits taken and delivered, ${of(rate)}`, unit: '1/s', values: each((done) => done.rate) },
      { name: `CPU per edit to nine others, ${of(rate)}`, unit: 'µs', values: each((done) => done.cpuPerEdit) },
      { name: `50% delivered within, ${of(rate)}`, unit: 'ms', values: each((done) => done.p50_us / 1000) },
      { name: `99% delivered within, ${of(rate)}`, unit: 'ms', values: each((done) => done.p99_us / 1000) },
    ]
  })
}

const perHub = 18_000  // sessions: a process may open 20,000 descriptors
const millionDocuments = 20  // of a hub
const startsAtOnce = 4
const fillsAtOnce = 8
const keepFree = 3 * 2 ** 30
const atOnce = 200
const quiet = {
  WEBSOCKET_PING_MS: '3600000', ACCESS_TOKEN_SECONDS: '86400', REACTORS: '1', LOG_LEVEL: 'error',
}

const availableBytes = () => Number(readFileSync('/proc/meminfo', 'latin1').match(/^MemAvailable:\s+(\d+) kB$/m)[1]) * 1024

/** A hub in a process of its own, with the process that keeps its sessions open. */
class Place {
  static async open(scratch) {
    const place = new Place()
    Object.assign(place, { server: new Concord(scratch), load: new Load(scratch), sessions: 0 })
    await place.server.start(quiet)
    const ids = []
    for (let i = 0; i < millionDocuments; ++i) ids.push(await place.server.createDocument(`document-${i}`))
    place.targets = ids.map((id) => place.server.target(id, 'reader'))
    await place.load.open(place.server.port, ids.length, place.targets)  // so that the documents are open
    place.before = await settledMemory(place.server)
    return place
  }

  async fill(sessions) {
    if (sessions <= this.sessions) return
    await this.load.open(this.server.port, sessions - this.sessions, this.targets, atOnce)
    this.sessions = sessions
  }

  async close() {
    await this.load.stop()
    await this.server.program.stop('SIGKILL')
    await this.server.stop()
  }
}

/**
 * Idle sessions on as many hubs as it takes, both ends on this machine: what one costs its hub, and the whole machine with both
 * ends and the kernel's part. Goes on until the number that was asked for, or the machine, says stop.
 */
export async function million(servers, { most }, scratch) {
  const rows = []
  const places = []
  const steps = []
  for (let step = 1000; step < most; step *= 10) steps.push(step)
  steps.push(most)
  let stopped = `the ${count(most)} that were asked for`
  try {
    for (const step of steps) {
      const hubs = Math.ceil(step / perHub)
      while (places.length < hubs) {
        const more = Math.min(startsAtOnce, hubs - places.length)
        places.push(...await Promise.all(Array.from({ length: more }, () => Place.open(scratch))))
      }
      const held = places.reduce((sum, place) => sum + place.sessions, 0)
      const freeBefore = availableBytes()
      const began = performance.now()
      const fills = places.map((place, i) => [place, Math.min(perHub, step - i * perHub)]).filter(([place, wanted]) => place.sessions < wanted)
      while (fills.length > 0) {
        if (availableBytes() < keepFree) throw new Error('memory: no more than is to stay free, 3 GiB')
        await Promise.all(fills.splice(0, fillsAtOnce).map(([place, wanted]) => place.fill(wanted)))
      }
      const reached = places.reduce((sum, place) => sum + place.sessions, 0)
      const seconds = (performance.now() - began) / 1000
      const opened = reached - held
      await sleep(2000)
      const whole = places.reduce((sum, place) => sum + place.server.program.memoryBytes(), 0)
      const bytes = whole - places.reduce((sum, place) => sum + place.before, 0)
      const machine = (freeBefore - availableBytes()) / opened
      process.stderr.write(`  ${count(reached)} sessions on ${places.length} hubs: ${(bytes / reached).toFixed(0)} bytes more of a hub each ` +
        `(${(whole / reached).toFixed(0)} with all that the hubs hold), ` +
        `${(machine / 1024).toFixed(2)} KiB of the machine for each of the last ${count(opened)}, opened in ${seconds.toFixed(1)} s; ` +
        `${(availableBytes() / 2 ** 30).toFixed(1)} GiB free\n`)
      rows.push({ name: `memory that a hub has gained per idle session, ${count(reached)} on ${places.length} hubs`, unit: 'bytes', values: [bytes / reached] })
      rows.push({ name: `the same with all that the hubs hold, ${count(reached)}`, unit: 'bytes', values: [whole / reached] })
      rows.push({ name: `memory of the machine per session with both its ends, to ${count(reached)}`, unit: 'KiB', values: [machine / 1024] })
    }
  } catch (error) {
    if (rows.length === 0) throw error
    stopped = error.message
  }
  process.stderr.write(`  stopped by ${stopped}\n`)
  for (const place of places) await place.close()
  return rows
}
