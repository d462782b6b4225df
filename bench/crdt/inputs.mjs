// The inputs that bench_crdt makes (inputs.h), on our engine, on Yjs and on yrs.
import * as Y from 'yjs'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cpuMs, runBench } from '../common/traces.mjs'

const cpuUs = work => cpuMs(work) * 1000
const heapBytes = () => {
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const manyAuthors = bytes => {
  const updates = []
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32LE(at)) updates.push(bytes.subarray(at + 4, at + 4 + bytes.readUInt32LE(at)))
  const doc = new Y.Doc()
  const tenth = Math.floor(updates.length / 10)
  const figures = {}
  const apply = (name, part) => {
    const us = cpuUs(() => part.forEach(update => Y.applyUpdate(doc, update)))
    if (name === null) return
    figures[name + '_us'] = us / part.length
    figures[name + '_ns_byte'] = us * 1000 / part.reduce((sum, update) => sum + update.length, 0)
    figures[name + '_document_bytes'] = Y.encodeStateAsUpdate(doc).length
  }
  apply('first', updates.slice(0, tenth))
  apply(null, updates.slice(tenth, -tenth))
  apply('last', updates.slice(-tenth))
  return figures
}

const largeDocument = encoded => {
  const load_ms = Math.min(...[1, 2, 3].map(() => cpuUs(() => Y.applyUpdate(new Y.Doc(), encoded)))) / 1000
  const before = heapBytes()
  const doc = new Y.Doc()
  Y.applyUpdate(doc, encoded)
  const heap_bytes = heapBytes() - before
  const text = doc.getText('text')
  const edit_us = cpuUs(() => {
    for (let i = 0; i < 1000; ++i) text.insert(5e6 + (i % 2 === 0 ? 0 : 500 * i), 'x')
  }) / 1000
  return { load_ms, heap_bytes, edit_us }
}

const smallDocuments = encoded => {
  const before = heapBytes()
  const documents = []
  const us = cpuUs(() => {
    for (let i = 0; i < 10000; ++i) {
      const doc = new Y.Doc()
      Y.applyUpdate(doc, encoded)
      documents.push(doc)
    }
  })
  return { load_us: us / documents.length, heap_bytes: (heapBytes() - before) / documents.length }
}

const works = [
  ...[192, 358].map(authors => ({
    name: `${authors} authors at once, ${authors * 300} updates`, mine: ['--authors', String(authors)], theirs: '--authors', inYjs: manyAuthors,
    rows: [['first', 'first tenth of the history'], ['last', 'last tenth']].flatMap(([name, when]) => [
      [`one update, ${when}`, name + '_us', 'µs'], [`one byte of an update, ${when}`, name + '_ns_byte', 'ns'], [`encoded V1 after the ${when}`, name + '_document_bytes', 'bytes']
    ])
  })),
  {
    name: '10 million characters in 10,000 pieces', mine: ['--large'], theirs: '--large', inYjs: largeDocument,
    rows: [['load V1', 'load_ms', 'ms'], ['one edit in the middle', 'edit_us', 'µs'], ['heap', 'heap_bytes', 'bytes']]
  },
  {
    name: '10,000 small documents', mine: ['--small'], theirs: '--small', inYjs: smallDocuments,
    rows: [['load one', 'load_us', 'µs'], ['heap of one', 'heap_bytes', 'bytes']]
  }
]

/** Adds the rows of all inputs. */
export const measureInputs = (report, yjs, yrs) => {
  const scratch = mkdtempSync(join(tmpdir(), 'bench-crdt-'))
  try {
    for (const { name, mine, theirs, inYjs, rows } of works) {
      console.error(name)
      const file = join(scratch, 'input')
      const ours = runBench('bench_crdt', ...mine, file)
      const peers = [[yjs, inYjs(readFileSync(file))], [yrs.name, yrs.measure?.(theirs, file)]]
      for (const [peer, figures] of peers) {
        for (const [work, key, unit] of rows) report.add({ work: `${name}: ${work}`, value: ours[key], unit, peer, peer_value: figures?.[key] ?? null })
      }
    }
  } finally {
    rmSync(scratch, { recursive: true })
  }
}
