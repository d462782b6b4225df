// Programs that a benchmark starts, and what the kernel says about them (proc(5)).
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'

const started = new Set()
process.on('exit', () => { for (const child of started) child.kill('SIGKILL') })
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

/** A program; its output is kept for the message when it fails. It does not outlive this process. */
export class Program {
  constructor(command, args, env = {}) {
    this.output = ''
    this.child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
    started.add(this.child)
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => { this.keep(`${error}`); resolve() })
      this.child.once('exit', resolve)
    })
    this.ended.then(() => { started.delete(this.child); this.gone = true })
    this.child.stdout.on('data', (text) => this.keep(text))
    this.child.stderr.on('data', (text) => this.keep(text))
    this.child.stdin.on('error', () => {})
  }

  get pid() { return this.child.pid }

  keep(text) { this.output = (this.output + text).slice(-10_000) }

  async stop(signal = 'SIGTERM') {
    this.child.kill(signal)
    await this.ended
  }

  /** CPU time of all threads so far, in microseconds. */
  cpuMicroseconds() {
    let total = 0
    for (const thread of readdirSync(`/proc/${this.pid}/task`)) {
      total += Number(readFileSync(`/proc/${this.pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0])
    }
    return total / 1000
  }

  /** Its memory in RAM now, in bytes; pages shared with other processes count in part. */
  memoryBytes() {
    const rollup = readFileSync(`/proc/${this.pid}/smaps_rollup`, 'latin1')
    return Number(rollup.match(/^Pss:\s+(\d+) kB$/m)[1]) * 1024
  }
}

const given = new Set()

/** A port that nobody listens on and that was not given before: two servers may listen on one. */
export async function freePort() {
  for (;;) {
    const port = await new Promise((resolve, reject) => {
      const server = createServer()
      server.once('error', reject)
      server.listen(0, '127.0.0.1', () => {
        const { port: free } = server.address()
        server.close(() => resolve(free))
      })
    })
    if (given.has(port)) continue
    given.add(port)
    return port
  }
}
