// Somebody leaves: what the hub keeps about them is handed out first, then it is gone, from the archive too, and a crash in
// the middle changes nothing of that.
import test from 'node:test'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hub, until } from './hub.mjs'
import { Client } from './client.mjs'

const quick = { SIGN_IN_RATE_PER_MINUTE: '0', REGISTER_RATE_PER_MINUTE: '0', ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1' }
const secret = 'marzipan and moonlight'

const leave = (hub, user, password = user.password) =>
  hub.request('DELETE', '/auth/me', { token: user.token, body: { password } })
const status = async (hub, user, method, path, body) => (await hub.request(method, path, { token: user?.token, body })).status
const signsIn = (hub, user) => status(hub, null, 'POST', '/auth/login', { email: user.email, password: user.password })
const put = async (hub, user, document, content) => {
  const { version } = await hub.read(user, document)
  assert.equal(await status(hub, user, 'PUT', `/documents/${document.id}`, { content, version }), 200)
}
const keysOf = async (hub, user) => {
  const { body } = await hub.request('GET', '/audit?action=key.destroyed', { token: user.token })
  return body.events.map((event) => event.target)
}
const metric = async (hub, name) => {
  const text = await (await fetch(`${hub.url}/metrics`)).text()
  return Number(text.match(new RegExp(`^${name} (.*)$`, 'm'))[1])
}
const archived = async (hub) => {
  const began = Date.now()
  await until('the archive has caught up', async () =>
    (await metric(hub, 'concord_archive_lag_seconds')) * 1000 < Date.now() - began - 50 &&
    (await metric(hub, 'concord_archive_pending_blobs')) === 0)
}
const restore = (archive, data, ...words) => new Promise((resolve) => {
  execFile(process.env.CONCORD_BINARY, ['restore', '--from', archive, '--to', data, ...words], { maxBuffer: 64 << 20 },
    (error, out, err) => resolve({ code: error ? error.code : 0, out, err }))
})

test('who leaves is out at once, and nothing of theirs can be read, in the archive neither', async () => {
  const place = await mkdtemp(join(tmpdir(), 'concord-leaving-'))
  const archive = join(place, 'archive')
  const settings = { ...quick, ENCRYPT_AT_REST: 'true', ARCHIVE_DIR: archive, ARCHIVE_INTERVAL_MS: '200', SNAPSHOT_AFTER_BYTES: '1024',
    DOCUMENT_IDLE_MS: '200' }
  const hub = await Hub.start(settings)
  let restored
  try {
    const ann = await hub.register('Ann')
    const ben = await hub.register('Ben')
    const folder = (await hub.request('POST', '/folders', { token: ben.token, body: { name: 'his' } })).body
    const mine = await hub.createDocument(ben, { name: 'mine', content: 'one', folder: folder.id })
    await put(hub, ben, mine, `${secret}, ${'and more '.repeat(200)}`)
    await hub.share(ben, mine, ann, 'write')
    const hers = await hub.createDocument(ann, { name: 'hers', content: 'stays' })
    await hub.share(ann, hers, ben, 'write')
    const live = new Client(hub, mine, ann)
    await live.synced()
    const guest = new Client(hub, hers, ben)
    await guest.synced()
    const written = Date.now()
    await until('the tables are archived', async () =>
      (await readdir(join(archive, 'objects', 'database')).catch(() => [])).some((version) => Number(version.slice(0, 20)) > written), 60_000)
    await archived(hub)
    const before = new Date().toISOString()
    const key = await readFile(join(hub.data, 'master.key'), 'utf8')
    await sleep(5) // `before` names a moment before the removal

    const { body: everything } = await hub.request('GET', '/auth/me/export', { token: ben.token })
    assert.equal(everything.account.email, ben.email)
    assert.deepEqual(everything.documents.map(({ id, name }) => ({ id, name })), [{ id: mine.id, name: 'mine' }])
    assert.match(everything.documents[0].content, new RegExp(secret))
    assert.equal(everything.next, null)

    const refused = await leave(hub, ben, 'not the one')
    assert.equal(refused.status, 403)
    assert.equal(refused.body.field, 'password')
    assert.equal((await leave(hub, ann)).status, 409, 'the owner, while there is another')
    assert.equal((await leave(hub, ben)).status, 204)
    await until('the live sessions to end', () => !live.provider.wsconnected && !guest.provider.wsconnected)
    live.close()
    guest.close()
    const gone = async (at) => {
      assert.equal(await status(at, ben, 'GET', '/auth/me'), 401)
      assert.equal(await signsIn(at, ben), 401)
      assert.equal(await status(at, null, 'POST', '/auth/refresh', { refresh_token: ben.refresh }), 401)
      assert.equal(await status(at, ann, 'GET', `/documents/${mine.id}`), 404)
      assert.equal((await at.read(ann, hers)).content, 'stays')
    }
    await gone(hub)
    assert.deepEqual(await keysOf(hub, ann), [ben.id])
    const kept = (await readdir(hub.data, { recursive: true })).filter((path) => path.includes(`keys/${ben.id}/`))
    assert.deepEqual(kept.map((path) => path.split('/').at(-1).slice(0, 9)), ['destroyed'])
    await archived(hub)
    await hub.crash() // the log has records that nothing opens any more
    await hub.spawn()
    await gone(hub)
    await archived(hub)

    // As it was before: the account's row is there, and what it wrote is noise.
    process.env.MASTER_KEY = key.trim()
    const then = await restore(archive, join(place, 'then'), '--at', before)
    delete process.env.MASTER_KEY
    assert.equal(then.code, 0, then.out + then.err)
    restored = await Hub.on(join(place, 'then'), { ...quick, MASTER_KEY: key.trim() })
    const again = await restored.logIn(ann)
    assert.equal((await restored.read(again, hers)).content, 'stays')
    const listed = (await restored.request('GET', '/documents', { token: again.token })).body.documents
    assert.ok(listed.some(({ id }) => id === mine.id))
    for (const format of ['text', 'markdown'])
      assert.notEqual(await status(restored, again, 'GET', `/documents/${mine.id}?format=${format}`), 200)
    const versions = await restored.request('GET', `/documents/${mine.id}/versions/1`, { token: again.token })
    assert.notEqual(versions.status, 200)
  } finally {
    await restored?.stop()
    await hub.stop()
    await rm(place, { recursive: true, force: true })
  }
})

test('a hub that encrypts nothing needs no master key after somebody has left', async () => {
  const hub = await Hub.start(quick)
  try {
    const ann = await hub.register('Ann')
    const ben = await hub.register('Ben')
    const mine = await hub.createDocument(ben, { name: 'mine', content: secret })
    await hub.share(ben, mine, ann, 'read')
    assert.equal((await leave(hub, ben)).status, 204)
    await hub.end('SIGTERM')
    await hub.spawn()
    assert.equal(await status(hub, ann, 'GET', `/documents/${mine.id}`), 404)
    const back = await hub.register('Ben')
    assert.notEqual(back.id, ben.id)
    assert.equal((await hub.request('GET', '/documents', { token: back.token })).body.documents.length, 0)
    assert.equal((await leave(hub, back)).status, 204)
    assert.equal((await leave(hub, ann)).status, 204, 'the owner, alone')
    assert.equal((await hub.request('GET', '/auth/setup')).body.needs_owner, true)
  } finally {
    await hub.stop()
  }
})

test('a removal that kill -9 cuts off has not begun, or is finished at the next start', async () => {
  const hub = await Hub.start({ ...quick, ENCRYPT_AT_REST: 'true' })
  const seen = { untouched: 0, gone: 0 }
  try {
    const ann = await hub.register('Ann')
    for (let round = 0; round < 10; round++) {
      const ben = await hub.register(`Ben${round}`)
      const documents = []
      for (let i = 0; i < 12; i++) {
        documents.push(await hub.createDocument(ben, { name: `d${i}`, content: secret }))
        await hub.share(ben, documents[i], ann, 'read')
      }
      const leaving = leave(hub, ben).catch(() => null)
      if (round < 9) await sleep(round * 30)
      else await leaving
      await hub.crash()
      await leaving
      await hub.spawn()
      const signedIn = (await signsIn(hub, ben)) === 200
      if (!signedIn) await until('the removal is finished', async () => (await keysOf(hub, ann)).includes(ben.id))
      for (const document of documents)
        assert.equal(await status(hub, ann, 'GET', `/documents/${document.id}`), signedIn ? 200 : 404, `round ${round}`)
      assert.equal((await keysOf(hub, ann)).includes(ben.id), !signedIn)
      await until('the account is as it was, or gone', async () =>
        (await status(hub, ann, 'POST', `/users/${ben.id}/reactivate`)) === (signedIn ? 200 : 404))
      seen[signedIn ? 'untouched' : 'gone'] += 1
    }
    console.log(JSON.stringify(seen))
    assert.ok(seen.gone > 0)
  } finally {
    await hub.stop()
  }
})
