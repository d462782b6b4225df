// Random documents and changes, with what quill-delta says of them, as records for ot_replay, which works out the same
// with our algebra and compares. The layout of records is at the head of replay.cpp.
//
//   node differential.mjs CASES SEED > records
//
// A case is a document, two changes made for it at once and one that follows the first. Changes of earlier cases follow
// each other, so that what the algebra has made is among its inputs.
import { writeSync } from 'node:fs'
import { makeChance } from '../crdt/chance.mjs'
import QuillDelta from 'quill-delta'
import { checkDeliberate } from './deliberate.mjs'
import { canonical, Writer } from './writer.mjs'

const Delta = QuillDelta.default ?? QuillDelta
const cases = Number(process.argv[2] ?? 2000)
const seed = Number(process.argv[3] ?? 1)
const { below, chance, pick } = makeChance(seed)

const letters = ['a', 'b', 'c', '\n', ' ', 'é', '界', '😀', '😁', '𝄞', '\ud83d', '\udd1e', '\0', '"']
let usual = false // no halves of pairs, no NUL
const text = most => Array.from({ length: 1 + below(most) }, () => usual ? pick(letters.slice(0, 8)) : pick(letters)).join('')

const values = [true, false, 0, 1.5, '', 'red', 'blue', ['a', { b: 1 }], { id: 'x', deep: { on: true } }, { id: 'y' }]
const keys = ['bold', 'color', 'link', 'schlüssel', '😀', '']
const embeds = [{ image: 'a.png' }, { image: 'b.png' }, { video: { src: 'v', size: [1, 2] } }, { formula: 'e=mc²' }]
const attributes = removals => {
  if (chance(0.5)) return undefined
  const out = {}
  for (let n = 1 + below(3); n > 0; --n) out[pick(keys)] = removals && chance(0.3) ? null : pick(values)
  return out
}
const insertion = (delta, removals) => delta.insert(chance(0.2) ? pick(embeds) : text(6), attributes(removals))

const randomDocument = () => {
  const out = new Delta()
  for (let n = below(8); n > 0; --n) insertion(out, false)
  return out
}
const randomChange = length => {
  const out = new Delta()
  const busy = pick([2, 4, 12])
  while (length > 0 && below(busy) !== 0) {
    const step = 1 + below(Math.min(length, pick([1, 5, 40])))
    const kind = below(4)
    if (kind === 0) insertion(out, chance(0.1))
    else if (kind === 1) out.delete(step)
    else out.retain(step, kind === 2 ? attributes(true) : undefined)
    if (kind !== 0) length -= step
  }
  if (chance(0.5)) insertion(out, false)
  return out.chop()
}

// quill-delta's comparison never ends on some halves of surrogate pairs; there ours alone is checked.
const whole = delta => delta.ops.every(({ insert }) => typeof insert !== 'string' || insert.isWellFormed())
let undiffed = 0
const difference = (from, to) => {
  if (whole(from) && whole(to)) return from.diff(to)
  ++undiffed
  return undefined
}

// AttributeMap.invert compares values by identity, so it is given one object for each value.
const objects = new Map()
const only = value => {
  if (value === null || typeof value !== 'object') return value
  const key = canonical(value)
  return objects.get(key) ?? objects.set(key, value).get(key)
}
const identical = delta => new Delta(delta.ops.map(op => op.attributes
  ? { ...op, attributes: Object.fromEntries(Object.entries(op.attributes).map(([key, value]) => [key, only(value)])) }
  : op))

// A removal in an insertion stays in quill-delta's document, and no change brings it there but an insertion.
const saysAll = delta => delta.ops.every(op => !Object.values(op.attributes ?? {}).includes(null))

const lengthOf = delta => delta.length()
const out = new Writer(bytes => {
  for (let done = 0; done < bytes.length;) done += writeSync(1, bytes, done)
})

checkDeliberate(Delta)
let document = randomDocument()
for (let n = 0; n < cases; ++n) {
  if (chance(0.3) || lengthOf(document) > 200) {
    usual = chance(0.8)
    document = randomDocument()
  }
  const base = document
  const a = randomChange(lengthOf(base))
  const b = randomChange(lengthOf(base))
  const after = base.compose(a)
  const c = randomChange(lengthOf(after))
  const other = chance(0.5) && saysAll(after) ? after : randomDocument()
  const index = below(lengthOf(base) + 2)
  out.begin()
  for (const delta of [base, a, b, c, other]) out.delta(delta)
  out.number(index)
  out.delta(after)
  out.delta(a.compose(c))
  out.delta(a.transform(b, true))
  out.delta(a.transform(b, false))
  out.delta(b.transform(a, true))
  out.delta(b.transform(a, false))
  out.delta(identical(a).invert(identical(base)))
  out.delta(identical(c).invert(identical(after)))
  const compared = difference(base, other)
  out.number(compared ? 1 : 0)
  if (compared) out.delta(compared)
  out.number(a.transformPosition(index, true))
  out.number(a.transformPosition(index, false))
  out.end()
  document = chance(0.5) ? after : after.compose(c)
}
out.finish()
console.error(`${undiffed} of the differences are ours alone: quill-delta cannot compare such texts`)
