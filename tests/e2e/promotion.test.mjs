// PostgreSQL's primary dies and Patroni promotes a standby, with the configuration of deploy/patroni: people go on typing in
// their sessions, and nothing that was acknowledged is lost or doubled. Printed is how long no edit was acknowledged, beside how
// long PostgreSQL itself took no write.
import test from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Engines, run, waitFor } from './engines.mjs'
import { binary, Hub, until } from './hub.mjs'
import { Patroni, Probe } from './patroni.mjs'
import { random, Typists } from './typing.mjs'

const seed = Number(process.env.CONCORD_SEED ?? Date.now() % 1_000_000)

/** Notes the longest time in which nothing was acknowledged. */
class Acknowledgements {
  constructor(typists) {
    this.typists = typists
    this.longest = 0
    this.ended = this.watch()
  }
  async watch() {
    let [count, last] = [this.typists.acknowledged, Date.now()]
    while (!this.done) {
      await sleep(20)
      const now = this.typists.acknowledged
      if (now === count) continue
      this.longest = Math.max(this.longest, Date.now() - last)
      ;[count, last] = [now, Date.now()]
    }
  }
  async stop() {
    this.done = true
    await this.ended
    return this.longest
  }
}

const doctor = async (settings) => JSON.parse((await run(binary, ['doctor', '--json'], { env: { ...process.env, ...settings } })
  .catch((error) => error)).stdout)

test(`people ride through a promotion (CONCORD_SEED=${seed})`, async (t) => {
  const etcd = await Engines.start({ etcdAlone: true })
  t.after(() => etcd.stop())
  const patroni = await Patroni.start(etcd.folder, etcd.etcdEndpoints.replace('http://', ''))
  t.after(() => patroni.stop())
  const settings = { DATABASE_URL: patroni.url(), DOCUMENT_IDLE_MS: '300', SNAPSHOT_AFTER_BYTES: '4096' }
  const hub = await Hub.start(settings)
  t.after(() => hub.stop())
  const typists = await Typists.join(hub, random(seed))
  t.after(() => typists.close())
  const probe = new Probe(patroni.url())
  t.after(() => probe.stop())

  /** Everyone types while `happen` happens and for as long as it takes until edits are acknowledged again. */
  const through = async (what, happen) => {
    await patroni.whole()
    await typists.type(1000, 50)
    await typists.check(`before: ${what}`)
    await probe.take()
    const before = await patroni.leader()
    const acknowledgements = new Acknowledgements(typists)
    let over = false
    const typing = (async () => { while (!over) await typists.type(200, 50) })()
    try {
      await happen(before)
      await waitFor('another primary', async () => {
        const now = await patroni.leader()
        return now && now !== before
      }, 120)
      const reached = typists.acknowledged
      await until('edits are acknowledged again', () => typists.acknowledged > reached + 20, 60_000)
    } finally {
      over = true
      await typing
    }
    const hubMs = await acknowledgements.stop()
    const engineMs = await probe.take()
    await typists.check(what)
    await typists.agree()
    t.diagnostic(`${what}: no edit acknowledged for ${hubMs} ms; PostgreSQL took no write for ${engineMs} ms`)
    return before
  }

  await t.test('the doctor finds a primary, a synchronous standby and nothing wrong', async () => {
    const report = await doctor(settings)
    const wrong = report.findings.filter((one) => one.area === 'postgres' && one.level !== 'ok')
    assert.deepEqual(wrong, [])
    assert.equal(report.findings.filter((one) => one.area === 'postgres' && one.found === 'takes writes').length, 1)
    assert.equal(report.findings.filter((one) => one.area === 'postgres' && one.found === 'a standby').length, 2)
  })

  await t.test('the machine of the primary dies', async () => {
    const died = await through('kill -9 of the primary and its Patroni', (leader) => leader.kill())
    await died.start()  // and comes back as a standby
    await patroni.whole()
  })

  await t.test('its PostgreSQL alone dies', async () => {
    await through('kill -9 of PostgreSQL', async (leader) => {
      const [postmaster] = await leader.processes()
      process.kill(postmaster, 'SIGKILL')
    })
  })

  await t.test('it is changed on purpose', async () => {
    await through('switchover', async (leader) => {
      const standby = (await patroni.members()).find((one) => one.role === 'sync_standby').name
      const answer = await fetch(`http://127.0.0.1:${leader.api}/switchover`, {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ leader: leader.name, candidate: standby }),
      })
      assert.ok(answer.ok, `switchover answered ${answer.status}: ${await answer.text()}`)
    })
  })

  await t.test('and whoever was signed in still is', async () => {
    // Where an edit could not be logged the hub asks to come again (1013), which clients do by themselves; nobody is sent away.
    const codes = new Set(typists.writers.flatMap(({ client }) => client.closes.map((one) => one.code)))
    assert.deepEqual([...codes].filter((code) => code !== 1013), [])
    assert.deepEqual(typists.writers.flatMap(({ client }) => client.denied), [])
    for (const person of typists.people) assert.equal((await hub.request('GET', '/auth/me', { token: person.token })).status, 200)
    await hub.end('SIGTERM')
    await hub.spawn()
    await typists.check('after a start of the hub')
  })
})
