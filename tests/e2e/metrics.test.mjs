// What alerts and dashboards ask for is what a hub tells: every metric and every label that deploy/ names is at /metrics of a
// hub with its own engines, or of one of several nodes with engines outside.
import test from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Engines, run } from './engines.mjs'
import { binary, freePort, Hub } from './hub.mjs'

const deploy = new URL('../../deploy/', import.meta.url)
const ofEveryTarget = new Map([['up', new Set()]])
const given = new Set(['job', 'instance', 'le'])  // by Prometheus, or of histograms

/** Metrics with the names of their labels. */
function told(text) {
  const metrics = new Map()
  for (const line of text.split('\n')) {
    const series = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line)
    if (!series) continue
    const labels = metrics.get(series[1]) ?? metrics.set(series[1], new Set()).get(series[1])
    for (const [, label] of (series[2] ?? '').matchAll(/(\w+)="/g)) labels.add(label)
  }
  return metrics
}

/** [where, expression] of all that is asked. */
async function asked() {
  const expressions = []
  const rules = await readFile(new URL('prometheus/rules.yml', deploy), 'utf8')
  for (const [, expression] of rules.matchAll(/^ +expr: (.*)$/gm)) expressions.push(['rules.yml', expression])
  for (const file of await readdir(new URL('grafana/', deploy))) {
    if (!file.endsWith('.json')) continue
    const board = JSON.parse(await readFile(new URL(`grafana/${file}`, deploy), 'utf8'))
    for (const panel of board.panels) for (const target of panel.targets ?? []) expressions.push([`${file}, ${panel.title}`, target.expr])
  }
  return expressions
}

test('every metric that alerts and dashboards ask for is told', async (t) => {
  const engines = await Engines.start()
  t.after(() => engines.stop())
  const archive = await mkdtemp(join(tmpdir(), 'concord-e2e-'))
  t.after(() => rm(archive, { recursive: true, force: true }))
  await run(binary, ['node-certificate', '--ca', archive, '--node', 'one'])
  const ofSeveral = {
    NODE_NAME: 'one', NODE_LISTEN: `127.0.0.1:${await freePort()}`, NODE_CA: join(archive, 'ca.pem'),
    NODE_CERTIFICATE: join(archive, 'one.pem'), NODE_KEY: join(archive, 'one.key'),
  }
  const metrics = new Map(ofEveryTarget)
  // Events are told of while there is a broker to be reached, too.
  for (const settings of [{ ARCHIVE_DIR: join(archive, 'archive'), EVENTS_BROKERS: `127.0.0.1:${await freePort()}` }, { ...engines.hub, ...ofSeveral, MASTER_KEY: randomBytes(32).toString('base64') }]) {
    const hub = await Hub.start(settings)
    try {
      const person = await hub.register('Ada')
      await hub.createDocument(person, { name: 'one', content: 'so that engines were used' })
      const { status, body } = await hub.request('GET', '/metrics')
      assert.equal(status, 200)
      for (const [name, labels] of told(body)) metrics.set(name, new Set([...(metrics.get(name) ?? []), ...labels]))
    } finally {
      await hub.stop()
    }
  }
  const expressions = await asked()
  assert.ok(expressions.length > 60, `only ${expressions.length} expressions were found`)
  const missing = []
  for (const [where, expression] of expressions) {
    const names = [...expression.matchAll(/\b(concord_\w+|up)\b(?:\{([^}]*)\})?/g)]
    assert.ok(names.length > 0, `${where}: ${expression}`)
    for (const [, name, selector] of names) {
      const labels = metrics.get(name)
      if (!labels) missing.push(`${where}: no ${name}`)
      const wanted = [...(selector ?? '').matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map((one) => one[1])
      for (const label of wanted) if (labels && !given.has(label) && !labels.has(label)) missing.push(`${where}: ${name} has no ${label}`)
    }
    const by = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap((one) => one[1].split(',').map((word) => word.trim()))
    const all = new Set(names.flatMap(([, name]) => [...(metrics.get(name) ?? [])]))
    for (const label of by) if (!given.has(label) && !all.has(label)) missing.push(`${where}: nothing has ${label} in ${expression}`)
  }
  assert.deepEqual(missing, [])
})
