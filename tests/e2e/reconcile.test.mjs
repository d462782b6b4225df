// A hub on engines of their own compares what they keep, and repairs it, whoever dies meanwhile.
import test from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Engines } from './engines.mjs'
import { Hub, until } from './hub.mjs'

let engines
test.before(async () => { engines = await Engines.start() })
test.after(() => engines?.stop())

const count = (metrics, name, labels = '') =>
  [...metrics.matchAll(new RegExp(`^${name}(\\{[^}]*\\})? (\\d+)$`, 'gm'))]
    .filter(([, found]) => !labels || found?.includes(labels)).reduce((sum, [, , value]) => sum + Number(value), 0)

test('rows that lag, and content without a document, are repaired although the hub is killed again and again', async () => {
  const settings = {
    ...engines.hub, MASTER_KEY: randomBytes(32).toString('base64'), SNAPSHOT_AFTER_BYTES: '1024', DOCUMENT_IDLE_MS: '300',
    RECONCILE_MS: '0',
  }
  const hub = await Hub.start(settings)
  try {
    const person = await hub.register('Fay')
    const documents = []
    for (let i = 0; i < 48; i++) documents.push(await hub.createDocument(person, { name: `${i}`, content: `text ${i}` }))
    await hub.end('SIGTERM')  // all are snapshotted
    const orphans = documents.slice(0, 16)
    const lagging = documents.slice(16, 32)
    const list = (some) => some.map(({ id }) => `'${id}'`).join(', ')
    await engines.sql(`DELETE FROM documents WHERE id IN (${list(orphans)}); DELETE FROM access_things WHERE id IN (${list(orphans)});
      UPDATE documents SET version = 0 WHERE id IN (${list(lagging)})`)

    Object.assign(settings, { RECONCILE_MS: '400', RECONCILE_GRACE_MS: '0', RECONCILE_ORPHANS_PERCENT: '100', RECONCILE_PER_SECOND: '20' })
    await hub.spawn()
    for (let kill = 0; kill < 3; kill++) {
      await sleep(200 + kill * 300)
      const dead = await hub.crashServing()
      await until('the hub is there again', async () => (await hub.served()) !== dead && hub.isReady().catch(() => false), 60_000)
    }
    const repaired = async (what) => {
      const { status, body } = await hub.request('GET', '/audit?action=document.repaired&limit=100', { token: person.token })
      assert.equal(status, 200)
      return body.events.filter(({ detail }) => detail.what === what).map(({ target }) => target)
    }
    // What was repaired just before a kill may not be in the record; what the tables and the content say counts.
    await until('nothing is left to be repaired', async () => {
      const rows = await engines.sql(`SELECT count(*) FROM documents WHERE version = 0`)
      const waiting = await engines.sql('SELECT count(*) FROM reconcile_orphans')
      const metrics = (await hub.request('GET', '/metrics')).body
      return rows.trim() === '0' && waiting.trim() === '0' && count(metrics, 'concord_reconcile_passes_total') >= 32 &&
        count(metrics, 'concord_reconcile_orphans') === 0
    }, 120_000)
    const ids = (some) => new Set(some.map(({ id }) => id))
    const told = [await repaired('orphan'), await repaired('row_behind')]
    assert.ok(told[0].length > 0 && told[0].every((id) => ids(orphans).has(id)), `orphans: ${told[0]}`)
    assert.ok(told[1].length > 0 && told[1].every((id) => ids(lagging).has(id)), `rows: ${told[1]}`)
    for (const [i, document] of documents.entries()) {
      if (i < 16) continue
      const now = await hub.read(person, document)
      assert.equal(now.content, `text ${i}`)
      assert.equal(now.version, 1)
    }
    const missing = await hub.request('GET', `/documents/${orphans[0].id}`, { token: person.token })
    assert.equal(missing.status, 404)
  } finally {
    await hub.stop()
  }
})
