// The engine beside Yjs on real editing traces, each edit a transaction of its own. CPU time of the thread that works.
//
//   ./dev bench crdt [--traces DIR] [--trace NAME | --trace none] [--json FILE]
//
// DIR (default: ../shared/data/traces) holds NAME.json.gz: {txns: [{patches: [[position, deleted, text], …]}, …]}
// (josephg/editing-traces). After the traces come the inputs that are made here (inputs.mjs), unless --trace names one.
import * as Y from 'yjs'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Report } from '../common/report.mjs'
import { measureInputs } from './inputs.mjs'
import { findYrs, readFigures } from './yrs.mjs'

const client = 3000000001
const report = new Report(process.argv.slice(2))
const option = name => {
  const at = report.rest.indexOf(name)
  return at < 0 ? undefined : report.rest[at + 1]
}
const usual = '../../../shared/data/traces' // beside the repository
const folder = option('--traces') ?? process.env.CRDT_TRACES ?? (existsSync(usual) ? usual : undefined)
if (!folder) {
  console.error('bench crdt: where are the traces? Give --traces DIR or set CRDT_TRACES')
  process.exit(2)
}
const traces = readdirSync(folder).filter(f => f.endsWith('.json.gz')).map(f => f.slice(0, -8)).sort()
const names = option('--trace') ? traces.filter(name => name === option('--trace')) : traces

const cpuMs = work => {
  const begin = process.cpuUsage()
  work()
  const used = process.cpuUsage(begin)
  return (used.user + used.system) / 1000
}
const least = (runs, work) => Math.min(...Array.from({ length: runs }, () => cpuMs(work)))

/// All patches as [position, deleted, text]; those traces are recorded with positions as each is applied.
const readTrace = name => {
  const trace = JSON.parse(gunzipSync(readFileSync(join(folder, name + '.json.gz'))))
  const edits = trace.txns.flatMap(txn => txn.patches)
  if (trace.startContent) edits.unshift([0, 0, trace.startContent])
  return edits
}
const packTrace = edits => Buffer.concat(edits.map(([position, deleted, text]) => {
  const bytes = Buffer.from(text)
  const head = Buffer.alloc(12)
  head.writeUInt32LE(position, 0)
  head.writeUInt32LE(deleted, 4)
  head.writeUInt32LE(bytes.length, 8)
  return Buffer.concat([head, bytes])
}))

const measureNative = (edits, yrs) => {
  const scratch = mkdtempSync(join(tmpdir(), 'bench-crdt-'))
  try {
    const file = join(scratch, 'trace')
    writeFileSync(file, packTrace(edits))
    const ours = readFigures(execFileSync(join(process.env.BENCH_BINARIES, 'bench_crdt'), [file], { encoding: 'utf8' }))
    return { ours, native: yrs.measure?.(file) ?? {} }
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

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
  const edits = readTrace(name)
  const { ours, native } = measureNative(edits, yrs)
  const theirs = measureYjs(edits)
  const row = (work, key, unit, peer = true) => report.add({
    work: `${name}: ${work}`, value: ours[key], unit, ...(peer ? { peer: yjs, peer_value: theirs[key] } : {})
  })
  const nativeRow = (work, key, unit) => report.add({ work: `${name}: ${work}`, value: ours[key] ?? null, unit, peer: yrs.name, peer_value: native[key] ?? null })
  row(`${edits.length} edits, each a transaction with its update`, 'edit_ms', 'ms')
  row('slowest edit in a thousand (p99.9)', 'edit_p999_us', 'µs', false)
  row(`${edits.length} updates from afar, each applied by itself`, 'apply_ms', 'ms')
  row('the same in V2', 'apply_v2_ms', 'ms')
  row('load the V1 encoding', 'load_ms', 'ms')
  row('encode V1', 'encode_ms', 'ms')
  row('encoded V1', 'encoded_bytes', 'bytes')
  row('load the V2 encoding', 'load_v2_ms', 'ms')
  row('encode V2', 'encode_v2_ms', 'ms')
  row('encoded V2', 'encoded_v2_bytes', 'bytes')
  row('merge all updates without a document (peer: in a tree)', 'merge_ms', 'ms')
  row('size of the merged update', 'merged_bytes', 'bytes')
  row('compact the merged update', 'compact_ms', 'ms')
  row('heap of the loaded document', 'loaded_heap_bytes', 'bytes', false)
  row('attribution: telling the table of all updates', 'attribute_ms', 'ms', false)
  row('attribution: what it adds to the live document', 'attribution_live_bytes', 'bytes', false)
  row('attribution: the table in memory', 'attribution_bytes', 'bytes', false)
  row('attribution: the table encoded', 'attribution_encoded_bytes', 'bytes', false)
  row('attribution: who wrote each run of the text (blame)', 'blame_ms', 'ms', false)
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
