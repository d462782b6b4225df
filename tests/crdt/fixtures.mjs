// Updates recorded in the compatibility tests of other implementations, taken from their packages: read by Yjs and by our
// engine, which must come to the same state, and to the content that the fixture says. What a package does not carry is
// told as not run, and then the exit status is 77.
//
//   node fixtures.mjs      CRDT_PEER names crdt_peer; cargo gets the crate of yrs
import * as Y from 'yjs'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { OurProcess } from './ours.mjs'

const ours = new OurProcess(process.env.CRDT_PEER)
let checked = 0
let notRun = 0
const skip = (what, why) => {
  ++notRun
  console.log(`not run: ${what}: ${why}`)
}

/** What the tests of y-crdt say that their fixtures hold. */
const contents = {
  text_insert_delete: doc => [doc.getText('type').toString(), 'abhi'],
  map_set: doc => [doc.getMap('test').toJSON(), { k1: 'v1', k2: 'v2' }],
  array_insert: doc => [doc.getArray('test').toJSON(), ['a', 'b']],
  xml_fragment_insert: doc => [doc.getXmlFragment('fragment-name').length, 2],
  utf32_lib0_v2_decoding: doc => {
    const div = doc.getXmlFragment('prosemirror').get(0)
    return [[div.getAttributes(), div.get(0).toString()],
      [{ b_id: 'JXbASa-a92j', indent: 0, tagName: 'div', lineHeight: '' }, '在の韩国🇰🇷🇨🇳🇯🇵']]
  }
}

/** The functions of a Rust test file, each with the arrays of bytes in it. */
const fixturesIn = source => source.split(/^fn /m).slice(1).map(text => ({
  name: text.match(/^\w+/)[0],
  arrays: [...text.matchAll(/&\[([\d,\s]+)\]|vec!\[([\d,\s]{40,})\]/g)].map(found => Uint8Array.from((found[1] ?? found[2]).match(/\d+/g), Number))
}))

/** V2 begins with a byte 0; in V1 that would be an update without structs, and there is none among these. */
const isV2 = bytes => bytes[0] === 0

const check = (name, bytes) => {
  const v2 = isV2(bytes)
  const doc = new Y.Doc()
  if (v2) Y.applyUpdateV2(doc, bytes)
  else Y.applyUpdate(doc, bytes)
  const theirs = Y.encodeStateAsUpdate(doc)
  const mine = ours.call(then => {
    const document = ours.create(1)
    ours.apply(document, bytes, undefined, v2)
    ours.validate(document)
    ours.encode(document, new Uint8Array([0]), then)
  })
  if (Buffer.compare(theirs, mine) !== 0) throw new Error(`${name}: the state differs\n  yjs  ${Buffer.from(theirs).toString('hex')}\n  ours ${Buffer.from(mine).toString('hex')}`)
  const again = new Y.Doc()
  Y.applyUpdate(again, mine)
  const [got, expected] = contents[name]?.(again) ?? [0, 0]
  if (!isDeepStrictEqual(got, expected)) throw new Error(`${name}: ${JSON.stringify(got)} is not ${JSON.stringify(expected)}`)
  ++checked
}

const crate = () => {
  const manifest = fileURLToPath(new URL('../../bench/crdt/yrs/Cargo.toml', import.meta.url))
  const options = { encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'] }
  const all = JSON.parse(execFileSync('cargo', ['metadata', '--locked', '--format-version', '1', '--manifest-path', manifest], options))
  return dirname(all.packages.find(one => one.name === 'yrs').manifest_path)
}

let folder = null
try {
  folder = crate()
} catch {
  skip('the fixtures of yrs', 'its crate cannot be had: no cargo, or no registry')
}
if (folder) {
  const file = join(folder, 'src/tests/compatibility_tests.rs')
  if (!existsSync(file)) {
    skip('the fixtures of yrs', 'its crate does not carry src/tests/compatibility_tests.rs')
  } else {
    for (const { name, arrays } of fixturesIn(readFileSync(file, 'utf8'))) {
      if (name === 'state_vector') continue // no update
      for (const bytes of arrays) check(name, bytes)
    }
    for (const set of ['small', 'medium']) {
      const data = join(folder, `../assets/bench-input/${set}-test-dataset.bin`)
      if (!existsSync(data)) skip(`the ${set} data set of yrs`, 'its crate does not carry it')
    }
  }
}
const recorded = fileURLToPath(new URL('node_modules/yjs/tests/compatibility.tests.js', import.meta.url))
if (!existsSync(recorded)) skip('the fixtures of yjs', 'its package does not carry tests/compatibility.tests.js')
ours.close()
console.log(`${checked} recorded updates read as Yjs reads them, ${notRun} sets not run`)
process.exit(checked > 0 ? 0 : 77)
