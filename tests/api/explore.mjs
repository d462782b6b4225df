// Asks a hub everything that its OpenAPI document describes, as several callers, and holds every answer against it.
import { Agent, request as httpRequest } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { Callers } from './callers.mjs'
import { Generator, Seen } from './generate.mjs'
import { Random } from './random.mjs'
import { Requests } from './requests.mjs'
import { Schemas } from './schema.mjs'

// What `default` stands for in the answer to a request that is not as described; any other status is described by name.
const kOutside = [400, 405, 408, 413, 431, 501]

// Why a request that is as described may still be called wrong: what no schema says.
export const beyondSchema = [
  /'after' is not a cursor that a list returned/,
  /'since' must not be after the version/,
  /it changes nothing/,
  /'principal' is the owner/,
  /it can be split at one of them but the first/,
  /'mentions' must be people who may read the document/,
  /`start` and `end` must be a range of the content at that version/,
  /^{"code":[13],"message"/,  // of Engine.IO: an unknown session; a WebSocket that is none
]

const agent = new Agent({ keepAlive: true, maxSockets: 4 })

/** Sends a request with the target as it stands; answers {status, headers, bytes, ms}. */
function send(port, { method, target, headers, body }) {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const out = httpRequest({ host: '127.0.0.1', port, method, path: target, agent, headers: { ...headers, ...length } }, (answer) => {
      const parts = []
      answer.on('data', (part) => parts.push(part))
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, bytes: Buffer.concat(parts), ms: performance.now() - began }))
      answer.on('error', reject)
    })
    out.on('error', reject)
    out.end(body)
  })
}

/** A request for people to read. */
function spelled({ method, target, headers: { authorization: _, ...headers }, body }) {
  const sent = body === undefined ? '' : JSON.stringify(body.toString()).slice(0, 600)
  return `${method} ${target.slice(0, 300)} ${JSON.stringify(headers).slice(0, 300)} ${sent}`
}

export class Explorer {
  /** `hub`: a Hub of tests/e2e/hub.mjs without accounts. `boundMs`: an answer that takes longer, twice, is a fault. */
  static async on(hub, { seed = 1, boundMs = 5_000 } = {}) {
    const explorer = new Explorer()
    const document = (await hub.request('GET', '/openapi.json')).body
    const random = new Random(seed)
    const schemas = new Schemas(document)
    const seen = new Seen(random)
    const generator = new Generator(schemas, random, seen)
    Object.assign(explorer, { hub, seed, boundMs, random, schemas, seen, requests: new Requests(document, schemas, generator, random) })
    explorer.callers = await Callers.make(hub)
    await explorer.furnish()
    explorer.asked = new Map() // operation: {status: how often}
    explorer.faults = new Map() // operation and what: the first request that showed it
    return explorer
  }

  /** Something to begin with: everybody's identifier, and things of two of them, one shared with all. */
  async furnish() {
    const { hub, callers, seen } = this
    const accounts = ['owner', 'admin', 'member', 'other', 'guest'].map((name) => callers[name])
    accounts.forEach(({ id }) => seen.note(id))
    seen.emails = accounts.map(({ email }) => email)
    for (seen.caller of ['owner', 'member']) {
      const who = callers[seen.caller]
      for (const [path, body] of [['/folders', { name: 'Minutes' }], ['/documents', { name: 'Agenda', content: '# One' }]]) {
        const made = await hub.ask(who, 'POST', path, body, 201)
        seen.note(made)
        if (seen.caller === 'member') await hub.ask(who, 'POST', `${path}/${made.id}/share`, { principal: 'everybody', access_level: 'write' }, 200)
      }
    }
    seen.caller = 'owner'
    seen.note(await hub.ask(callers.owner, 'POST', '/groups', { name: 'Board' }, 201))
  }

  /** One request; notes what is wrong with its answer. */
  async step(operation = this.random.pick(this.requests.operations), caller = this.random.pick(this.callers.names)) {
    this.seen.caller = caller
    const kind = this.random.pick(['fit', 'fit', 'fit', 'edge', 'hostile', 'hostile'])
    const request = this.requests.make(operation, kind)
    const token = this.callers.token(caller)
    if (token) request.headers.authorization = `Bearer ${token}`
    let answer
    try {
      answer = await send(this.hub.port, request)
      if (answer.ms > this.boundMs) answer = await send(this.hub.port, request)
    } catch (error) {
      this.fault(operation, caller, request, `no answer: ${error.message}`)
      return
    }
    const name = `${operation.method} ${operation.path}`
    const counts = this.asked.get(name) ?? this.asked.set(name, {}).get(name)
    if (this.reaches(operation, request)) counts[answer.status] = (counts[answer.status] ?? 0) + 1
    for (const fault of this.judge(operation, request, answer)) this.fault(operation, caller, request, `${answer.status}: ${fault}`, answer)
    if (answer.status === 401 && token && caller !== 'forger') await this.callers.mend(caller)
  }

  fault(operation, caller, request, what, answer) {
    const key = `${operation.method} ${operation.path}: ${what}`
    if (this.faults.has(key)) return
    const answered = answer?.bytes.toString().slice(0, 500) ?? ''
    this.faults.set(key, `seed ${this.seed}: ${key}\n    asked by ${caller}: ${spelled(request)}\n    answered: ${answered}`)
  }

  judge(operation, request, answer) {
    const faults = []
    if (answer.status >= 500) faults.push('the hub failed')
    if (answer.ms > this.boundMs) faults.push(`took ${answer.ms.toFixed(0)} ms`)
    if (!answer.headers['x-request-id']) faults.push('no X-Request-Id')
    if (this.reaches(operation, request)) {
      if (request.fits && answer.status === 400 && !beyondSchema.some((one) => one.test(answer.bytes.toString()))) faults.push('is as described, and called wrong')
      if (request.breaks && answer.status < 400) faults.push('can never be done, and was')
      faults.push(...this.againstDocument(operation, answer, request.fits ? [] : kOutside))
    } else if (answer.status >= 400 && answer.bytes.length) {
      faults.push(...this.problemFaults(answer))
    }
    return faults
  }

  /** Whether the request is one of the operation: what is hostile may lead elsewhere. */
  reaches({ method, path }, { method: asked, target }) {
    if (asked !== method) return false
    const pattern = path.split('/').map((part) => (part.startsWith('{') ? '[^/]+' : part.replace(/\./g, '\\.'))).join('/')
    return new RegExp(`^${pattern}$`).test(target.split('?')[0]) && !/\/(\.|%2e){1,2}(\/|$|\?)/i.test(target)
  }

  againstDocument(operation, { status, headers, bytes }, outside) {
    const { responses } = operation.described
    if (!responses[status] && !outside.includes(status)) return ['the status is not described']
    const described = this.schemas.resolve(responses[status] ?? responses.default)
    const faults = []
    // Only what an agent's owner allows it is refused without the headers of rates.
    const rates = status === 429 && !bytes.includes('"the agent asks too often"')
    for (const [name, { schema, required = true }] of Object.entries(described.headers ?? {}).map(([k, v]) => [k, this.schemas.resolve(v)])) {
      const text = headers[name.toLowerCase()]
      if (text === undefined) faults.push(...(required || (rates && name.startsWith('RateLimit')) ? [`no ${name}`] : []))
      else faults.push(...this.schemas.faults(schema, schema.type === 'integer' ? Number(text) : text, name))
    }
    if (!described.content) return bytes.length ? [...faults, 'a body that is not described'] : faults
    const type = (headers['content-type'] ?? '').split(';')[0]
    const media = described.content[type]
    if (!media) return [...faults, `the media type "${type}" is not described`]
    if (!type.endsWith('json')) return faults
    let value
    try {
      const plain = headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes
      value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plain))
    } catch (error) {
      return [...faults, `is no JSON: ${error.message}`]
    }
    if (status < 300) this.seen.note(value)
    if (type === 'application/problem+json' && value.status !== status) faults.push(`the problem says ${value.status}`)
    return [...faults, ...this.schemas.faults(media.schema, value)]
  }

  problemFaults({ status, headers, bytes }) {
    if (!(headers['content-type'] ?? '').startsWith('application/problem+json')) return [`an error of type ${headers['content-type']}`]
    const value = JSON.parse(bytes.toString())
    return this.schemas.faults({ $ref: '#/components/schemas/Problem' }, value)
  }

  /** Every operation by every caller. */
  async round() {
    for (const operation of this.requests.operations)
      for (const caller of this.callers.names) await this.step(operation, caller)
  }

  /** The operations that have not succeeded yet. */
  unreached() {
    const succeeded = (name) => Object.keys(this.asked.get(name) ?? {}).some((status) => status < 300)
    return this.requests.operations.map(({ method, path }) => `${method} ${path}`).filter((name) => !succeeded(name))
  }
}
