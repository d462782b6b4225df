// TLS by a certificate that the hub made: versions, headers, origins, and a certificate that changes while clients are connected.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import tls from 'node:tls'
import { WebSocket } from 'ws'
import { Hub, until } from './hub.mjs'

let hub, file

const certificate = async () => new X509Certificate(await readFile(file))
/** One request on `agent`; answers {status, headers, body, fingerprint}. */
const get = (path, { agent, ca, headers = {} } = {}) => new Promise((resolve, reject) => {
  const request = https.request({ host: '127.0.0.1', port: hub.port, path, headers, agent, ca }, (response) => {
    let body = ''
    response.on('data', (text) => { body += text })
    response.on('end', () => resolve({
      status: response.statusCode, headers: response.headers, body, fingerprint: request.socket.getPeerCertificate().fingerprint256,
    }))
  })
  request.on('error', reject)
  request.end()
})

before(async () => {
  hub = await Hub.start({ TLS: 'self-signed' })
  file = join(hub.data, 'tls.pem')
})
after(() => hub.stop())

test('the hub makes a certificate for this machine, keeps it to itself, and tells its fingerprint', async () => {
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const made = await certificate()
  assert.ok(made.checkHost('localhost'))
  assert.ok(made.checkIP('127.0.0.1'))
  assert.ok(hub.log.includes(made.fingerprint256), hub.log)
  await until('it tells where it is', () => /Concord is at https:/.test(hub.log))
  const answer = await get('/health/live', { ca: await readFile(file) })  // checked, as a client that trusts it does
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['strict-transport-security'], 'max-age=31536000')
  assert.match(answer.headers['content-security-policy'], /default-src 'self'/)
  await assert.rejects(get('/health/live'), /self-signed/)
})

test('versions before TLS 1.3, and what is no TLS, are refused', async () => {
  const connect = (options) => new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port: hub.port, rejectUnauthorized: false, ...options }, () => {
      resolve(socket.getProtocol())
      socket.destroy()
    })
    socket.on('error', reject)
  })
  assert.equal(await connect({}), 'TLSv1.3')
  await assert.rejects(connect({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }), /alert|version|protocol/i)
  await assert.rejects(fetch(`http://127.0.0.1:${hub.port}/health/live`))
})

test('pages of another origin open no live session', async () => {
  const open = (origin) => new Promise((resolve) => {
    const socket = new WebSocket(`wss://127.0.0.1:${hub.port}/documents/doc_01ke3m1b7nfh2r4t6v8x9z0a1c/sync`,
      { origin, rejectUnauthorized: false })
    socket.on('unexpected-response', (_, response) => { resolve(response.statusCode); socket.terminate() })
    socket.on('open', () => { resolve(101); socket.terminate() })
    socket.on('error', () => {})
  })
  assert.equal(await open('https://evil.example'), 403)
  assert.equal(await open('null'), 403)
  assert.equal(await open(`https://127.0.0.1:${hub.port}`), 101)
})

test('a certificate that is replaced is taken up, by SIGHUP or by itself, and connections go on', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'concord-tls-'))
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
  const fresh = { rejectUnauthorized: false }
  const shown = async () => (await get('/health/live', { agent: new https.Agent(fresh) })).fingerprint
  const socketOf = () => Object.values(agent.freeSockets)[0]?.[0]
  try {
    const first = (await certificate()).fingerprint256
    assert.equal((await get('/health/live', { agent })).fingerprint, first)
    const socket = await until('the connection is kept', socketOf)
    for (const [round, tell] of [() => hub.process.kill('SIGHUP'), () => {}].entries()) {
      const names = execFileSync('openssl', ['x509', '-in', file, '-noout', '-ext', 'subjectAltName'], { encoding: 'utf8' })
        .split('\n')[1].trim().replaceAll('IP Address:', 'IP:')
      const [key, made] = [join(scratch, `key${round}`), join(scratch, `certificate${round}`)]
      execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '90',
        '-subj', '/CN=replaced', '-addext', `subjectAltName=${names}`, '-keyout', key, '-out', made], { stdio: 'pipe' })
      execFileSync('sh', ['-c', `cat ${made} >> ${key}`])
      await copyFile(key, file)
      const replaced = (await certificate()).fingerprint256
      tell()
      await until('new connections get the new one', async () => (await shown()) === replaced)
      const old = await get('/health/live', { agent })
      assert.equal(old.status, 200)
      assert.equal(await until('the connection is kept', socketOf), socket, 'the open connection went on')
    }
    const before = await shown()
    await copyFile(join(scratch, 'certificate1'), file)  // without its key
    hub.process.kill('SIGHUP')
    await until('the hub says that it cannot', () => /the old certificate stays in use/.test(hub.log))
    assert.equal(await shown(), before)
  } finally {
    agent.destroy()
    await rm(scratch, { recursive: true })
  }
})
