// The engine beside Yjs on real editing traces, each edit a transaction of its own. CPU time of the thread that works.
//
//   ./dev bench crdt [--traces DIR] [--trace NAME | --trace none] [--json FILE]
//
// DIR (default: ../shared/data/traces) holds NAME.json.gz: {txns: [{patches: [[position, deleted, text], …]}, …]}
// (josephg/editing-traces). After the traces come the inputs that are made here (inputs.mjs), unless --trace names one.
import * as Y from 'yjs'
import { readFileSync, readdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { Report } from '../common/report.mjs'
import { cpuMs, readTrace, runBench, traceFolder, withPacked } from '../common/traces.mjs'
import { measureInputs } from './inputs.mjs'
import { findYrs } from './yrs.mjs'

const client = 3000000001
const report = new Report(process.argv.slice(2))
const option = name => {
  const at = report.rest.indexOf(name)
  return at < 0 ? undefined : report.rest[at + 1]
}
const folder = traceFolder(option('--traces'))
if (!folder) {
  console.error('bench crdt: where are the traces? Give --traces DIR or set CRDT_TRACES')
  process.exit(2)
}
const traces = readdirSync(folder).filter(f => f.endsWith('.json.gz')).map(f => f.slice(0, -8)).sort()
const names = option('--trace') ? traces.filter(name => name === option('--trace')) : traces

const least = (runs, work) => Math.min(...Array.from({ length: runs }, () => cpuMs(work)))

const measureNative = (edits, yrs) => withPacked(edits, file => ({ ours: runBench('bench_crdt', file), native: yrs.measure?.(file) ?? {} }))

const typeInYjs = (edits, emission, sink) => {
  const doc = new Y.Doc()
  doc.clientID = client
  doc.on(emission, sink)
  const text = doc.getText('text')
  for (const [position, deleted, inserted] of edits) {
    doc.transact(() => {
      if (deleted > 0) text.delete(position, deleted)
      if (inserted.length > 0) text.insert(position, inserted)
    })
  }
  return doc
}
const applyV2 = edits => {
  const updates = []
  typeInYjs(edits, 'updateV2', update => updates.push(update))
  return cpuMs(() => {
    const far = new Y.Doc()
    for (const update of updates) Y.applyUpdateV2(far, update)
  })
}

const measureYjs = edits => {
  const updates = []
  const type = sink => typeInYjs(edits, 'update', sink)
  const edit_ms = cpuMs(() => type(() => {}))
  const doc = type(update => updates.push(update))
  const encoded = Y.encodeStateAsUpdate(doc)
  const apply_ms = cpuMs(() => {
    const far = new Y.Doc()
    for (const update of updates) Y.applyUpdate(far, update)
  })
  const apply_v2_ms = applyV2(edits)
  const load_ms = least(10, () => Y.applyUpdate(new Y.Doc(), encoded))
  const encode_ms = least(10, () => Y.encodeStateAsUpdate(doc))
  const encodedV2 = Y.encodeStateAsUpdateV2(doc)
  const load_v2_ms = least(10, () => Y.applyUpdateV2(new Y.Doc(), encodedV2))
  const encode_v2_ms = least(10, () => Y.encodeStateAsUpdateV2(doc))
  // Y.mergeUpdates is quadratic in the number of updates; a tree of merges of 64 at a time is how it can be used.
  let merged
  const merge_ms = cpuMs(() => {
    let level = updates
    while (level.length > 1) {
      const next = []
      for (let i = 0; i < level.length; i += 64) next.push(Y.mergeUpdates(level.slice(i, i + 64)))
      level = next
    }
    merged = level[0]
  })
  const compact_ms = cpuMs(() => {
    const far = new Y.Doc()
    Y.applyUpdate(far, merged)
    Y.encodeStateAsUpdate(far)
  })
  return { edit_ms, apply_ms, apply_v2_ms, load_ms, encode_ms, merge_ms, compact_ms, load_v2_ms, encode_v2_ms, encoded_bytes: encoded.length, encoded_v2_bytes: encodedV2.length, merged_bytes: merged.length }
}

const yjs = `yjs ${JSON.parse(readFileSync(new URL('node_modules/yjs/package.json', import.meta.url))).version}, node ${process.version}`
const yrs = findYrs()
console.error(`${cpus()[0].model}, ${cpus().length} cores; CPU time; peers: ${yjs}; ${yrs.name}`)
for (const name of names) {
  const edits = readTrace(folder, name)
  const { ours, native } = measureNative(edits, yrs)
  const theirs = measureYjs(edits)
  const row = (work, key, unit, peer = true) => report.add({
    work: `${name}: ${work}`, value: ours[key], unit, ...(peer ? { peer: yjs, peer_value: theirs[key] } : {})
  })
  const nativeRow = (work, key, unit) => report.add({ work: `${name}: ${work}`, value: ours[key] ?? null, unit, peer: yrs.name, peer_value: native[key] ?? null })
  // The least of many runs, and the median one: the machine may be shared.
  const rows = (work, key, unit = 'ms') => {
    row(work, `${key}_${unit === 'ms' ? 'ms' : 'us'}`, unit, unit === 'ms')
    row(`${work}: the median run`, `${key}_median_${unit === 'ms' ? 'ms' : 'us'}`, unit, false)
  }
  rows(`${edits.length} edits, each a transaction with its update`, 'edit')
  rows('slowest edit in a thousand (p99.9)', 'edit_p999', 'µs')
  rows(`${edits.length} updates from afar, each applied by itself`, 'apply')
  rows('the same in V2', 'apply_v2')
  rows('load the V1 encoding', 'load')
  rows('encode V1', 'encode')
  row('encoded V1', 'encoded_bytes', 'bytes')
  rows('load the V2 encoding', 'load_v2')
  rows('encode V2', 'encode_v2')
  row('encoded V2', 'encoded_v2_bytes', 'bytes')
  rows('merge all updates without a document (peer: in a tree)', 'merge')
  row('size of the merged update', 'merged_bytes', 'bytes')
  rows('compact the merged update', 'compact')
  row('heap of the loaded document', 'loaded_heap_bytes', 'bytes', false)
  row('attribution: telling the table of all updates', 'attribute_ms', 'ms', false)
  row('attribution: what it adds to the live document', 'attribution_live_bytes', 'bytes', false)
  row('attribution: the table in memory', 'attribution_bytes', 'bytes', false)
  row('attribution: the table encoded', 'attribution_encoded_bytes', 'bytes', false)
  row('attribution: who wrote each run of the text (blame)', 'blame_ms', 'ms', false)
  rows('a fixed loop in registers: what the core gave in this run', 'core_probe', 'µs')
  nativeRow(`${edits.length} edits, each a transaction with its update`, 'edit_ms', 'ms')
  nativeRow(`${edits.length} updates from afar, each applied by itself`, 'apply_ms', 'ms')
  nativeRow('the same in V2', 'apply_v2_ms', 'ms')
  nativeRow('load the V1 encoding', 'load_ms', 'ms')
  nativeRow('encode V1', 'encode_ms', 'ms')
  nativeRow('encoded V1', 'encoded_bytes', 'bytes')
  nativeRow('load the V2 encoding', 'load_v2_ms', 'ms')
  nativeRow('encode V2', 'encode_v2_ms', 'ms')
  nativeRow('encoded V2', 'encoded_v2_bytes', 'bytes')
}
if (!option('--trace') || option('--trace') === 'none') measureInputs(report, yjs, yrs)
report.finish()
