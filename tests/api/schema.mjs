// The part of JSON Schema 2020-12 that docs/api/openapi.json uses. A keyword that is not known here is an error, so that
// none is passed over in silence.

const kPassive = new Set(['description', 'examples', 'example', 'default', 'writeOnly', 'readOnly', 'title'])

const formats = {
  'date-time': /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/,
  email: /^[^@\s]+@[^@\s]+$/,
  password: /^/,
}

export const typeOf = (value) =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value
const isType = (value, type) => typeOf(value) === type || (type === 'number' && typeOf(value) === 'integer')
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b)

// keyword: (what it says, value, schema, walk) => faults; `walk(schema, value, member)` goes one deeper.
const keywords = {
  type: (types, value) => [types].flat().some((type) => isType(value, type)) ? [] : [`is no ${types} but ${typeOf(value)}`],
  enum: (values, value) => (values.some((one) => same(one, value)) ? [] : [`is none of ${values}`]),
  const: (wanted, value) => (same(wanted, value) ? [] : [`is not ${JSON.stringify(wanted)}`]),
  minLength: (least, value) => (typeof value === 'string' && [...value].length < least ? [`is shorter than ${least}`] : []),
  maxLength: (most, value) => (typeof value === 'string' && [...value].length > most ? [`is longer than ${most}`] : []),
  pattern: (text, value) => (typeof value === 'string' && !new RegExp(text, 'u').test(value) ? [`does not match ${text}`] : []),
  format: (name, value) => {
    if (!formats[name]) throw new Error(`the format ${name} is not known`)
    return typeof value === 'string' && !formats[name].test(value) ? [`is no ${name}`] : []
  },
  contentEncoding: (name, value) => {
    if (name !== 'base64url') throw new Error(`the encoding ${name} is not known`)
    return typeof value === 'string' && value.length % 4 === 1 ? ['is no base64url'] : []
  },
  minimum: (least, value) => (typeof value === 'number' && value < least ? [`is less than ${least}`] : []),
  maximum: (most, value) => (typeof value === 'number' && value > most ? [`is more than ${most}`] : []),
  minItems: (least, value) => (Array.isArray(value) && value.length < least ? [`has fewer than ${least}`] : []),
  maxItems: (most, value) => (Array.isArray(value) && value.length > most ? [`has more than ${most}`] : []),
  items: (schema, value, _, walk) => (Array.isArray(value) ? value.flatMap((one, i) => walk(schema, one, i)) : []),
  minProperties: (least, value) => (typeOf(value) === 'object' && Object.keys(value).length < least ? [`has fewer than ${least}`] : []),
  maxProperties: (most, value) => (typeOf(value) === 'object' && Object.keys(value).length > most ? [`has more than ${most}`] : []),
  required: (names, value) =>
    typeOf(value) === 'object' ? names.filter((name) => !Object.hasOwn(value, name)).map((name) => `has no ${name}`) : [],
  dependentRequired: (rules, value) =>
    typeOf(value) === 'object'
      ? Object.entries(rules).filter(([name]) => Object.hasOwn(value, name))
          .flatMap(([name, wanted]) => wanted.filter((one) => !Object.hasOwn(value, one)).map((one) => `has ${name} and no ${one}`))
      : [],
  properties: (schemas, value, _, walk) =>
    typeOf(value) === 'object'
      ? Object.keys(schemas).filter((name) => Object.hasOwn(value, name)).flatMap((name) => walk(schemas[name], value[name], name))
      : [],
  additionalProperties: (schema, value, { properties = {} }, walk) => {
    if (typeOf(value) !== 'object') return []
    const others = Object.keys(value).filter((name) => !Object.hasOwn(properties, name))
    if (schema === false) return others.map((name) => `has ${name}, which is not described`)
    return schema === true ? [] : others.flatMap((name) => walk(schema, value[name], name))
  },
  anyOf: (schemas, value, _, walk) => (schemas.some((one) => !walk(one, value).length) ? [] : ['fits none of anyOf']),
  oneOf: (schemas, value, _, walk) => {
    const fits = schemas.filter((one) => !walk(one, value).length).length
    return fits === 1 ? [] : [`fits ${fits} of oneOf`]
  },
  allOf: (schemas, value, _, walk) => schemas.flatMap((one) => walk(one, value)),
}

export class Schemas {
  constructor(document) { this.document = document }

  /** What a `$ref` leads to, or the thing itself. */
  resolve(thing) {
    while (thing?.$ref) thing = thing.$ref.slice(2).split('/').reduce((at, name) => at[name], this.document)
    return thing
  }

  /** How `value` breaks `schema`, each with where; empty where it fits. */
  faults(schema, value, where = '') {
    const resolved = this.resolve(schema)
    const walk = (inner, part, member) => this.faults(inner, part, member === undefined ? where : `${where}/${member}`)
    return Object.entries(resolved).flatMap(([keyword, says]) => {
      if (kPassive.has(keyword)) return []
      if (!keywords[keyword]) throw new Error(`the keyword ${keyword} is not known`)
      const found = keywords[keyword](says, value, resolved, walk)
      return found.map((fault) => (fault.startsWith('/') ? fault : `${where || '/'} ${fault}`))
    })
  }
}
