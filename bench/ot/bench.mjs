// Operations of clients that are behind: brought to now by the history, and by quill-delta, one missed operation after the
// other; what was missed as one operation; and a whole course composed. CPU time.
//
//   ./dev bench ot [--traces DIR] [--trace NAME | --trace none] [--json FILE]
//
// DIR (default: ../shared/data/traces) holds NAME.json.gz as bench/crdt reads them; default automerge-paper, which has
// over 100,000 edits. After the trace comes a course made here: single letters at random places of a large text, of which
// nothing can be joined to anything.
import QuillDelta from 'quill-delta'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { Report } from '../common/report.mjs'
import { cpuMs, readTrace, runBench, traceFolder, withPacked } from '../common/traces.mjs'

const Delta = QuillDelta.default ?? QuillDelta
const report = new Report(process.argv.slice(2))
const option = name => {
  const at = report.rest.indexOf(name)
  return at < 0 ? undefined : report.rest[at + 1]
}
const folder = traceFolder(option('--traces'))
const trace = option('--trace') ?? 'automerge-paper'
if (!folder && trace !== 'none') {
  console.error('bench ot: where are the traces? Give --traces DIR or set CRDT_TRACES')
  process.exit(2)
}

const cpuUs = work => cpuMs(work) * 1000

const randomEdits = count => {
  let state = 1
  const below = n => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0
    return Math.floor(state / 4294967296 * n)
  }
  const edits = [[0, 0, 'text '.repeat(200000)]]
  for (let length = 1000000; edits.length <= count; ++length) edits.push([below(length + 1), 0, 'x'])
  return edits
}

const measureOurs = edits => withPacked(edits, file => runBench('bench_ot', file))

/// Two by two, in a tree: one after the other is a square for a text that is not plain.
const composeAll = deltas => {
  while (deltas.length > 1) {
    const next = []
    for (let i = 0; i < deltas.length; i += 2) next.push(i + 1 < deltas.length ? deltas[i].compose(deltas[i + 1]) : deltas[i])
    deltas = next
  }
  return deltas[0]
}
const measureTheirs = edits => {
  const deltas = edits.map(([position, deleted, text]) => new Delta().retain(position).insert(text).delete(deleted))
  const out = {}
  for (const behind of [1, 100, 10000, 100000]) {
    if (behind > deltas.length) continue
    const missed = deltas.slice(-behind)
    const length = edits.slice(0, edits.length - behind).reduce((sum, [, deleted, text]) => sum + text.length - deleted, 0)
    const middle = Math.floor(length / 2)
    const rounds = behind < 1000 ? 100 : 1
    const toNow = op => cpuUs(() => {
      for (let round = 0; round < rounds; ++round) missed.reduce((moved, change) => change.transform(moved, true), op)
    }) / rounds
    const typed = new Delta().retain(middle).insert('x')
    toNow(typed) // compiled
    out['typed_' + behind] = toNow(typed)
    out['paste_' + behind] = toNow(new Delta().retain(middle).insert('p'.repeat(10000)))
    out['spread_' + behind] = toNow(middle < 10 ? typed : new Delta().delete(1).retain(2 * middle - 6).insert('x').delete(1))
    out['since_' + behind] = cpuUs(() => composeAll(missed))
  }
  out.compose_ms = cpuUs(() => composeAll(deltas)) / 1000
  return out
}

const quill = `quill-delta ${JSON.parse(readFileSync(new URL('node_modules/quill-delta/package.json', import.meta.url))).version}, node ${process.version}`
console.error(`${cpus()[0].model}, ${cpus().length} cores; CPU time; peer: ${quill}`)
const measure = (name, edits) => {
  const ours = measureOurs(edits)
  const theirs = measureTheirs(edits)
  const row = (work, key, unit) => report.add({
    work: `${name}: ${work}`, value: ours[key], unit, ...(key in theirs ? { peer: quill, peer_value: theirs[key] } : {})
  })
  for (const behind of [1, 100, 10000, 100000]) {
    if (!(`typed_${behind}` in ours)) continue
    row(`a typed letter, ${behind} operations behind`, `typed_${behind}`, 'µs')
    row(`a paste of 10 KB, ${behind} behind`, `paste_${behind}`, 'µs')
    row(`an operation at both ends of the text, ${behind} behind`, `spread_${behind}`, 'µs')
    row(`${behind} missed operations as one`, `since_${behind}`, 'µs')
  }
  row(`all ${edits.length} operations composed, from nothing`, 'compose_ms', 'ms')
  row('all operations as one, from the history', 'whole_ms', 'ms')
  row('one operation more in the history', 'push_us', 'µs')
  row('the slowest of these', 'push_slowest_us', 'µs')
  row('memory of an operation in the history', 'bytes_a_change', 'bytes')
  row('operations that a history of 16 MB keeps', 'bounded_changes', '')
}
if (trace !== 'none') measure(trace, readTrace(folder, trace))
if (!option('--trace') || trace === 'none') measure('random places', randomEdits(100000))
report.finish()
