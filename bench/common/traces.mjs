// Editing traces (josephg/editing-traces: {txns: [{patches: [[position, deleted, text], …]}, …]}) as benchmarks of the
// engines read them and give them to their programs, and what is read back.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const usual = '../../../shared/data/traces' // beside the repository

/** The folder of NAME.json.gz: what is given, CRDT_TRACES, or the usual one; undefined where there is none. */
export const traceFolder = given => given ?? process.env.CRDT_TRACES ?? (existsSync(usual) ? usual : undefined)

/** All patches as [position, deleted, text]; those traces are recorded with positions as each is applied. */
export const readTrace = (folder, name) => {
  const { txns, startContent } = JSON.parse(gunzipSync(readFileSync(join(folder, name + '.json.gz'))))
  const edits = txns.flatMap(txn => txn.patches)
  if (startContent) edits.unshift([0, 0, startContent])
  return edits
}

/** As common/trace.h reads it. */
const pack = edits => Buffer.concat(edits.map(([position, deleted, text]) => {
  const bytes = Buffer.from(text)
  const head = Buffer.alloc(12)
  head.writeUInt32LE(position, 0)
  head.writeUInt32LE(deleted, 4)
  head.writeUInt32LE(bytes.length, 8)
  return Buffer.concat([head, bytes])
}))

/** Calls `work` with the path of a file that holds the edits. */
export const withPacked = (edits, work) => {
  const scratch = mkdtempSync(join(tmpdir(), 'bench-trace-'))
  try {
    const file = join(scratch, 'edits')
    writeFileSync(file, pack(edits))
    return work(file)
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** Lines of name, tab, value. */
export const readFigures = out => Object.fromEntries(
  out.trim().split('\n').map(line => line.split('\t')).map(([name, value]) => [name, Number(value)]))

/** The figures that the program of a benchmark prints. */
export const runBench = (name, ...args) => readFigures(execFileSync(join(process.env.BENCH_BINARIES, name), args, { encoding: 'utf8' }))

export const cpuMs = work => {
  const begin = process.cpuUsage()
  work()
  const used = process.cpuUsage(begin)
  return (used.user + used.system) / 1000
}
