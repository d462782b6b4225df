// Values for a schema: some that fit, some at the edges of what fits, some that break exactly one rule, and texts that are
// no JSON of ours at all.
import { typeOf } from './schema.mjs'

const kLetters = 'abcdefghijklmnopqrstuvwxyz'
const kCrockford = '0123456789abcdefghjkmnpqrstvwxyz'
const kWords = ['one', 'two', 'Minutes', '# Agenda', 'line\nline', '- [ ] task', '**bold**', '| a | b |\n|---|---|', '']

/** Without members that are null: one that may be left out may as well be null. */
const withoutNulls = (value) =>
  typeOf(value) === 'array' ? value.map(withoutNulls)
    : typeOf(value) === 'object' ? Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null).map(([k, one]) => [k, withoutNulls(one)]))
      : value

/** A text that `pattern` takes: of classes, literals and counts alone. */
function sample(pattern, random) {
  let rest = pattern.replace(/^\^|\$$/g, '')
  let text = ''
  while (rest) {
    const [whole, inside, literal, count] = rest.match(/^(?:\[([^\]]+)\]|\\?(.))(\{\d+(?:,\d+)?\}|[*+?])?/s)
    rest = rest.slice(whole.length)
    const letters = inside === undefined ? literal : inside.replace(/(.)-(.)/g, (_, a, b) => {
      let run = ''
      for (let c = a.charCodeAt(0); c <= b.charCodeAt(0); ++c) run += String.fromCharCode(c)
      return run
    })
    const [low, high] = !count ? [1, 1] : count === '*' ? [0, 8] : count === '+' ? [1, 8] : count === '?' ? [0, 1]
      : count.slice(1, -1).split(',').map(Number)
    text += random.text(letters, random.integer(low, high ?? low))
  }
  return text
}

/** What was seen in answers, to be sent back: the last identifiers of each kind, of all callers and of each. */
export class Seen {
  constructor(random) { Object.assign(this, { random, known: new Map(), caller: '', versions: [1], emails: [] }) }

  note(value) {
    const type = typeOf(value)
    if (type === 'string') {
      const prefix = value.match(/^([a-z]{3})_[0-7][0-9a-hjkmnp-tv-z]{25}$/)?.[1]
      if (prefix) for (const key of [prefix, `${prefix} ${this.caller}`]) this.keep(key, value)
    } else if (type === 'array') value.slice(0, 20).forEach((one) => this.note(one))
    else if (type === 'object') {
      if (Number.isInteger(value.version)) this.versions = [...this.versions.slice(-4), value.version]
      Object.values(value).forEach((one) => this.note(one))
    }
  }

  keep(key, value) {
    const known = this.known.get(key) ?? this.known.set(key, []).get(key)
    if (!known.includes(value)) known.push(value)
    if (known.length > 20) known.shift()
  }

  /** One that the caller has seen, or another has, or else one that nobody has. */
  id(prefix) {
    const own = this.known.get(`${prefix} ${this.caller}`)
    if (own && this.random.chance(0.8)) return this.random.chance(0.5) ? own.at(-1) : this.random.pick(own)
    const any = this.known.get(prefix)
    if (any && this.random.chance(0.8)) return this.random.pick(any)
    return `${prefix}_0${this.random.text(kCrockford, 25)}`
  }
}

export class Generator {
  constructor(schemas, random, seen) { Object.assign(this, { schemas, random, seen }) }

  /** Fits. With `edge` as short, long, small or large as it may be. */
  fitting(schema, { name = '', edge = false } = {}) {
    const { random } = this
    const s = this.schemas.resolve(schema)
    if ('const' in s) return s.const
    if (s.enum) return random.pick(s.enum)
    if ((s.anyOf ?? s.oneOf) && !s.properties) return this.fitting(random.pick(s.anyOf ?? s.oneOf), { name, edge })
    const type = random.pick([s.type ?? 'object'].flat())
    if (type === 'null') return null
    if (type === 'boolean') return random.chance(0.5)
    if (type === 'integer' || type === 'number') return this.number(s, name, edge)
    if (type === 'string') return this.string(s, name, edge)
    if (type === 'array') return this.array(s, edge)
    return this.object(s, edge)
  }

  number(s, name, edge) {
    const { random, seen } = this
    const low = s.minimum ?? 0
    const high = s.maximum ?? 2 ** 31
    if (edge) return random.pick([low, high])
    if (/version|since|before/.test(name)) return random.pick([1, 1, 2, ...seen.versions].filter((n) => n >= low))
    return random.integer(low, Math.min(high, low + 100))
  }

  string(s, name, edge) {
    const { random, seen } = this
    const prefix = s.pattern?.match(/^\^([a-z]{3})_\[/)?.[1]
    if (prefix) return seen.id(prefix)
    if (s.contentEncoding === 'base64url') return Buffer.from(random.text(kLetters, random.integer(1, 40))).toString('base64url')
    if (s.pattern && !s.pattern.startsWith('^[^')) return sample(s.pattern, random)
    if (s.format === 'date-time') return new Date(2e12 + random.integer(0, 1e9)).toISOString()
    if (s.format === 'email') return random.chance(0.3) && seen.emails.length ? random.pick(seen.emails) : `${random.text(kLetters, edge ? 64 : 8)}@example.org`
    if (name === 'thing') return random.pick(['*', seen.id('doc'), seen.id('fld')])
    if (name === 'principal') return random.pick(['everybody', seen.id('usr'), seen.id('grp'), ...seen.emails])
    const low = s.minLength ?? 0
    const high = s.maxLength ?? 4096
    if (edge) return random.text(kLetters, random.pick([low, low + 1, high - 1, high].filter((n) => n >= low && n <= high)))
    const word = random.pick(kWords).replace(['content', 'insert'].includes(name) ? /$^/ : /\n/g, ' ')
    return word.length >= low && word.length <= high ? word : random.text(kLetters, Math.min(low + 4, high))
  }

  array(s, edge) {
    const low = s.minItems ?? 0
    const high = s.maxItems ?? 30
    const length = edge ? this.random.pick([low, high]) : this.random.integer(low, Math.min(high, low + 3))
    return Array.from({ length }, () => this.fitting(s.items, { edge: edge && length < 5 }))
  }

  object(s, edge) {
    const out = {}
    const required = [...(s.required ?? []), ...(s.anyOf ? this.random.pick(s.anyOf).required : [])]
    for (const [name, schema] of Object.entries(s.properties ?? {}))
      if (required.includes(name) || this.random.chance(0.5)) out[name] = this.fitting(schema, { name, edge })
    for (const [name, wanted] of Object.entries(s.dependentRequired ?? {}))
      for (const one of Object.hasOwn(out, name) ? wanted : []) out[one] ??= this.fitting(s.properties[one], { name: one, edge })
    for (let n = Object.keys(out).length; n < (s.minProperties ?? 0); ++n)
      out[this.random.pick(['image', 'video', 'formula'])] = this.random.text(kLetters, 8)
    return out
  }

  /** Breaks a rule of the schema, or is nothing where no rule can be broken. */
  breaking(schema) {
    for (let attempt = 0; attempt < 20; ++attempt) {
      const value = this.damaged(schema, this.fitting(schema))
      if (value === undefined) continue
      if ([value, withoutNulls(value)].every((one) => this.schemas.faults(schema, one).length)) return value
    }
    return undefined
  }

  damaged(schema, value) {
    const { random } = this
    const s = this.schemas.resolve(schema)
    const inner = typeOf(value) === 'object' ? Object.keys(value).filter((name) => s.properties?.[name]) : []
    if (inner.length && random.chance(0.6)) {
      const name = random.pick(inner)
      return { ...value, [name]: this.damaged(s.properties[name], value[name]) }
    }
    if (typeOf(value) === 'object' && s.required?.length && random.chance(0.5)) {
      const { [random.pick(s.required)]: _, ...rest } = value
      return rest
    }
    if (typeOf(value) === 'object' && s.additionalProperties === false && random.chance(0.3)) return { ...value, surplus: 1 }
    if (typeOf(value) === 'array' && value.length && s.items && random.chance(0.6))
      return value.with(random.integer(0, value.length - 1), this.damaged(s.items, value[0]))
    const ways = [null, true, -1, 1.5, 2 ** 53, 1e308, '', [], {}, [[]], { a: { b: {} } }, 'x'.repeat(70_000), '\u0000', '\ud800', '\u202e\ufeff']
    if (s.maxLength) ways.push('x'.repeat(s.maxLength + 1), 'ü'.repeat(s.maxLength + 1))
    if (s.minLength > 1) ways.push('x'.repeat(s.minLength - 1))
    if (s.maximum !== undefined) ways.push(s.maximum + 1, -s.maximum)
    if (s.minimum !== undefined) ways.push(s.minimum - 1)
    if (s.maxItems) ways.push(Array.from({ length: s.maxItems + 1 }, () => this.fitting(s.items)))
    return random.pick(ways)
  }

  /** Bytes of a body that no route can take for an object. */
  noise() {
    const { random } = this
    return random.pick([
      () => '', () => '{', () => '[]', () => 'null', () => '"text"', () => '0', () => '{"a":1,}', () => '{"a":NaN}', () => "{'a':1}",
      () => '['.repeat(20_000), () => '{"a":'.repeat(5_000), () => '{}{}', () => '{"\\ud800":1}x', () => '\ufeff{}',
      () => `[${'0,'.repeat(50_000)}0]`, () => Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
      () => Buffer.from(Array.from({ length: random.integer(1, 300) }, () => random.integer(0, 255))),
      () => `{"name":"${'\\u0000'.repeat(10)}`, () => 'a=b&c=d', () => '<?xml version="1.0"?><a/>',
    ])()
  }
}
