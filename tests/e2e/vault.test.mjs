// Encryption at rest: nothing of a document's content is readable in the data directory, everything is served again after a
// restart, and without the master key the hub says what is missing.
import test from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, readdir, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Hub } from './hub.mjs'
import { Client } from './client.mjs'

const secret = 'marzipan and moonlight'

const filesWith = async (directory, text) => {
  const found = []
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name)
    if (entry.isFile() && (await readFile(path)).includes(text)) found.push(path)
  }
  return found
}

const typeInto = async (hub, document, user, text) => {
  const client = new Client(hub, document, user)
  await client.synced()
  client.change((shared) => shared.insert(0, text))
  while (client.acknowledged.size === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  client.close()
}

test('what the hub keeps is for its user alone, also in a folder that all may enter', async () => {
  const hub = await Hub.start({ ENCRYPT_AT_REST: 'true' })
  try {
    await chmod(hub.data, 0o755)
    await hub.createDocument(await hub.register('Ann'), { name: 'Sealed', content: secret })
    const open = []
    for (const entry of await readdir(hub.data, { recursive: true })) {
      const { mode } = await stat(join(hub.data, entry)).catch(() => ({ mode: 0 })) // taken away meanwhile
      if (mode & 0o077) open.push(entry)
    }
    assert.deepEqual(open, [])
  } finally {
    await hub.stop()
  }
})

test('a hub that encrypts nothing makes no master key', async () => {
  const hub = await Hub.start({ ENCRYPT_AT_REST: 'false' })
  try {
    const ann = await hub.register('Ann')
    const document = await hub.createDocument(ann, { name: 'Open', content: secret })
    assert.equal((await hub.read(ann, document)).content, secret)
    await assert.rejects(stat(join(hub.data, 'master.key')), { code: 'ENOENT' })
    assert.doesNotMatch(hub.log, /master key/)
  } finally {
    await hub.stop()
  }
})

test('what is stored is unreadable without the keys', async () => {
  const settings = { SNAPSHOT_AFTER_BYTES: '2000', DOCUMENT_IDLE_MS: '200' } // as it is without settings
  const hub = await Hub.start(settings)
  try {
    assert.match(hub.log, /a master key was made/)
    const ann = await hub.register('Ann')
    const ben = await hub.register('Ben')
    const document = await hub.createDocument(ann, { name: 'Sealed', content: secret })
    await hub.share(ann, document, ben, 'write')
    await typeInto(hub, document, ben, secret)
    assert.deepEqual(await filesWith(hub.data, secret), [], 'in the log')
    await hub.crash()
    await hub.spawn()
    assert.equal((await hub.read(ann, document)).content, secret + secret)
    await hub.end('SIGTERM') // a snapshot and a history chunk
    await hub.spawn()
    assert.equal((await hub.read(ben, document)).content, secret + secret)
    const { body } = await hub.request('GET', `/documents/${document.id}/versions/1`, { token: ann.token })
    assert.equal(body.content, secret)
    assert.deepEqual(await filesWith(hub.data, secret), [], 'in snapshots and histories')
    assert.equal((await stat(join(hub.data, 'master.key'))).mode & 0o777, 0o600)

    // A new master key, the old one still known: everything is wrapped anew, and the old one is needed no more.
    await hub.end('SIGTERM')
    const old = (await readFile(join(hub.data, 'master.key'), 'utf8')).trim()
    const key = randomBytes(32).toString('base64')
    hub.settings = { ...settings, MASTER_KEY: key, MASTER_KEYS_PREVIOUS: old }
    await hub.spawn()
    assert.match(hub.log, /wrapped by the current master key/)
    await hub.end('SIGTERM')
    hub.settings = { ...settings, ENCRYPT_AT_REST: 'false', MASTER_KEY: key } // a key that is set is used
    await hub.spawn()
    assert.equal((await hub.read(ben, document)).content, secret + secret)
    await typeInto(hub, document, ben, 'another secret')
    assert.deepEqual(await filesWith(hub.data, 'another secret'), [])
    assert.ok(!hub.log.includes(key) && !hub.log.includes(old))
    await hub.end('SIGTERM')

    // Without it the hub does not start, and does not make another.
    await rename(join(hub.data, 'master.key'), join(hub.data, 'elsewhere'))
    const serve = (more = {}) => spawnSync(process.env.CONCORD_BINARY,
      ['serve', '--addr', `127.0.0.1:${hub.port}`, '--data', hub.data],
      { env: { ...process.env, ...settings, ...more }, encoding: 'utf8', timeout: 20_000 })
    const missing = serve()
    assert.notEqual(missing.status, 0)
    assert.match(missing.stderr, /the master key is missing/)
    const wrong = serve({ MASTER_KEY: randomBytes(32).toString('base64') })
    assert.notEqual(wrong.status, 0)
    assert.match(wrong.stderr, /wrapped by the master key [0-9a-f]{16}, which is neither MASTER_KEY/)
    assert.match(serve({ MASTER_KEY: 'c2hvcnQ=' }).stderr, /MASTER_KEY must be 32 bytes in base64 .*is 5 bytes/)
  } finally {
    await hub.stop()
  }
})
