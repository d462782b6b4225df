// Requests for the operations of an OpenAPI document: as it describes them, at its edges, and against it.
import { typeOf } from './schema.mjs'

const kMethods = ['get', 'put', 'post', 'patch', 'delete']
const kSegments = ['', '.', '..', '%00', '%2e%2e%2f', '%ff', 'x'.repeat(2_000), 'null', '-1', '%F0%9F%92%A9', "';--", '*', 'doc_', 'me']
const kValues = ['', '0', '-1', '1e9', '99999999999999999999', 'true', '%00', '%ff', "'%20or%201=1", 'x'.repeat(3_000), '[]', '*']

export class Requests {
  constructor(document, schemas, generator, random) {
    Object.assign(this, { document, schemas, generator, random })
    this.operations = Object.entries(document.paths).flatMap(([path, item]) =>
      kMethods.filter((method) => item[method]).map((method) => ({
        method: method.toUpperCase(), path, described: item[method],
        parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map((one) => schemas.resolve(one)),
        body: schemas.resolve(item[method].requestBody)?.content?.['application/json']?.schema,
      })))
  }

  /**
   * {method, target, headers, body, fits, breaks} of an operation. `fits`: it is as described. `breaks`: it can never be
   * done, whoever asks. Both false: the document does not tell.
   */
  make(operation, kind) {
    const { random, schemas } = this
    const request = { method: operation.method, headers: {}, body: undefined, fits: kind !== 'hostile', breaks: false }
    let value
    if (operation.body) {
      value = this.generator.fitting(operation.body, { edge: kind === 'edge' })
      request.headers['content-type'] = 'application/json'
      request.body = JSON.stringify(value)
    }
    request.target = this.target(operation, kind, value)
    if (kind === 'hostile') this.harm(request, operation, value)
    if (request.fits && operation.body && schemas.faults(operation.body, value).length)
      throw new Error(`what was to fit does not: ${JSON.stringify(value)}`)
    return request
  }

  target(operation, kind, body) {
    const { random, generator } = this
    const query = []
    let target = operation.path
    for (const parameter of operation.parameters) {
      // A path has room for no more, whatever the parameter would take.
      const schema = parameter.in === 'path' ? { maxLength: 256, ...this.schemas.resolve(parameter.schema) } : parameter.schema
      const value = generator.fitting(schema, { name: parameter.name, edge: kind === 'edge' })
      if (parameter.in === 'path') target = target.replace(`{${parameter.name}}`, encodeURIComponent(value))
      if (parameter.in === 'query' && (parameter.required || random.chance(0.4))) query.push([parameter.name, encodeURIComponent(value)])
    }
    // `content` is what `format` says, which a schema cannot tell.
    if (body?.content !== undefined && operation.parameters.some(({ name }) => name === 'format')) {
      const format = typeOf(body.content) === 'array' ? 'delta' : random.pick(['text', 'markdown'])
      return `${target}?format=${format}`
    }
    return target + (query.length ? `?${query.map((pair) => pair.join('=')).join('&')}` : '')
  }

  /** One thing about the request that the document does not describe. */
  harm(request, operation, value) {
    const { random, generator } = this
    const ways = [
      () => { request.target = operation.path.replace(/\{\w+\}/g, () => random.pick(kSegments)) },
      () => { request.target += `${request.target.includes('?') ? '&' : '?'}${random.pick(['', 'x', 'token', '%00'])}=${random.pick(kValues)}` },
      () => { request.method = random.pick(['PROPFIND', 'TRACE', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']) },
      () => { Object.assign(request.headers, random.pick([
        { accept: 'application/xml' }, { 'accept-encoding': 'br;q=0, *' }, { 'if-none-match': '*' }, { range: 'bytes=0-1' }, { origin: 'null' },
        { 'x-request-id': 'x'.repeat(500) }, { 'x-forwarded-for': '::1, 10.0.0.1' }, { cookie: 'a=b; c="' }, { 'x-http-method-override': 'DELETE' },
      ])) },
    ]
    const queries = operation.parameters.filter((one) => one.in === 'query')
    if (queries.length) ways.push(() => {
      const name = random.pick(queries).name
      request.target = `${request.target.split('?')[0]}?${name}=${random.pick(kValues)}${random.chance(0.3) ? `&${name}=${random.pick(kValues)}` : ''}`
    })
    if (operation.body) {
      const broken = () => {
        const one = generator.breaking(operation.body)
        if (one === undefined) return
        request.body = JSON.stringify(one)
        request.breaks = true
      }
      ways.push(broken, broken, broken, broken, broken, () => {
        request.body = generator.noise()
        request.breaks = true
      }, () => {
        request.headers['content-type'] = random.pick(['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'application/json; charset=utf-16', ''])
      })
    } else {
      ways.push(() => { request.body = generator.noise() || '{}'; request.headers['content-type'] = 'application/json' })
    }
    random.pick(ways)()
  }
}
