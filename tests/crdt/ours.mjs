// The other side of crdt_peer (peer.cpp says the layout): one process that holds documents of our engine. Calls are
// synchronous, on two named pipes: a message is sent as soon as it is written, and other work can be done before its
// answer is read.
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const { writeVarUint: uint, writeUint8: byte, writeVarUint8Array: bytes } = encoding
const readBytes = d => decoding.readVarUint8Array(d).slice()

/** Both ends of a new pipe. */
const makePipe = () => {
  const folder = mkdtempSync(join(tmpdir(), 'crdt-peer-'))
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const both = openSync(path, constants.O_RDWR) // so that neither of the next two waits for the other
  const ends = { out: openSync(path, constants.O_RDONLY), in: openSync(path, constants.O_WRONLY) }
  closeSync(both)
  rmSync(folder, { recursive: true })
  return ends
}

/** What a peer answered with when it refused. */
export class Refused extends Error {}

export class OurProcess {
  constructor (program) {
    const there = makePipe()
    const back = makePipe()
    this.child = spawn(program, [], { stdio: [there.out, back.in, 'inherit'] })
    closeSync(there.out)
    closeSync(back.in)
    this.to = there.in
    this.from = back.out
    this.encoder = encoding.createEncoder()
    this.readers = []
    this.sent = []
    this.head = Buffer.alloc(4)
    this.next = 0
  }

  // ---- commands; each waits to be sent, and gives its answer to `then`

  #command (kind, document, write, read, then) {
    byte(this.encoder, kind)
    uint(this.encoder, document)
    write(this.encoder)
    this.readers.push({ read, then })
  }
  create (client, { gc = true, cleanFormats = false, undo = false, v2 = false, observed = false, answering = false, xmlElement = false } = {}) {
    const document = this.next++
    const flags = [gc, cleanFormats, undo, v2, observed, answering, xmlElement].reduce((bits, flag, i) => bits | (flag ? 1 << i : 0), 0)
    this.#command(0, document, e => { uint(e, client); uint(e, flags) }, () => {})
    return document
  }
  random (document, seed, count, { pairs, xml }, then) {
    this.#command(1, document, e => { uint(e, seed); uint(e, count); byte(e, (pairs ? 1 : 0) | (xml ? 2 : 0)) },
      d => ({ update: readBytes(d), operations: readBytes(d) }), then)
  }
  operations (document, steps, then) {
    this.#command(2, document, e => { uint(e, steps.length); steps.forEach(step => step.write(e)) }, readBytes, then)
  }
  apply (document, update, then, v2 = false) {
    this.#command(3, document, e => { byte(e, v2 ? 1 : 0); bytes(e, update) }, d => ({ pending: decoding.readUint8(d) === 1, cleanup: readBytes(d) }), then)
  }
  stateVector (document, then) { this.#command(4, document, () => {}, readBytes, then) }
  encode (document, since, then, v2 = false) { this.#command(5, document, e => { byte(e, v2 ? 1 : 0); bytes(e, since) }, readBytes, then) }
  content (document, then) { this.#command(6, document, () => {}, decoding.readAny, then) }
  merge (updates, then, v2 = false) { this.#command(7, 0, e => { byte(e, v2 ? 1 : 0); uint(e, updates.length); updates.forEach(u => bytes(e, u)) }, readBytes, then) }
  diff (update, since, then, v2 = false) { this.#command(8, 0, e => { byte(e, v2 ? 1 : 0); bytes(e, update); bytes(e, since) }, readBytes, then) }
  vectorOf (update, then, v2 = false) { this.#command(9, 0, e => { byte(e, v2 ? 1 : 0); bytes(e, update) }, readBytes, then) }
  convert (update, then, v2 = false) { this.#command(14, 0, e => { byte(e, v2 ? 1 : 0); bytes(e, update) }, readBytes, then) }
  validate (document) { this.#command(10, document, () => {}, () => {}) }
  lengths (document, then) {
    this.#command(12, document, () => {}, d => ({ text: decoding.readVarUint(d), array: decoding.readVarUint(d) }), then)
  }
  undo (document, redo, then) { this.#command(13, document, e => byte(e, redo ? 1 : 0), readBytes, then) }
  told (document, then) {
    this.#command(15, document, () => {}, d => [decoding.readAny(d), Array.from({ length: decoding.readVarUint(d) }, () => readBytes(d))], then)
  }
  wanted (document, then) { this.#command(16, document, () => {}, decoding.readAny, then) }
  drop (document) { this.#command(11, document, () => {}, () => {}) }

  // ---- the pipes

  /** Sends what waits. */
  send () {
    if (this.readers.length === 0) return
    if (this.sent.length > 0) throw new Error('the answer to the last message was not read')
    const body = encoding.toUint8Array(this.encoder)
    this.head.writeUInt32LE(body.length)
    this.#write(this.head)
    this.#write(body)
    this.sent = this.readers
    this.readers = []
    this.encoder = encoding.createEncoder()
  }
  /** Sends what waits, reads the answers, hands them out; until nothing waits any more. */
  flush () {
    for (;;) {
      if (this.sent.length === 0) this.send()
      if (this.sent.length === 0) return
      this.#read(this.head)
      const body = Buffer.alloc(this.head.readUInt32LE())
      this.#read(body)
      const decoder = decoding.createDecoder(body)
      const readers = this.sent
      this.sent = []
      for (const { read, then } of readers) {
        if (decoding.readUint8(decoder) !== 0) throw new Refused(decoding.readVarString(decoder))
        const answer = read(decoder)
        then?.(answer)
      }
    }
  }
  /** One command and its answer: `call(then => ours.content(0, then))`. */
  call (command) {
    let answer
    command(value => { answer = value })
    this.flush()
    return answer
  }
  close () {
    closeSync(this.to)
    closeSync(this.from)
  }

  #write (bytes) {
    for (let at = 0; at < bytes.length;) at += writeSync(this.to, bytes, at, bytes.length - at)
  }
  #read (bytes) {
    for (let at = 0; at < bytes.length;) {
      const got = readSync(this.from, bytes, at, bytes.length - at)
      if (got === 0) throw new Error('crdt_peer has ended')
      at += got
    }
  }
}
