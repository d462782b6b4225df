// Every command of `concord crdt` on random documents, its result held against Yjs's own.
//
//   CRDT_TOOL=PROGRAM node tool.mjs [SEED]     the program: crdt_tool_test
import * as Y from 'yjs'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asSent, makeActions, step } from './actions.mjs'
import { makeChance } from './chance.mjs'
import { makeXmlActions } from './xml_actions.mjs'

const seed = Number(process.argv[2] ?? 1)
const dice = makeChance(seed)
const actions = makeActions(dice)
const xmlStep = makeXmlActions(dice, { step, ...actions }, { deep: true })
const oneStep = doc => dice.chance(0.3) ? xmlStep(doc) : actions.randomStep(doc)
const scratch = mkdtempSync(join(tmpdir(), 'crdt-tool-'))
console.log(`seed ${seed}`)

let files = 0
const file = bytes => {
  const name = join(scratch, String(++files))
  writeFileSync(name, bytes)
  return name
}
const run = (words, input) => {
  const { status, stdout, stderr } = spawnSync(process.env.CRDT_TOOL, words, { input, maxBuffer: 1 << 28 })
  return { status, out: stdout, text: stdout.toString(), err: stderr.toString() }
}
const done = (words, input) => {
  const result = run(words, input)
  assert.equal(result.status, 0, `${words}: ${result.err}`)
  return result
}
const same = (words, expected, input) => assert.equal(done(words, input).out.toString('hex'), Buffer.from(expected).toString('hex'), String(words))

/// Updates of two authors who see each other now and then, in both formats.
const makeUpdates = () => {
  const updates = []
  const docs = [1 + dice.below(5), 3000000001].map(client => {
    const doc = new Y.Doc({ gc: dice.chance(0.8) })
    doc.clientID = client
    doc.getText('text')
    doc.getMap('map')
    doc.getArray('array')
    doc.getXmlFragment('xml')
    doc.on('update', v1 => updates.push({ v1 }))
    doc.on('updateV2', v2 => { updates.at(-1).v2 = v2 })
    return doc
  })
  for (let i = 0; i < 30; ++i) {
    const doc = dice.pick(docs)
    const plan = actions.randomPlan(doc, 1 + dice.below(3), oneStep)
    doc.transact(() => plan.forEach(step => step.run()))
    if (dice.chance(0.3)) Y.applyUpdate(docs[0], Y.encodeStateAsUpdate(docs[1], Y.encodeStateVector(docs[0])))
    if (dice.chance(0.3)) Y.applyUpdate(docs[1], Y.encodeStateAsUpdate(docs[0], Y.encodeStateVector(docs[1])))
  }
  return updates
}
const formats = [{
  key: 'v1', flags: [], apply: Y.applyUpdate, encode: Y.encodeStateAsUpdate, merge: Y.mergeUpdates, diff: Y.diffUpdate,
  stateVector: Y.encodeStateVectorFromUpdate, decode: Y.decodeUpdate, convert: Y.convertUpdateFormatV1ToV2, other: 'v2'
}, {
  key: 'v2', flags: ['--v2'], apply: Y.applyUpdateV2, encode: Y.encodeStateAsUpdateV2, merge: Y.mergeUpdatesV2,
  diff: Y.diffUpdateV2, stateVector: Y.encodeStateVectorFromUpdateV2, decode: Y.decodeUpdateV2,
  convert: Y.convertUpdateFormatV2ToV1, other: 'v1'
}]
const frame = updates => Buffer.concat(updates.flatMap(update => {
  const head = Buffer.alloc(4)
  head.writeUInt32LE(update.length)
  return [head, update]
}))

const kinds = {
  GC: 'gc', Skip: 'skip', ContentDeleted: 'deleted', ContentJSON: 'json', ContentBinary: 'binary', ContentString: 'string',
  ContentEmbed: 'embed', ContentFormat: 'format', ContentType: 'type', ContentAny: 'any', ContentDoc: 'document'
}
const lineOf = struct => {
  const id = at => `${at.client}:${at.clock}`
  const item = struct instanceof Y.Item
  let line = `struct ${id(struct.id)} +${struct.length} ${kinds[item ? struct.content.constructor.name : struct.constructor.name]}`
  if (!item) return line
  if (struct.origin) line += ` origin=${id(struct.origin)}`
  if (struct.rightOrigin) line += ` right-origin=${id(struct.rightOrigin)}`
  if (!struct.origin && !struct.rightOrigin) {
    line += typeof struct.parent === 'string' ? ` root=${JSON.stringify(struct.parent)}` : ` parent=${id(struct.parent)}`
    if (struct.parentSub !== null) line += ` key=${JSON.stringify(struct.parentSub)}`
  }
  return line
}
const checkInspect = (words, update, { structs, ds }) => {
  const lines = done(words).text.trimEnd().split('\n')
  assert.match(lines[0], new RegExp(`, ${update.length} bytes, ${structs.length} structs of `))
  structs.forEach((struct, i) => {
    assert.ok(lines[1 + i].startsWith(lineOf(struct)), `${lines[1 + i]}\n${lineOf(struct)}`)
    const text = struct.content?.str
    if (text !== undefined && text.length < 10) assert.ok(lines[1 + i].endsWith(` content=${JSON.stringify(text)}`), lines[1 + i])
  })
  const deleted = [...ds.clients].flatMap(([client, ranges]) => ranges.map(({ clock, len }) => `deleted ${client}:${clock} +${len}`))
  assert.deepEqual(lines.slice(1 + structs.length), deleted)
}

/** As JSON has it; a subdocument is its guid. */
const plain = value => {
  if (value instanceof Y.AbstractType) return plain(value.toJSON())
  if (value instanceof Y.Doc) return { guid: value.guid }
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'string') return asSent(value)
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]))
}
const plainOp = op => op.insert instanceof Y.AbstractType ? { ...op, insert: plain(op.insert) } : op
const isXmlNode = value => value instanceof Y.XmlFragment || value instanceof Y.XmlText || value instanceof Y.XmlHook
const textJson = text => {
  const delta = text.toDelta()
  return delta.every(op => typeof op.insert === 'string' && !op.attributes) ? text.toString() : delta.map(plainOp)
}
const checkJson = (format, update) => {
  const doc = new Y.Doc()
  format.apply(doc, update)
  const [text, map, array, xml] = [doc.getText('text'), doc.getMap('map'), doc.getArray('array'), doc.getXmlFragment('xml')]
  const expected = { text: plain(textJson(text)), map: plain(map), array: plain(array), xml: plain(xml) }
  const named = ['--text', 'text', '--map', 'map', '--array', 'array', '--xml', 'xml']
  const told = JSON.parse(done(['to-json', ...format.flags, ...named, file(update)]).text)
  assert.deepEqual(told, JSON.parse(JSON.stringify(expected)))
  const guessed = JSON.parse(done(['to-json', ...format.flags, '-'], update).text)
  if (map.size > 0) assert.deepEqual(guessed.map, told.map)
  if (text.toString() !== '' && Object.keys(text.getAttributes()).length === 0) assert.deepEqual(guessed.text, told.text)
  if (array.length > 0 && !array.toArray().every(isXmlNode)) assert.deepEqual(guessed.array, told.array)
  if (xml.length > 0) assert.deepEqual(guessed.xml, told.xml)
}

const checkFormat = (format, updates) => {
  const doc = new Y.Doc()
  updates.forEach(update => format.apply(doc, update))
  same(['apply', ...format.flags, '-'], format.encode(doc), frame(updates))
  const output = join(scratch, 'output')
  done(['apply', ...format.flags, '--output', output, file(frame(updates))])
  assert.deepEqual(new Uint8Array(readFileSync(output)), format.encode(doc))

  const some = updates.filter(() => dice.chance(0.5))
  if (some.length < 2) return
  const merged = format.merge(some)
  same(['merge', ...format.flags, ...some.map(file)], merged)
  const half = new Y.Doc()
  updates.slice(0, 15).forEach(update => format.apply(half, update))
  const since = Y.encodeStateVector(half)
  same(['diff', ...format.flags, file(merged), file(since)], format.diff(merged, since))
  same(['state-vector', ...format.flags, '-'], format.stateVector(merged), merged)
  same(['convert', '--from', format.key, '--to', format.other, file(merged)], format.convert(merged))
  checkInspect(['inspect', ...format.flags, file(merged)], merged, format.decode(merged))
  checkJson(format, format.encode(doc))
}

try {
  for (let round = 0; round < 6; ++round) {
    const updates = makeUpdates()
    for (const format of formats) checkFormat(format, updates.map(update => update[format.key]))
  }

  const bad = file(new Uint8Array([1, 1, 1]))
  for (const words of [['inspect', bad], ['to-json', bad], ['merge', bad, bad], ['state-vector', bad], ['convert', '--from', 'v1', '--to', 'v2', bad]]) {
    const { status, err, out } = run(words)
    assert.equal(status, 1, String(words))
    assert.ok(err.includes(`${bad}: malformed update: `) && err.includes('(byte 3'), err)
    assert.equal(out.length, 0)
  }
  const cut = run(['apply', '-'], Buffer.from([2, 0, 0, 0, 0, 0, 9, 0]))
  assert.equal(cut.status, 1)
  assert.match(cut.err, /-: update 1 \(at byte 6\): its length points beyond the end/)
  assert.match(run(['inspect', join(scratch, 'none')]).err, /none: it cannot be opened/)
  for (const words of [[], ['burn'], ['inspect'], ['diff', bad], ['convert', bad], ['convert', '--from', 'v3', '--to', 'v1', bad], ['merge', '-', '-']]) {
    assert.equal(run(words).status, 2, String(words))
  }
  assert.match(done(['--help']).text, /state-vector UPDATE/)
  console.log(`${files} files: all as Yjs has it`)
} finally {
  rmSync(scratch, { recursive: true })
}
