// What an author might do with XML types, with types within any others and with subdocuments, in the form of
// actions.mjs; more_operations.cpp performs it in our engine.
import * as Y from 'yjs'
import * as encoding from 'lib0/encoding'

const { writeVarUint: uint, writeVarString: string, writeAny: any } = encoding

const names = ['p', 'DIV', 'Über', 'h1', 'ЖУК', 'b']
const attributeNames = ['id', 'class', 'Z', 'a', '\uffff', '😀']
const attributeValues = [
  'x', '', 'a "quoted" one', 1, 2.5, true, null, { a: 1 }, [1, [2, null], 'z'], new Uint8Array([1, 2]), undefined, -0, 1e21
]
// Cloned at each use: Yjs tells whether a format is needed by the identity of its value, where that is an object.
const marks = [{ b: {} }, { i: { c: 'd', a: 1 } }, { b: null }, { i: null }, { link: 'ab😀' }, { n: [1, 2] }, { t: true }]
// As on the wire.
const makers = [
  () => new Y.Array(), () => new Y.Map(), () => new Y.Text(), name => new Y.XmlElement(name),
  () => new Y.XmlFragment(), name => new Y.XmlHook(name), () => new Y.XmlText()
]
const subdocuments = [{}, { autoLoad: true }, { gc: false }, { meta: { title: 'ü' } }, { gc: false, autoLoad: true, meta: 'm' }]

/** With `deep`, XML within any other type is written in too; with `filling`, what is inserted can have content already; with `loading`, subdocuments are loaded. */
export const makeXmlActions = ({ random, below, chance, pick }, { step, textStep, arrayStep, mapStep, randomTarget }, { deep = false, filling = false, loading = false } = {}) => {
  const someMark = () => structuredClone(pick(marks))
  const node = () => {
    const kind = pick([3, 3, 3, 6, 6, 5, 4])
    return [kind, kind === 3 || kind === 5 ? pick(names) : '']
  }
  /** An element that is filled before it is in a document, as editors' bindings make them; cannot be written down. */
  const filled = (depth = 0) => {
    const element = new Y.XmlElement(pick(names))
    for (let i = below(3); i > 0; --i) element.setAttribute(pick(attributeNames), pick(attributeValues))
    const children = Array.from({ length: below(4) }, () => {
      if (depth < 3 && chance(0.4)) return filled(depth + 1)
      const text = new Y.XmlText(pick(['', 'some text', '漢字']))
      if (chance(0.5)) text.applyDelta([{ insert: 'marked', attributes: someMark() }, { insert: '\n' }])
      return text
    })
    element.insert(0, children)
    return element
  }
  const writeType = (e, kind, name) => { uint(e, kind); string(e, name) }

  const xmlTarget = doc => {
    if (deep && chance(0.3)) return randomTarget(doc, true)
    let type = doc.getXmlFragment('xml')
    const target = { type, kind: 3, name: 'xml', steps: [] }
    while (type instanceof Y.XmlFragment && type.length > 0 && chance(0.7)) {
      const index = below(type.length)
      target.type = type = type.get(index)
      target.steps.push(index)
    }
    return target
  }

  const fragmentStep = target => {
    const xml = target.type
    const index = below(xml.length + 1)
    const [kind, name] = node()
    const dice = random()
    if (filling && dice < 0.1) return step(target, 103, () => xml.insert(index, [filled()]), () => { throw new Error('what is filled cannot be written down') })
    if (dice < 0.4) {
      return step(target, 103, () => xml.insert(index, [makers[kind](name)]), e => { uint(e, index); writeType(e, kind, name) })
    }
    if (dice < 0.55) {
      return step(target, 104, () => xml.insertAfter(index === 0 ? null : xml.get(index - 1), [makers[kind](name)]),
        e => { uint(e, index); writeType(e, kind, name) })
    }
    if (dice < 0.7) {
      if (xml.length === 0) return null
      const from = below(xml.length)
      const length = 1 + below(Math.min(xml.length - from, 2))
      return step(target, 105, () => xml.delete(from, length), e => { uint(e, from); uint(e, length) })
    }
    return xml instanceof Y.XmlElement ? attributeStep(target) : null
  }
  const attributeStep = target => {
    const attribute = pick(attributeNames)
    if (chance(0.7)) {
      const value = pick(attributeValues)
      return step(target, 106, () => target.type.setAttribute(attribute, value), e => { string(e, attribute); any(e, value) })
    }
    return step(target, 107, () => target.type.removeAttribute(attribute), e => string(e, attribute))
  }
  const markStep = target => {
    const text = target.type
    const index = below(text.length + 1)
    const mark = someMark()
    const length = 1 + below(5)
    return step(target, 4, () => text.format(index, length, { ...mark }), e => { uint(e, index); uint(e, length); any(e, mark) })
  }
  const xmlStep = doc => {
    const target = xmlTarget(doc)
    if (deep && target.type instanceof Y.Text) return chance(0.2) ? attributeStep(target) : chance(0.4) ? markStep(target) : textStep(target)
    if (target.type instanceof Y.XmlText) return chance(0.2) ? attributeStep(target) : chance(0.4) ? markStep(target) : textStep(target)
    if (target.type instanceof Y.Map) return mapStep(target)
    if (target.type instanceof Y.Array) return arrayStep(target)
    return fragmentStep(target)
  }

  /** Loads a subdocument in an array or a map; null where there is none. */
  const loadStep = target => {
    const { type } = target
    if (type instanceof Y.Array) {
      const places = type.toArray().flatMap((value, index) => value instanceof Y.Doc ? [index] : [])
      if (places.length === 0) return null
      const index = pick(places)
      return step(target, 110, () => type.get(index).load(), e => uint(e, index))
    }
    if (!(type instanceof Y.Map)) return null
    const key = pick(['k', 'key', 'doc'])
    if (!(type.get(key) instanceof Y.Doc)) return null
    return step(target, 111, () => type.get(key).load(), e => string(e, key))
  }
  const nestedStep = doc => {
    const target = randomTarget(doc)
    const { type } = target
    const loads = loading && chance(0.3) ? loadStep(target) : null
    if (loads !== null) return loads
    const [kind, name] = node()
    if (type instanceof Y.Text) {
      const index = below(type.length + 1)
      const mark = chance(0.5) ? someMark() : {}
      const any2 = chance(0.5) ? [kind, name] : [below(3), '']
      return step(target, 102, () => type.insertEmbed(index, makers[any2[0]](any2[1]), { ...mark }),
        e => { uint(e, index); writeType(e, ...any2); any(e, mark) })
    }
    if (type instanceof Y.Array) {
      const index = below(type.length + 1)
      if (chance(0.5)) return step(target, 100, () => type.insert(index, [makers[kind](name)]), e => { uint(e, index); writeType(e, kind, name) })
      const options = pick(subdocuments)
      const guid = 'guid-' + below(1000)
      return step(target, 108, () => type.insert(index, [new Y.Doc({ guid, ...options })]), e => { uint(e, index); string(e, guid); any(e, options) })
    }
    if (type instanceof Y.Map) {
      const key = pick(['k', 'key', 'doc'])
      if (chance(0.5)) return step(target, 101, () => type.set(key, makers[kind](name)), e => { string(e, key); writeType(e, kind, name) })
      const options = pick(subdocuments)
      const guid = 'guid-' + below(1000)
      return step(target, 109, () => type.set(key, new Y.Doc({ guid, ...options })), e => { string(e, key); string(e, guid); any(e, options) })
    }
    return null
  }
  return doc => chance(0.75) ? xmlStep(doc) : nestedStep(doc)
}

/** An operation of 100 or more on a type, as operations.h has it, read by `uint`, `string` and `any`. */
export const performMore = (kind, type, { uint, string, any }) => {
  const made = () => makers[uint()](string())
  const subdocument = () => {
    const guid = string()
    return new Y.Doc({ guid, ...any() })
  }
  const place = type instanceof Y.Map || kind === 106 || kind === 107 ? string() : uint()
  return [
    () => type.insert(place, [made()]), () => type.set(place, made()), () => type.insertEmbed(place, made(), any()),
    () => type.insert(place, [made()]), () => type.insertAfter(place === 0 ? null : type.get(place - 1), [made()]),
    () => type.delete(place, uint()), () => type.setAttribute(place, any()), () => type.removeAttribute(place),
    () => type.insert(place, [subdocument()]), () => type.set(place, subdocument()),
    () => type.get(place).load(), () => type.get(place).load()
  ][kind - 100]()
}
