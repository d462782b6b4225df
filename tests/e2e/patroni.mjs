// PostgreSQL as deploy/patroni sets it up: three servers that Patroni manages, over etcd, on loopback.
import { spawn } from 'node:child_process'
import { chmod, mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from './hub.mjs'
import { identityOf, run, waitFor } from './engines.mjs'

const password = 'a-password-of-the-tests'
const deploy = new URL('../../deploy/patroni/', import.meta.url)

/** One machine: Patroni and the server that it starts. */
class Machine {
  constructor(cluster, name) {
    Object.assign(this, { cluster, name, data: join(cluster.folder, name) })
  }

  async start() {
    this.port ??= await freePort()
    this.api ??= await freePort()
    const { folder, etcd, programs } = this.cluster
    const output = await open(join(folder, `${this.name}.log`), 'a')
    this.process = spawn('patroni', [join(folder, 'patroni.yml')], {
      cwd: folder,
      ...(await identityOf('postgres')),
      stdio: ['ignore', output.fd, output.fd],
      env: {
        PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8',
        PATRONI_NAME: this.name, PATRONI_ETCD3_HOSTS: etcd,
        PATRONI_RESTAPI_LISTEN: `127.0.0.1:${this.api}`, PATRONI_RESTAPI_CONNECT_ADDRESS: `127.0.0.1:${this.api}`,
        PATRONI_POSTGRESQL_LISTEN: `127.0.0.1:${this.port}`, PATRONI_POSTGRESQL_CONNECT_ADDRESS: `127.0.0.1:${this.port}`,
        PATRONI_POSTGRESQL_DATA_DIR: this.data, PATRONI_POSTGRESQL_BIN_DIR: programs, PATRONI_POSTGRESQL_PGPASS: join(folder, `${this.name}.pgpass`),
        PATRONI_SUPERUSER_USERNAME: 'postgres', PATRONI_SUPERUSER_PASSWORD: password,
        PATRONI_REPLICATION_USERNAME: 'replicator', PATRONI_REPLICATION_PASSWORD: password,
      },
    })
    this.exited = new Promise((resolve) => this.process.once('exit', resolve).once('error', resolve))
    await output.close()
  }

  /** As a machine whose power fails: Patroni, the server and its processes, at once and without a word. */
  async kill() {
    const pids = await this.processes()
    this.process.kill('SIGKILL')
    for (const pid of pids) {
      try { process.kill(pid, 'SIGKILL') } catch { /* gone already */ }
    }
    await this.exited
  }

  /** The postmaster, first, and what it has started. */
  async processes() {
    let postmaster
    try {
      postmaster = Number((await readFile(join(this.data, 'postmaster.pid'), 'utf8')).split('\n')[0])
    } catch { return [] }
    const children = await run('ps', ['-o', 'pid=', '--ppid', `${postmaster}`]).then(({ stdout }) => stdout, () => '')
    return [postmaster, ...children.split('\n').map(Number).filter(Boolean)]
  }
}

export class Patroni {
  /** `etcd`: HOST:PORT. */
  static async start(folder, etcd) {
    const cluster = new Patroni()
    const version = (await readdir('/usr/lib/postgresql')).sort((a, b) => b - a)[0]
    Object.assign(cluster, { folder: join(folder, 'patroni'), etcd, programs: `/usr/lib/postgresql/${version}/bin` })
    await mkdir(cluster.folder)
    await run('chown', ['postgres:', cluster.folder]).catch(() => {})
    // The servers share a machine here: their local sockets go into their own folder, and they are small.
    const file = (await readFile(new URL('patroni.yml', deploy), 'utf8')).replace(/^ {4}password_encryption:.*$/m, (line) =>
      `${line}\n    unix_socket_directories: ${cluster.folder}\n    shared_buffers: 16MB`)
    await writeFile(join(cluster.folder, 'patroni.yml'), file)
    await chmod(join(cluster.folder, 'patroni.yml'), 0o644)
    cluster.machines = ['db1', 'db2', 'db3'].map((name) => new Machine(cluster, name))
    try {
      for (const machine of cluster.machines) await machine.start()
      await cluster.whole()
      await run('psql', ['-X', '-h', '127.0.0.1', '-p', `${(await cluster.leader()).port}`, '-U', 'postgres', '-d', 'postgres', '-v', 'ON_ERROR_STOP=1',
        '-v', `password=${password}`, '-f', new URL('make-database.sql', deploy).pathname], { env: { ...process.env, PGPASSWORD: password } })
    } catch (error) {
      const { stdout } = await run('bash', ['-c', `tail -n 15 ${cluster.folder}/*.log`])
      await cluster.stop()
      throw new Error(`${error.message}\n${stdout}`, { cause: error })
    }
    return cluster
  }

  /** What Patroni says of the members; [] where nobody answers. */
  async members() {
    for (const { api } of this.machines) {
      const answer = await fetch(`http://127.0.0.1:${api}/cluster`, { signal: AbortSignal.timeout(2000) }).then((got) => got.json(), () => null)
      if (answer?.members) return answer.members
    }
    return []
  }

  /** The machine whose server takes writes, as Patroni has it. */
  async leader() {
    const leader = (await this.members()).find((one) => one.role === 'leader' && one.state === 'running')
    return this.machines.find((one) => one.name === leader?.name)
  }

  /** Waits until there is a primary, a synchronous standby, and nobody is missing. */
  whole() {
    return waitFor('Patroni: a primary and two standbys, one of them synchronous', async () => {
      const members = await this.members()
      const well = members.filter((one) => ['running', 'streaming'].includes(one.state))
      return well.length === this.machines.length && ['leader', 'sync_standby'].every((role) => well.some((one) => one.role === role))
    }, 180)
  }

  url(user = 'concord', database = 'concord') {
    return `postgres://${user}:${password}@${this.machines.map((one) => `127.0.0.1:${one.port}`).join(',')}/${database}`
  }

  async stop() {
    await Promise.all(this.machines.filter((one) => one.process).map((one) => one.kill().catch(() => {})))
  }
}

/** Writes one row after the other by psql, each on a connection of its own, and notes how long nobody took any. */
export class Probe {
  constructor(url) {
    this.longest = 0
    this.taken = 0
    this.done = false
    this.ended = this.run(`${url}?target_session_attrs=read-write&connect_timeout=2`)
  }

  async run(url) {
    const write = (sql) => run('psql', ['-X', '-d', url, '-v', 'ON_ERROR_STOP=1', '-c', sql], { timeout: 5000 })
    await write('CREATE TABLE IF NOT EXISTS probe (at timestamptz)')
    let last = Date.now()
    while (!this.done) {
      const taken = await write('INSERT INTO probe VALUES (now())').then(() => true, () => false)
      if (!taken) continue
      this.longest = Math.max(this.longest, Date.now() - last)
      this.taken += 1
      last = Date.now()
    }
  }

  /** The longest time between two rows that were taken, in milliseconds, since the last time that it was asked. */
  async take() {
    const taken = this.taken  // a gap that lasts is known once the next row is there, and one more
    await waitFor('PostgreSQL takes rows', () => this.taken >= taken + 2, 120)
    const longest = this.longest
    this.longest = 0
    return longest
  }

  async stop() {
    this.done = true
    await this.ended
  }
}
