// `concord doctor` beside real engines: what is set badly is found and told with what to change, what is set well is not
// complained of, and engines that are gone or stand still are lines of the report and no wait.
import test from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Engines } from './engines.mjs'
import { binary, Hub, until } from './hub.mjs'

/** Runs it to its end; answers {code, out, errors}. */
function doctor(words, settings = {}) {
  const process_ = spawn(binary, ['doctor', ...words], { env: { ...process.env, ...settings }, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, errors] = ['', '']
  process_.stdout.on('data', (text) => { out += text })
  process_.stderr.on('data', (text) => { errors += text })
  return new Promise((resolve) => process_.once('close', (code) => resolve({ code, out, errors })))
}

async function examine(data, settings) {
  const { code, out, errors } = await doctor(['--json', '--data', data], settings)
  assert.equal(errors, '')
  const report = JSON.parse(out)
  assert.equal(code, report.errors > 0 ? 1 : 0)
  assert.equal(report.status, report.errors > 0 ? 'error' : report.warnings > 0 ? 'warn' : 'ok')
  const of = (area, check) => {
    const about = report.findings.filter((one) => one.area === area)
    const found = about.find((one) => one.check === check) ?? about.find((one) => one.check.startsWith(check))
    assert.ok(found, `nothing is said of ${area}, ${check}:\n${out}`)
    if (found.level !== 'ok') assert.ok(found.change, `${check}: nothing to change`)
    return found.level
  }
  return { ...report, out, of }
}

test('a hub that needs nothing else is well, before its start and while it runs', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'concord-e2e-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const before = await examine(join(folder, 'not-yet'), {})
  assert.equal(before.of('machine', 'DATA'), 'ok')
  assert.equal(before.of('machine', 'settings'), 'ok')

  const hub = await Hub.start()
  t.after(() => hub.stop())
  const running = await examine(hub.data, {})
  assert.equal(running.of('machine', 'DATA'), 'ok')
  assert.equal(running.of('machine', 'MASTER_KEY'), 'ok')
  assert.deepEqual(running.findings.filter((one) => one.area !== 'machine'), [])
  const person = await hub.register('Ada')
  await hub.createDocument(person, { name: 'after it', content: 'all is served' })
})

test('what it is told wrongly ends it with status 2, and its words for people are lines', async () => {
  const wrong = await doctor(['--no-such-setting', '1'])
  assert.equal(wrong.code, 2)
  assert.match(wrong.errors, /no-such-setting/)
  const help = await doctor(['--help'])
  assert.equal(help.code, 0)
  assert.match(help.out, /--json/)
  const people = await doctor(['--data', join(tmpdir(), 'not-there', 'x'), '--public-url', 'nowhere'])
  assert.equal(people.code, 1)
  assert.match(people.out, /^error {2}machine {3}PUBLIC_URL: "nowhere"[^\n]*\n +-> set it/m)
  assert.match(people.out, /\d+ errors, \d+ warnings, \d+ well\n$/)
})

test('engines', async (t) => {
  const engines = await Engines.start({ postgres: ['fsync=off', 'synchronous_commit=off'], redis: ['--maxmemory-policy', 'volatile-ttl'] })
  t.after(() => engines.stop())
  const folder = await mkdtemp(join(tmpdir(), 'concord-e2e-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const settings = {
    ...engines.hub, MASTER_KEY: randomBytes(32).toString('base64'),
    DATABASE_URL: engines.databaseUrl.replace('concord@', 'concord:swordfish@'),
  }

  await t.test('each bad setting is found', async () => {
    const { MASTER_KEY: _, ...without } = settings
    const report = await examine(folder, without)
    for (const check of ['fsync', 'synchronous_commit']) assert.equal(report.of('postgres', check), 'error')
    assert.equal(report.of('postgres', 'synchronous_standby_names'), 'warn')  // a server alone
    assert.equal(report.of('redis', 'maxmemory-policy'), 'error')
    assert.equal(report.of('machine', 'MASTER_KEY'), 'error')
    assert.equal(report.of('etcd', 'members'), 'warn')  // one
    assert.equal(report.of('postgres', 'durable write'), 'ok')
  })

  await t.test('and nothing is complained of once it is mended', async () => {
    await engines.postgres.end('SIGINT')
    engines.postgres.command.push('-c', 'fsync=on', '-c', 'synchronous_commit=on')
    await engines.postgres.spawn()
    await engines.postgresReady()
    const standby = await engines.addStandby()
    await engines.psql('postgres', "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'")
    await engines.psql('postgres', 'SELECT pg_reload_conf()')
    await until('the standby is waited for', async () =>
      (await engines.psql('postgres', 'SELECT sync_state FROM pg_stat_replication')).stdout.includes('quorum'), 60_000)
    await engines.redis.end()
    engines.redis.command.push('--maxmemory-policy', 'volatile-lru', '--maxmemory', '256mb')
    await engines.redis.spawn()
    await engines.redisReady()
    const url = settings.DATABASE_URL.replace(/@([^/]+)/, (_, host) => `@${host},127.0.0.1:${standby}`)
    const report = await examine(folder, { ...settings, DATABASE_URL: url })
    const bad = report.findings.filter((one) => one.level === 'error')
    assert.deepEqual(bad, [])
    for (const check of ['fsync', 'synchronous_commit', 'synchronous_standby_names', 'full_page_writes', 'database', 'version'])
      assert.equal(report.of('postgres', check), 'ok')
    for (const check of ['maxmemory-policy', 'maxmemory', 'version']) assert.equal(report.of('redis', check), 'ok')
    for (const check of ['conditional writes', 'read', 'delete', 'lifecycle']) assert.equal(report.of('s3', check), 'ok')
    for (const check of ['alarms', 'write', 'lease']) assert.notEqual(report.of('etcd', check), 'error')
    assert.equal(report.of('machine', 'MASTER_KEY'), 'ok')
    for (const secret of ['swordfish', settings.MASTER_KEY, settings.S3_SECRET_KEY])
      assert.ok(!report.out.includes(secret), 'a secret is shown')
  })

  await t.test('engines that are gone or stand still are told, and not waited for', async () => {
    await engines.redis.end()
    await engines.etcd.end()
    engines.postgres.process.kill('SIGSTOP')
    try {
      const report = await examine(folder, settings)
      for (const area of ['postgres', 'redis', 'etcd']) {
        const errors = report.findings.filter((one) => one.area === area && one.level === 'error')
        assert.match(errors[0].found, /does not answer/)
      }
      assert.equal(report.of('s3', 'conditional writes'), 'ok')
      assert.ok(!report.out.includes('swordfish'))
    } finally {
      engines.postgres.process.kill('SIGCONT')
    }
  })
})
