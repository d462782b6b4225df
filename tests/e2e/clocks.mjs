// Clocks of a program that jump, by a library that is put before it (set_clock.c). Not libfaketime: a hub hung in a lock of it.
import { execFile } from 'node:child_process'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The clocks of a program that gets these settings: its own, also while it runs. */
export class Clocks {
  constructor(library, file) { this.settings = { LD_PRELOAD: library, CLOCK_OFFSETS: file } }

  /** So many of them, on the machine's time, or why there are none: {why}. */
  static async make(folder, count) {
    try {
      const library = join(folder, 'set_clock.so')
      await run('clang-19', ['-shared', '-fPIC', '-O2', '-o', library, fileURLToPath(new URL('set_clock.c', import.meta.url))])
      const clocks = Array.from({ length: count }, (_, i) => new Clocks(library, join(folder, `clocks-${i}`)))
      for (const { settings } of clocks) await writeFile(settings.CLOCK_OFFSETS, Buffer.alloc(16))
      return { clocks }
    } catch (error) {
      return { clocks: [], why: String(error.stderr || error.message).trim() }
    }
  }

  /** So many seconds from the machine's time, each. */
  async set(wall, monotonic = 0) {
    const offsets = Buffer.alloc(16)
    offsets.writeBigInt64LE(BigInt(wall) * 1_000_000_000n, 0)
    offsets.writeBigInt64LE(BigInt(monotonic) * 1_000_000_000n, 8)
    const file = await open(this.settings.CLOCK_OFFSETS, 'r+') // written over, as it is mapped
    await file.write(offsets, 0, 16, 0)
    await file.close()
  }
}
