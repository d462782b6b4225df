// A hub under test: the real program on a data directory and a port of its own, and what tests say to it.
import { spawn, execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

export const binary = process.env.CONCORD_BINARY
if (!binary) throw new Error('CONCORD_BINARY names no program; use tests/e2e/run')

export const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

// Tests ask faster than people do. Those of the limits (guard.test.mjs) set them.
const WITHOUT_RATES = {
  USER_RATE_PER_MINUTE: '0', ANONYMOUS_RATE_PER_MINUTE: '0', CONNECTIONS_PER_ADDRESS: '0', CONNECTIONS_PER_SECOND_PER_ADDRESS: '0',
  LOCK_MINUTES: '0',
}

/** Whether a process runs; one that has ended and was not waited for does not. */
const isRunning = (pid) => readFile(`/proc/${pid}/stat`, 'utf8').then((stat) => !/\) [ZX] /.test(stat), () => false)

export class Hub {
  /** Starts a hub on a fresh data directory below `folder`. `settings` are environment variables, or give them for its
   *  address. `place`: where it runs (places.mjs), with a disk of `disk` MB there; undefined: here. */
  static async start(settings = {}, folder = tmpdir(), { place, disk } = {}) {
    const data = await mkdtemp(join(folder, 'concord-e2e-'))
    if (disk) await place.mount(data, disk)
    return Hub.on(data, settings, place)
  }

  /** The same on a data directory that is there. `stop` removes it. */
  static async on(data, settings = {}, place = undefined) {
    const hub = new Hub()
    hub.data = data
    hub.place = place
    hub.port = await freePort()
    hub.settings = typeof settings === 'function' ? settings(hub.url) : settings
    hub.log = ''
    await hub.spawn()
    return hub
  }

  get host() { return this.place?.address ?? '127.0.0.1' }
  get url() { return `http://${this.host}:${this.port}` }
  get ws() { return `ws://${this.host}:${this.port}` }

  async spawn() {
    const [program, ...words] = [...(this.place?.through() ?? []), binary]
    this.process = spawn(program, [...words, 'serve', '--addr', `${this.host}:${this.port}`, '--data', this.data], {
      env: { ...process.env, ...WITHOUT_RATES, ...this.settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.on('data', (text) => { this.log = (this.log + text).slice(-200_000) })
    }
    this.exited = new Promise((resolve) => this.process.once('exit', (code, signal) => resolve({ code, signal })))
    const began = Date.now()
    for (;;) {
      if (this.process.exitCode !== null) throw new Error(`the hub ended at its start:\n${this.log}`)
      try {
        if (await this.isReady()) return
      } catch { /* not listening yet */ }
      if (Date.now() - began > 60_000) {
        this.process.kill('SIGKILL')
        throw new Error(`the hub is not ready after 60 s:\n${this.log}`)
      }
      await sleep(20)
    }
  }

  /** Over TLS, with a certificate that nobody vouches for, ready means listening. */
  async isReady() {
    const { TLS, TLS_CERT_FILE } = this.settings
    if (!TLS_CERT_FILE && TLS !== 'self-signed') return (await fetch(`${this.url}/health/ready`)).ok
    const socket = connect(this.port, this.host)
    return new Promise((resolve, reject) => socket.once('connect', () => resolve(true)).once('error', reject)).finally(() => socket.destroy())
  }

  /** Ends the process by a signal and waits for its end; answers {code, signal, ms}. */
  async end(signal) {
    const began = Date.now()
    this.process.kill(signal)
    return { ...(await this.exited), ms: Date.now() - began }
  }

  /** The process that serves, where another watches over it; undefined where none does, or none is there now. */
  async served() {
    const { pid } = this.process
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
    return children.trim() ? Number(children.trim().split(' ')[0]) : undefined
  }

  /** All of it, as when the machine is lost. */
  async crash() {
    const served = await this.served()
    const ending = await this.end('SIGKILL')
    if (served) await until('the serving process dies with its supervisor', async () => !(await isRunning(served)))
    return ending
  }

  /** kill -9 of the process that serves; the one that watches over it goes on. */
  async crashServing() {
    const served = await until('there is a process that serves', () => this.served())
    process.kill(served, 'SIGKILL')
    return served
  }

  async stop() {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.end('SIGTERM')
    await rm(this.data, { recursive: true, force: true })
  }

  /** One request; answers {status, body, headers}. `body` goes as JSON. */
  async request(method, path, { token, body, headers = {} } = {}) {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body !== undefined ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const text = await response.text()
    const json = (response.headers.get('content-type') ?? '').includes('json')
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text }
  }

  /** A request that has to be answered so; answers the body. */
  async ask(who, method, path, body, status) {
    const answer = await this.request(method, path, { token: who.token, body })
    if (answer.status !== status)
      throw new Error(`${method} ${path} answered ${answer.status}, not ${status}: ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  /** A program of the owner's, with its token. */
  makeAgent(owner, scopes, more = {}) {
    return this.ask(owner, 'POST', '/agents', { name: 'Robot', scopes, ...more }, 201)
  }

  async register(name) {
    const email = `${name.toLowerCase()}@example.org`
    const { status, body } = await this.request('POST', '/auth/register', {
      body: { email, password: `correct horse ${name}`, name },
    })
    if (status !== 201) throw new Error(`register answered ${status}: ${JSON.stringify(body)}`)
    return { ...body.user, token: body.access_token, refresh: body.refresh_token, password: `correct horse ${name}` }
  }

  /** Signs a registered user in once more; answers the user with the new session's tokens. */
  async logIn(user) {
    const { status, body } = await this.request('POST', '/auth/login', {
      body: { email: user.email, password: user.password },
    })
    if (status !== 200) throw new Error(`login answered ${status}: ${JSON.stringify(body)}`)
    return { ...user, token: body.access_token, refresh: body.refresh_token }
  }

  async createDocument(user, fields) {
    const { status, body } = await this.request('POST', '/documents', { token: user.token, body: fields })
    if (status !== 201) throw new Error(`create answered ${status}: ${JSON.stringify(body)}`)
    return body
  }

  async share(owner, document, user, level) {
    const { status, body } = await this.request('POST', `/documents/${document.id}/share`, {
      token: owner.token,
      body: { principal: user.email, access_level: level },
    })
    if (status !== 200) throw new Error(`share answered ${status}: ${JSON.stringify(body)}`)
  }

  async read(user, document, format = 'text') {
    const { status, body } = await this.request('GET', `/documents/${document.id}?format=${format}`, { token: user.token })
    if (status !== 200) throw new Error(`read answered ${status}: ${JSON.stringify(body)}`)
    return body
  }
}

/** curl, as a person would call it: answers {status, body}. */
export async function curl(...words) {
  const { stdout } = await promisify(execFile)('curl', ['-sS', '-w', '\n%{http_code}', ...words], { maxBuffer: 64 << 20 })
  const cut = stdout.lastIndexOf('\n')
  return { status: Number(stdout.slice(cut + 1)), body: stdout.slice(0, cut) }
}

/** Polls until `check()` is truthy; says `what` when it never is. */
export async function until(what, check, ms = 10_000) {
  const began = Date.now()
  for (;;) {
    const value = await check()
    if (value) return value
    if (Date.now() - began > ms) throw new Error(`not within ${ms} ms: ${what}`)
    await sleep(10)
  }
}
