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
const marks = [{ b: {} }, { i: { c: 'd', a: 1 } }, { b: null }, { i: null }, { link: 'ab😀' }, { n: [1, 2] }, { t: true }]
// As on the wire.
const makers = [
  () => new Y.Array(), () => new Y.Map(), () => new Y.Text(), name => new Y.XmlElement(name),
  () => new Y.XmlFragment(), name => new Y.XmlHook(name), () => new Y.XmlText()
]
const subdocuments = [{}, { autoLoad: true }, { gc: false }, { meta: { title: 'ü' } }, { gc: false, autoLoad: true, meta: 'm' }]

export const makeXmlActions = ({ random, below, chance, pick }, { step, textStep, mapStep, randomTarget }) => {
  const node = () => {
    const kind = pick([3, 3, 3, 6, 6, 5, 4])
    return [kind, kind === 3 || kind === 5 ? pick(names) : '']
  }
  const writeType = (e, kind, name) => { uint(e, kind); string(e, name) }

  const xmlTarget = doc => {
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
    const mark = pick(marks)
    const length = 1 + below(5)
    return step(target, 4, () => text.format(index, length, { ...mark }), e => { uint(e, index); uint(e, length); any(e, mark) })
  }
  const xmlStep = doc => {
    const target = xmlTarget(doc)
    if (target.type instanceof Y.XmlText) return chance(0.2) ? attributeStep(target) : chance(0.4) ? markStep(target) : textStep(target)
    if (target.type instanceof Y.XmlHook) return mapStep(target)
    return fragmentStep(target)
  }

  const nestedStep = doc => {
    const target = randomTarget(doc)
    const { type } = target
    const [kind, name] = node()
    if (type instanceof Y.Text) {
      const index = below(type.length + 1)
      const mark = chance(0.5) ? pick(marks) : {}
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
