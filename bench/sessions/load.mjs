// The load's client side: tells bench_sessions what to do (see main.cpp) and turns its answers into values or errors.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Program } from './process.mjs'

const hex = (bytes) => Buffer.from(bytes).toString('hex')

function writeMessages(file, messages) {
  const parts = []
  for (const message of messages) {
    const size = Buffer.alloc(4)
    size.writeUInt32LE(message.length)
    parts.push(size, Buffer.from(message))
  }
  writeFileSync(file, Buffer.concat(parts))
}

function readMessages(file) {
  const bytes = readFileSync(file)
  const messages = []
  for (let at = 0; at < bytes.length;) {
    const size = bytes.readUInt32LE(at)
    messages.push(bytes.subarray(at + 4, at + 4 + size))
    at += 4 + size
  }
  return messages
}

export class Load {
  #program
  #file
  #answers = []

  /** `folder` is for the files that pass between the two. */
  constructor(folder) {
    this.#program = new Program(join(process.env.BENCH_BINARIES, 'bench_sessions'), [])
    this.#file = join(folder, `load-${this.#program.pid}`)
    createInterface({ input: this.#program.child.stdout }).on('line', (line) => this.#answers.shift()?.(JSON.parse(line)))
    this.#program.ended.then(() => {
      for (const answer of this.#answers) answer({ error: this.#program.output })
    })
  }

  async #ask(line) {
    const answer = await new Promise((resolve) => {
      if (this.#program.gone) return resolve({ error: this.#program.output })
      this.#answers.push(resolve)
      this.#program.child.stdin.write(`${line}\n`)
    })
    if (answer.error) throw new Error(`${line.split(' ')[0]}: ${answer.error}`)
    return answer
  }

  /**
   * Opens sessions, session i at target i modulo their number, some at a time; answers the group's number. `port` is a
   * server's on this machine, or "tls:" and that.
   */
  async open(port, count, targets, atOnce = 64) {
    writeFileSync(this.#file, targets.map(({ path, header = '', address = [], hello }) =>
      [path, header, hex(address), hello.map(hex).join(',')].join('\t')).join('\n'))
    return (await this.#ask(`open ${port} ${count} ${atOnce} ${this.#file}`)).group
  }

  /**
   * Sends framed messages, whose edits are numbered from `first`; rate 0 waits for each to arrive everywhere.
   * `acknowledged`: waits for every acknowledgement, too.
   */
  async write({ writers, readers, messages, rate, first, acknowledged = false }) {
    writeMessages(this.#file, messages)
    return this.#ask(`write ${writers} ${readers} ${rate} ${first} ${this.#file}${acknowledged ? ' acknowledged' : ''}`)
  }

  /** All sessions of the group send framed messages in turn, whose edits are numbered from `first`; rate 0: at once. */
  async mix({ group, messages, rate, first }) {
    writeMessages(this.#file, messages)
    return this.#ask(`mix ${group} ${rate} ${first} ${this.#file}`)
  }

  /** CPU time of the load so far, in microseconds. */
  cpuMicroseconds() { return this.#program.cpuMicroseconds() }

  /** The sync answer and all updates that the group's first session was sent. */
  async record(group) {
    await this.#ask(`dump ${group} ${this.#file}`)
    return readMessages(this.#file)
  }

  async lastOther(group) { return Buffer.from((await this.#ask(`last ${group}`)).message, 'hex') }
  async close(group) { await this.#ask(`close ${group}`) }

  async stop() {
    this.#program.child.stdin.end()
    await this.#program.ended
  }
}
