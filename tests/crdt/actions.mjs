// What an author might do to a document in Yjs, decided by chance alone, in a form that can be performed and written
// down for our engine (operations.h says how). random_operations.h does the same kinds in our engine.
import * as Y from 'yjs'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { performMore } from './xml_actions.mjs'

const { writeVarUint: uint, writeVarString: string, writeAny: any } = encoding

const words = ['a', 'bc', 'def', ' ', '\n', 'ä', '漢字', 'hello world', '\u0000', '\ufeff', 'ﷺ', '\u2028']
const pairWords = ['😀', '👩‍👩‍👧', 'x😀y']
const keys = ['k', 'key', 'größe', '', '😀']
// Each made anew: Yjs compares a format's value by identity, which does not outlive the bytes.
const jsonFormats = [
  () => ({ bold: true }), () => ({ bold: null }), () => ({ italic: true }), () => ({ italic: null }),
  () => ({ link: 'https://example.org/?a="b"' }), () => ({ link: null }), () => ({ color: 'red', bold: true }),
  () => ({ header: 1 }), () => ({ header: 2.5 }), () => ({ header: null }), () => ({ 2: 'two', 1: 'one' }),
  () => ({ size: { w: 1, h: 2 } }), () => ({ size: null }), () => ({ 'ключ': 'значение\n' }), () => ({ bold: false }), () => ({})
]
const jsonEmbeds = [{ image: 'a.png' }, { a: { b: [1, 2, { c: null }] } }, { 10: 1, 9: 2, z: 3 }, { s: 'ü\u0007"\\' }]
// What JSON says otherwise than it is: only format V2 keeps these.
const exactEmbeds = [{ bytes: new Uint8Array([1, 255]), none: undefined }, { zero: -0, far: Infinity }]
const exactFormats = [() => ({ size: { w: undefined, h: -0 } }), () => ({ size: new Uint8Array([7]) }), () => ({ header: -0 })]
const plainValues = [
  0, 1, -1, 63, 64, -64, 2147483647, -2147483648, 2147483648, 1e21, 0.5, 0.1, -0, 1.5e300, Infinity, '', 'string', '😀',
  true, false, null, {}, [], [1, [2, [3]]], { a: 1, b: { c: 'd' } }, { 3: 'x', 1: 'y', b: 'z', a: 'w' },
  new Uint8Array([1, 2, 3]), [null, { u: undefined }]
]
const mapOnlyValues = [undefined, 1234567890123456789n, -5n]

/** A half of a pair of surrogates alone becomes U+FFFD. XML shows a format's value that is a string unit by unit. */
export const asSent = string => Buffer.from(string).toString()

export const writeTarget = (e, target) => {
  uint(e, target.kind)
  string(e, target.name)
  uint(e, target.steps.length)
  for (const step of target.steps) {
    if (typeof step === 'number') { uint(e, 0); uint(e, step) } else { uint(e, 1); string(e, step) }
  }
}
const kindOf = type => type instanceof Y.Text ? 0 : type instanceof Y.Map ? 1 : 2

export const step = (target, kind, run, write, ...shown) => ({
  run,
  show: () => run.toString() + ' ' + JSON.stringify(shown),
  write: e => { uint(e, kind); writeTarget(e, target); write(e) }
})
const copyOp = op => op.attributes ? { ...op, attributes: { ...op.attributes } } : op

/**
 * With `pairs`, texts contain characters of two code units, which positions then may cut; with `exact`, embeds and
 * formats have values that are not the same after a way through JSON.
 */
export const makeActions = ({ random, below, chance, pick }, pairs = true, exact = false) => {
  const embeds = exact ? [...jsonEmbeds, ...exactEmbeds] : jsonEmbeds
  const formats = exact ? [...jsonFormats, ...exactFormats] : jsonFormats
  const someWord = () => pairs && chance(0.3) ? pick(pairWords) : pick(words)
  const value = () => pick(plainValues)
  const mapValue = () => chance(0.1) ? pick(mapOnlyValues) : value()

  const textStep = target => {
    const text = target.type
    const index = below(text.length + 1)
    const dice = random()
    if (dice < 0.35) {
      const word = someWord()
      return step(target, 0, () => text.insert(index, word), e => { uint(e, index); string(e, word) })
    }
    if (dice < 0.45) {
      const word = someWord()
      const format = pick(formats)()
      return step(target, 1, () => text.insert(index, word, { ...format }), e => { uint(e, index); string(e, word); any(e, format) })
    }
    if (dice < 0.52) {
      const embed = pick(embeds)
      const format = pick(formats)()
      return step(target, 2, () => text.insertEmbed(index, embed, { ...format }), e => { uint(e, index); any(e, embed); any(e, format) })
    }
    if (dice < 0.75) {
      if (text.length === 0) return null
      const from = below(text.length)
      const length = 1 + below(Math.min(text.length - from, chance(0.1) ? 50 : 6))
      return step(target, 3, () => text.delete(from, length), e => { uint(e, from); uint(e, length) })
    }
    if (dice < 0.93) {
      const format = pick(formats)()
      const length = chance(0.02) ? 60 : 1 + below(12)
      return step(target, 4, () => text.format(index, length, { ...format }), e => { uint(e, index); uint(e, length); any(e, format) })
    }
    const delta = []
    let left = text.length
    while (left > 0 && chance(0.7)) {
      const length = 1 + below(Math.min(left, 8))
      left -= length
      const op = chance(0.6) ? { retain: length } : { delete: length }
      if (op.retain && chance(0.5)) op.attributes = pick(formats)()
      delta.push(op)
      if (chance(0.4)) delta.push({ insert: chance(0.8) ? someWord() : pick(embeds), ...(chance(0.5) ? { attributes: pick(formats)() } : {}) })
    }
    delta.push({ insert: someWord() })
    return step(target, 5, () => text.applyDelta(delta.map(copyOp)), e => { uint(e, 0); any(e, delta) }, delta)
  }

  const arrayStep = target => {
    const array = target.type
    const index = below(array.length + 1)
    const dice = random()
    if (dice < 0.4) {
      const inserted = Array.from({ length: 1 + below(4) }, value)
      return step(target, 0, () => array.insert(index, inserted), e => { uint(e, index); any(e, inserted) })
    }
    if (dice < 0.55) {
      const pushed = Array.from({ length: 1 + below(3) }, value)
      return step(target, 1, () => array.push(pushed), e => { uint(e, 0); any(e, pushed) })
    }
    if (dice < 0.8) {
      if (array.length === 0) return null
      const from = below(array.length)
      const length = 1 + below(Math.min(array.length - from, 4))
      return step(target, 2, () => array.delete(from, length), e => { uint(e, from); uint(e, length) })
    }
    const [kind, Type] = pick([[3, Y.Text], [4, Y.Map], [5, Y.Array]])
    return step(target, kind, () => array.insert(index, [new Type()]), e => uint(e, index))
  }

  const mapStep = target => {
    const map = target.type
    const key = pick(keys)
    const dice = random()
    if (dice < 0.5) {
      const value = mapValue()
      return step(target, 0, () => map.set(key, value), e => { string(e, key); any(e, value) })
    }
    if (dice < 0.75) return step(target, 1, () => map.delete(key), e => string(e, key))
    const [kind, Type] = pick([[2, Y.Text], [3, Y.Map], [4, Y.Array]])
    return step(target, kind, () => map.set(key, new Type()), e => string(e, key))
  }

  /** A root, or by a random way down from one a type within it; not into XML, unless that is asked for. */
  const randomTarget = (doc, intoXml = false) => {
    const dice = random()
    let type = dice < 0.6 ? doc.getText('text') : dice < 0.8 ? doc.getMap('map') : doc.getArray('array')
    const target = { type, kind: kindOf(type), name: dice < 0.6 ? 'text' : dice < 0.8 ? 'map' : 'array', steps: [] }
    for (let depth = 0; depth < 4 && chance(0.7); ++depth) {
      let step
      let next
      if (type instanceof Y.Map) next = type.get(step = pick(keys))
      else if ((type instanceof Y.Array || type instanceof Y.XmlFragment) && type.length > 0) next = type.get(step = below(type.length))
      if (!(next instanceof Y.AbstractType) || (next instanceof Y.XmlFragment && !intoXml)) break
      target.type = type = next
      target.steps.push(step)
    }
    return target
  }
  const randomStep = doc => {
    const target = randomTarget(doc)
    const kind = kindOf(target.type)
    return kind === 0 ? textStep(target) : kind === 1 ? mapStep(target) : arrayStep(target)
  }
  /** Operations, each decided when it runs, since it depends on those before it in its transaction. */
  const randomPlan = (doc, count, oneStep = randomStep) => {
    const plan = []
    for (let i = 0; i < count; ++i) {
      let made = null
      plan.push({
        run: () => {
          while (made === null) made = oneStep(doc)
          made.run()
        },
        write: e => made.write(e),
        show: () => made.show()
      })
    }
    return plan
  }
  return { randomStep, randomPlan, randomTarget, textStep, arrayStep, mapStep }
}

/** Performs one operation as operations.h has it; what a peer of ours did, done in Yjs. */
export const performOperation = (doc, decoder) => {
  const uint = () => decoding.readVarUint(decoder)
  const string = () => decoding.readVarString(decoder)
  const any = () => decoding.readAny(decoder)
  const kind = uint()
  const root = uint()
  const name = string()
  let type = doc.get(name, [Y.Text, Y.Map, Y.Array, Y.XmlFragment, Y.XmlElement][root])
  for (let steps = uint(); steps > 0; --steps) type = type.get(uint() === 0 ? uint() : string())
  if (kind >= 100) return performMore(kind, type, { uint, string, any })
  if (type instanceof Y.Text) {
    const index = uint()
    return [
      () => type.insert(index, string()), () => type.insert(index, string(), any()), () => type.insertEmbed(index, any(), any()),
      () => type.delete(index, uint()), () => type.format(index, uint(), any()), () => type.applyDelta(any())
    ][kind]()
  }
  if (type instanceof Y.Array) {
    const index = uint()
    return [
      () => type.insert(index, any()), () => type.push(any()), () => type.delete(index, uint()),
      () => type.insert(index, [new Y.Text()]), () => type.insert(index, [new Y.Map()]), () => type.insert(index, [new Y.Array()])
    ][kind]()
  }
  const key = string()
  return [
    () => type.set(key, any()), () => type.delete(key), () => type.set(key, new Y.Text()), () => type.set(key, new Y.Map()),
    () => type.set(key, new Y.Array())
  ][kind]()
}
