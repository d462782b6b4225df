// The hub that is measured: three nodes on one machine, with PostgreSQL and one synchronous standby, etcd with short timers,
// Redis and S3; and who owns what in it.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Cluster } from '../../tests/e2e/cluster.mjs'
import { cpuSeconds } from '../common/report.mjs'
import { Concord } from '../sessions/servers.mjs'

/** What is put before PostgreSQL, so that every fsync and fdatasync of it and its standby takes so much longer. */
async function slowDisk(delayMs) {
  const folder = await mkdtemp(join(tmpdir(), 'concord-slow-')) // where PostgreSQL's own user can read it
  const library = join(folder, 'slow_sync.so')
  await promisify(execFile)(process.env.CC ?? 'clang-19', ['-shared', '-fPIC', '-O2', '-o', library, fileURLToPath(new URL('slow_sync.c', import.meta.url)), '-ldl'])
  await chmod(folder, 0o755)
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return { LD_PRELOAD: library, SLOW_SYNC_US: `${delayMs * 1000}` }
}

const serverOf = (engines, name) => engines.servers.find((server) => server.name === name)

/** The loader only warns where it cannot read a library. */
function assertSlow({ name, process: { pid } }) {
  if (!readFileSync(`/proc/${pid}/maps`, 'latin1').includes('slow_sync.so')) throw new Error(`${name} runs without slow_sync.so`)
}

export async function startNodes({ commitDelayMs = 0, fsyncDelayMs = 0 } = {}) {
  const postgresEnvironment = fsyncDelayMs > 0 ? await slowDisk(fsyncDelayMs) : {}
  const cluster = await Cluster.start(3, { SHARD_LEASE_MS: '1000', LIVE_SESSIONS_PER_USER: '0', SNAPSHOT_AFTER_BYTES: '4194304' }, async (engines) => {
    await engines.addStandby('standby')
    if (fsyncDelayMs > 0) for (const name of ['postgres', 'standby']) assertSlow(serverOf(engines, name))
    const set = async (setting, value) => engines.psql('postgres', `ALTER SYSTEM SET ${setting} = '${value}'`)
    await set('synchronous_standby_names', 'ANY 1 (standby)')
    // The server waits so long before each flush while others are in the middle of a transaction; a disk that takes
    // longer does so always. 0 of them have to be.
    if (commitDelayMs > 0) {
      await set('commit_delay', `${commitDelayMs * 1000}`)
      await set('commit_siblings', '0')
    }
    await engines.psql('postgres', 'SELECT pg_reload_conf()')
  }, { postgresEnvironment, postgres: ['wal_sync_method=fdatasync'] })
  return new Nodes(cluster)
}

export class Nodes {
  constructor(cluster) { this.cluster = cluster }

  /** A user whose documents lie on one shard, which one of these nodes serves: all in one. */
  async user(name) {
    const [node] = this.cluster.nodes
    const email = `${name}@example.org`
    const answer = await node.request('POST', '/auth/register', { body: { email, name, password: `${name} of many words` } })
    if (answer.status !== 201) throw new Error(`register answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    return { id: answer.body.user.id, email, token: answer.body.access_token }
  }

  document(user, name) { return this.cluster.nodes[0].ask(user, 'POST', '/documents', { name }, 201) }

  /** The node that serves the user's documents, and the others: as an edit of one is counted. */
  async places(user) {
    const document = await this.document(user, 'probe')
    const counts = () => Promise.all(this.cluster.nodes.map(async (node) => {
      const { body } = await node.request('GET', '/metrics')
      return Number(body.match(/^concord_documents_updates_total (\d+)/m)?.[1] ?? 0)
    }))
    const before = await counts()
    await this.cluster.nodes[0].ask(user, 'PUT', `/documents/${document.id}`, { content: 'probe', version: document.version }, 200)
    const after = await counts()
    const owner = after.findIndex((count, i) => count > before[i])
    if (owner < 0) throw new Error('no node has counted the edit')
    const others = this.cluster.nodes.filter((_, i) => i !== owner)
    return { owner: this.cluster.nodes[owner], others, probe: document }
  }

  /** CPU time so far, in seconds: of a node's serving process, or of an engine with all its processes. */
  async cpuOfNode(node) { return cpuSeconds(await node.served()) }
  cpuOfServer(name) {
    const { pid } = serverOf(this.cluster.engines, name).process
    const children = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).map(Number).filter((one) => parentOf(one) === pid)
    return [pid, ...children].reduce((sum, one) => sum + cpuSeconds(one), 0)
  }

  /** All processes at once, without a word. */
  kill() {
    for (const { process: one } of [...this.cluster.nodes, ...this.cluster.engines.servers]) one.kill('SIGKILL')
  }

  async stop() { await this.cluster.stop() }
}

function parentOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return 0 // it has ended
  }
}

/** What of Concord's dialect the load needs. */
export const dialect = new Concord('')
export const pause = sleep
