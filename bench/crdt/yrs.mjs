// yrs, the native engine of the y-crdt project, as a peer: built from its crate where there is a cargo (yrs/src/main.rs).
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readFigures } from '../common/traces.mjs'

const folder = fileURLToPath(new URL('yrs/', import.meta.url))
const version = readFileSync(folder + 'Cargo.lock', 'utf8').match(/name = "yrs"\nversion = "([^"]+)"/)[1]

/** `{ name, measure(…arguments) }`, or `{ name }` that says why it is absent. */
export const findYrs = () => {
  const built = spawnSync('cargo', ['build', '--release', '--locked', '--quiet'], { cwd: folder, encoding: 'utf8', env: { ...process.env, CARGO_TARGET_DIR: folder + 'target' } })
  if (built.error) return { name: 'yrs: absent (no cargo)' }
  if (built.status !== 0) {
    console.error(built.stderr)
    return { name: 'yrs: absent (its crate cannot be built)' }
  }
  return { name: `yrs ${version}`, measure: (...args) => readFigures(execFileSync(folder + 'target/release/bench-yrs', args, { encoding: 'utf8' })) }
}
