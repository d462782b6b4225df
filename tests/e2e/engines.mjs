// The real servers of a hub's engines, on loopback and in a directory of their own: PostgreSQL, Redis, etcd, and S3 by Ceph's
// gateway, all from Debian's packages.
import { execFile, spawn } from 'node:child_process'
import { createHash, createHmac, randomUUID } from 'node:crypto'
import { chmod, mkdir, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from './hub.mjs'

export const run = promisify(execFile)

/** Who some servers want to be where the tests are root, who they refuse to be. */
export async function identityOf(user) {
  if (!user || process.getuid() !== 0) return {}
  const id = async (flag) => Number((await run('id', [flag, user])).stdout)
  return { uid: await id('-u'), gid: await id('-g') }
}

/** Whether somebody takes connections there. */
export const listens = (port, host = '127.0.0.1') =>
  new Promise((resolve) => {
    const socket = connect(port, host)
    const answer = (heard) => {
      socket.destroy()
      resolve(heard)
    }
    socket.once('connect', () => answer(true)).once('error', () => answer(false))
  })

export async function waitFor(what, holds, seconds = 60) {
  const end = Date.now() + seconds * 1000
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`)
    await sleep(20)
  }
}

/** A request to S3 without a body or a query, signed (AWS Signature Version 4); answers its status, 0 where nobody answers. */
async function askS3(method, host, port, path, { access, secret }) {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const day = time.slice(0, 8)
  const hash = (text) => createHash('sha256').update(text).digest('hex')
  const mac = (key, text) => createHmac('sha256', key).update(text).digest()
  const headers = { host: `${host}:${port}`, 'x-amz-content-sha256': hash(''), 'x-amz-date': time }
  const names = Object.keys(headers).join(';')
  const canonical = [method, path, '', ...Object.entries(headers).map(([name, value]) => `${name}:${value}`), '', names, hash('')].join('\n')
  const scope = `${day}/us-east-1/s3/aws4_request`
  const key = ['us-east-1', 's3', 'aws4_request'].reduce(mac, mac(`AWS4${secret}`, day))
  const signature = createHmac('sha256', key).update(['AWS4-HMAC-SHA256', time, scope, hash(canonical)].join('\n')).digest('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${access}/${scope}, SignedHeaders=${names}, Signature=${signature}`
  return fetch(`http://${host}:${port}${path}`, { method, headers: { ...headers, authorization } }).then((answer) => answer.status, () => 0)
}

/** One process, which can be killed, stopped and started again. */
class Server {
  constructor(name, folder, command, { user, environment = {}, place } = {}) {
    Object.assign(this, { name, folder, command, user, environment, place })
  }

  async spawn() {
    const output = await open(join(this.folder, `${this.name}.log`), 'a')
    const identity = await identityOf(this.user)
    const [program, ...rest] = [...(this.place?.through(identity) ?? []), ...this.command]
    this.process = spawn(program, rest, {
      ...(this.place ? {} : identity), env: { ...process.env, ...this.environment }, stdio: ['ignore', output.fd, output.fd],
    })
    this.exited = new Promise((resolve) => this.process.once('exit', resolve).once('error', resolve))
    await output.close()
  }

  async end(signal = 'SIGKILL') {
    if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return
    this.process.kill(signal)
    await this.exited
  }
}

/** All engines of one hub. `hub` are the settings that name them. */
export class Engines {
  /** `postgres`: settings (name=value) more; `redis`: arguments more; `etcdAlone`: none of the others. `place`: where they
   *  run (places.mjs), PostgreSQL on a disk of its own of `disk` MB; undefined: here. `postgresEnvironment`: of it and its standby. */
  static async start({ postgres = [], redis = [], etcdAlone = false, place, disk, postgresEnvironment = {} } = {}) {
    const engines = new Engines()
    Object.assign(engines, { place, disk, postgresEnvironment, address: place?.address ?? '127.0.0.1' })
    engines.folder = await mkdtemp(join(tmpdir(), 'concord-engines-'))
    await chmod(engines.folder, 0o755)
    try {
      if (etcdAlone) await engines.startEtcd()
      else await Promise.all([engines.startPostgres(postgres), engines.startRedis(redis), engines.startEtcd(), engines.startS3()])
    } catch (error) {
      await engines.stop()
      throw error
    }
    return engines
  }

  servers = []
  add(...server) {
    const [name, folder, command, more = {}] = server
    const one = new Server(name, folder, command, { place: this.place, ...more })
    this.servers.push(one)
    return one
  }

  /** Runs a command to its end where the engines run. */
  there([program, ...rest], identity = {}) {
    return this.place ? this.place.run([program, ...rest], identity) : run(program, rest, identity)
  }

  async startPostgres(more = []) {
    const version = (await readdir('/usr/lib/postgresql')).sort((a, b) => b - a)[0]
    const program = (name) => `/usr/lib/postgresql/${version}/bin/${name}`
    const disk = join(this.folder, 'postgres')
    const data = join(disk, 'data')
    const identity = await identityOf('postgres')
    await mkdir(disk)
    if (this.disk) await this.place.mount(disk, this.disk)
    if (identity.uid !== undefined) await this.there(['chown', 'postgres:', disk])
    this.postgresDisk = disk
    await this.there([program('initdb'), '-D', data, '-A', 'trust', '-U', 'concord', '-E', 'UTF8', '--locale=C', '--no-sync'], identity)
    if (this.place) await this.there(['sh', '-c', `echo 'host all all ${this.address}/24 trust' >>${data}/pg_hba.conf`], identity)
    const port = await freePort()
    const settings = [`listen_addresses=${this.address}`, 'max_connections=60', 'shared_buffers=32MB', 'logging_collector=off', ...more]
    this.postgres = this.add('postgres', this.folder,
      [program('postgres'), '-D', data, '-p', `${port}`, '-k', data, ...settings.flatMap((one) => ['-c', one])], { user: 'postgres', environment: this.postgresEnvironment })
    const psql = (database, sql) => run(program('psql'), ['-X', '-A', '-t', '-h', this.address, '-p', `${port}`, '-U', 'concord', '-d', database, '-c', sql])
    this.psql = psql
    this.postgresPort = port
    /** What psql prints for it, on the hub's database. */
    this.sql = async (sql) => (await psql('concord', sql)).stdout
    this.postgresReady = () => waitFor('PostgreSQL', () => psql('postgres', 'SELECT 1').then(() => true, () => false))
    await this.postgres.spawn()
    await this.postgresReady()
    await psql('postgres', 'CREATE DATABASE concord')
    this.databaseUrl = `postgres://concord@${this.address}:${port}/concord`
  }

  /** A standby of the server, which streams from it. */
  async addStandby(name = 'standby') {
    const version = (await readdir('/usr/lib/postgresql')).sort((a, b) => b - a)[0]
    const program = (one) => `/usr/lib/postgresql/${version}/bin/${one}`
    const data = join(this.folder, name)
    const identity = await identityOf('postgres')
    await mkdir(data, { mode: 0o700 })
    if (identity.uid !== undefined) await run('chown', ['postgres:', data])
    await run(program('pg_basebackup'), ['-D', data, '-R', '-X', 'stream', '--no-sync', '-c', 'fast',
      '-d', `host=${this.address} port=${this.postgresPort} user=concord application_name=${name}`], identity)
    const port = await freePort()
    const standby = this.add(name, this.folder,
      [program('postgres'), '-D', data, '-p', `${port}`, '-k', data, '-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=60'],
      { user: 'postgres', environment: this.postgresEnvironment })
    await standby.spawn()
    const streams = async () => (await this.psql('postgres', 'SELECT state FROM pg_stat_replication')).stdout.includes('streaming')
    await waitFor('the standby', streams)
    return port
  }

  async startRedis(more = []) {
    const port = await freePort()
    this.redis = this.add('redis', this.folder,
      ['redis-server', '--port', `${port}`, '--bind', this.address, '--protected-mode', 'no', '--save', '', '--appendonly', 'no', '--dir', this.folder, ...more])
    this.redisReady = () => waitFor('Redis', () => listens(port, this.address))
    await this.redis.spawn()
    await this.redisReady()
    this.redisUrl = `redis://${this.address}:${port}`
  }

  async startEtcd() {
    const [client, peer] = [await freePort(), await freePort()]
    const clients = `http://${this.address}:${client}`
    const peers = `http://${this.address}:${peer}`
    this.etcd = this.add('etcd', this.folder, ['etcd', '--name=one', `--data-dir=${join(this.folder, 'etcd')}`,
      `--listen-client-urls=${clients}`, `--advertise-client-urls=${clients}`, `--listen-peer-urls=${peers}`,
      `--initial-advertise-peer-urls=${peers}`, `--initial-cluster=one=${peers}`, '--heartbeat-interval=50', '--election-timeout=500'])
    this.etcdReady = () => waitFor('etcd', () => fetch(`${clients}/health`).then((answer) => answer.ok, () => false))
    await this.etcd.spawn()
    await this.etcdReady()
    this.etcdEndpoints = clients
  }

  /** A monitor, an object store in memory and the gateway, without keys between them. */
  async startS3() {
    const [monitor, port] = [await freePort(), await freePort()]
    const { address } = this
    const at = (name) => join(this.folder, 'ceph', name)
    for (const name of ['mon', 'osd', 'run', 'crash', 'gateway']) await mkdir(at(name), { recursive: true })
    await writeFile(at('ceph.conf'), `[global]
fsid = ${randomUUID()}
mon host = v2:${address}:${monitor}
run dir = ${at('run')}
mon data = ${at('mon')}
osd data = ${at('osd')}
crash dir = ${at('crash')}
public addr = ${address}
auth cluster required = none
auth service required = none
auth client required = none
admin socket =
log file =
pid file =
mon cluster log file =
log to stderr = true
err to stderr = true
osd objectstore = memstore
memstore device bytes = 1073741824
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd crush initial weight = 1
osd heartbeat grace = 600
mon allow pool size one = true
mon data avail crit = 0
mon data avail warn = 0
mon osd full ratio = 1
paxos propose interval = 0.01
paxos min wait = 0.01
rgw rados pool pg num min = 1
rgw dns name = localhost
rgw enable usage log = false
rgw thread pool size = 32
`)
    const environment = { CEPH_CONF: at('ceph.conf') }
    const ceph = (program, ...rest) => run(program, rest, { env: { ...process.env, ...environment } })
    const disk = randomUUID()
    await ceph('monmaptool', '--create', '--addv', 'a', `[v2:${address}:${monitor}]`, at('monmap'))
    await ceph('ceph-mon', '--mkfs', '-i', 'a', '--monmap', at('monmap'))
    await this.add('ceph-mon', this.folder, ['ceph-mon', '-i', 'a', '-f'], { environment }).spawn()
    await ceph('ceph', '--connect-timeout', '60', 'osd', 'new', disk)
    await ceph('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', disk)
    await this.add('ceph-osd', this.folder, ['ceph-osd', '-i', '0', '-f'], { environment }).spawn()
    const keys = { access: 'CONCORDTESTS', secret: 'a-secret-of-the-tests' }
    await ceph('timeout', '120', 'radosgw-admin', 'user', 'create', '--uid', 'tests', '--display-name', 'Tests',
      '--access-key', keys.access, '--secret', keys.secret)
    this.s3 = this.add('radosgw', this.folder, ['radosgw', '-f', '-n', 'client.rgw', `--rgw-data=${at('gateway')}`,
      '--auth-client-required=none', '--ms-mon-client-mode=crc', `--rgw-frontends=beast endpoint=${address}:${port}`], { environment })
    this.s3Ready = () => waitFor('S3', async () => (await askS3('GET', address, port, '/', keys)) === 200, 120)
    await this.s3.spawn()
    await this.s3Ready()
    const made = await askS3('PUT', address, port, '/concord', keys)
    if (made !== 200) throw new Error(`S3 makes no bucket: ${made}`)
    this.s3Settings = {
      S3_ENDPOINT: `http://${address}:${port}`, S3_BUCKET: 'concord', S3_ACCESS_KEY: keys.access, S3_SECRET_KEY: keys.secret,
    }
  }

  get hub() {
    return { DATABASE_URL: this.databaseUrl, REDIS_URL: this.redisUrl, ETCD_ENDPOINTS: this.etcdEndpoints, ...this.s3Settings }
  }

  async stop() {
    await Promise.all(this.servers.map((server) => server.end()))
    await rm(this.folder, { recursive: true, force: true })
  }
}
