// `concord log`: the log of a hub that died is verified, shown, damaged, and repaired; what was whole is there again.
import test from 'node:test'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Hub } from './hub.mjs'

/** Runs `concord log WORDS… --data …`; answers {code, out, err}. */
const logTool = (hub, ...words) => new Promise((resolve) => {
  execFile(process.env.CONCORD_BINARY, ['log', ...words, '--data', hub.data], { maxBuffer: 64 << 20 },
    (error, out, err) => resolve({ code: error ? error.code : 0, out, err }))
})
const dump = async (hub, ...words) => {
  const { code, out } = await logTool(hub, 'dump', ...words)
  assert.equal(code, 0)
  return out.trim().split('\n').map((line) => JSON.parse(line))
}

test('a damaged log is found, refused, and repaired', async () => {
  const hub = await Hub.start({ SNAPSHOT_AFTER_BYTES: '100000000', DOCUMENT_IDLE_MS: '600000' })
  try {
    const ann = await hub.register('Ann')
    const documents = []
    for (let i = 0; i < 3; i++) documents.push(await hub.createDocument(ann, { name: `d${i}`, content: `first ${i}` }))
    for (const one of documents) {
      const { version } = await hub.read(ann, one)
      const { status } = await hub.request('PUT', `/documents/${one.id}`,
        { token: ann.token, body: { content: `first ${documents.indexOf(one)}, and more`, version } })
      assert.equal(status, 200)
    }
    const busy = await logTool(hub, 'verify')
    assert.equal(busy.code, 1)
    assert.match(busy.err, /in use|uses/)
    await hub.crash()

    const whole = await logTool(hub, 'verify')
    assert.equal(whole.code, 0, whole.err + whole.out)
    assert.match(whole.out, /the log is whole/)
    const updates = (await dump(hub, '--stream', documents[1].id, '--payload')).filter(({ type }) => type === 'update')
    assert.equal(updates.length, 2)
    assert.equal(updates[0].principal, ann.id)
    assert.equal(updates[0].payload.length, 2 * updates[0].bytes)
    assert.equal((await dump(hub, '--from', String(updates[1].position), '--stream', documents[1].id)).length, 1)

    // One bit of the second document's first record.
    const log = join(hub.data, 'log')
    const segment = join(log, updates[0].segment)
    const bytes = await readFile(segment)
    bytes[updates[0].offset + 70] ^= 4
    await writeFile(segment, bytes)
    const damaged = await logTool(hub, 'verify')
    assert.equal(damaged.code, 1)
    assert.ok(damaged.out.includes(`bytes ${updates[0].offset} to `), damaged.out)
    assert.deepEqual(await readFile(segment), bytes, 'a look has changed the log')

    const repaired = await logTool(hub, 'repair')
    assert.equal(repaired.code, 0, repaired.err)
    assert.ok((await readdir(hub.data)).includes('log.damaged-1'))
    assert.equal((await logTool(hub, 'verify')).code, 0)
    assert.equal((await logTool(hub, 'repair')).code, 1, 'there is nothing to repair any more')

    await hub.spawn()
    for (const i of [0, 2]) assert.equal((await hub.read(ann, documents[i])).content, `first ${i}, and more`)
    await hub.read(ann, documents[1])  // what is left of it
    const again = await hub.createDocument(ann, { name: 'new', content: 'goes on' })
    assert.equal((await hub.read(ann, again)).content, 'goes on')
  } finally {
    await hub.stop()
  }
})

test('concord log says what it wants', async () => {
  const hub = { data: '/nowhere' }
  assert.equal((await logTool(hub, 'burn')).code, 2)
  assert.equal((await logTool(hub, 'dump', '--shard', 'x')).code, 2)
  const none = await logTool(hub, 'verify')
  assert.equal(none.code, 1)
  assert.match(none.err, /there is no log in "\/nowhere"/)
})
