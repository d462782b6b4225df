// The archive: a hub that died is built again from it alone, elsewhere, as it was or as it once was.
import test from 'node:test'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hub, until } from './hub.mjs'
import { Client } from './client.mjs'

const interval = 300

/** Runs `concord WORDS…`; answers {code, out, err}. */
const concord = (...words) => new Promise((resolve) => {
  execFile(process.env.CONCORD_BINARY, words, { maxBuffer: 64 << 20 },
    (error, out, err) => resolve({ code: error ? error.code : 0, out, err }))
})

/** A hub's master key, which no archive has. */
const keyOf = (hub) => ['--master-key', join(hub.data, 'master.key')]

/** A hub with an archive, and places for what is restored from it: with the key, where `settings` leave encryption as it is. */
async function withArchive(settings, body) {
  const place = await mkdtemp(join(tmpdir(), 'concord-archive-'))
  const archive = join(place, 'archive')
  const hub = await Hub.start({ ARCHIVE_DIR: archive, ARCHIVE_INTERVAL_MS: String(interval), ...settings })
  const key = 'ENCRYPT_AT_REST' in settings ? [] : keyOf(hub)
  const restored = []
  let count = 0
  const restore = async (...words) => {
    const data = join(place, `restored-${++count}`)
    return { data, ...(await concord('restore', '--from', archive, '--to', data, ...key, ...words)) }
  }
  const start = async (data, more = {}) => {
    const other = await Hub.on(data, more)
    restored.push(other)
    return other
  }
  try {
    await body({ hub, archive, place, restore, start })
  } finally {
    for (const other of restored) await other.stop()
    await hub.stop()
    await rm(place, { recursive: true, force: true })
  }
}

const signIn = async (hub, user) => {
  const { status, body } = await hub.request('POST', '/auth/login', { body: { email: user.email, password: user.password } })
  assert.equal(status, 200)
  return { ...user, token: body.access_token }
}
const put = async (hub, user, document, content) => {
  const { version } = await hub.read(user, document)
  const { status } = await hub.request('PUT', `/documents/${document.id}`, { token: user.token, body: { content, version } })
  assert.equal(status, 200)
}
const metric = async (hub, name) => {
  const text = await (await fetch(`${hub.url}/metrics`)).text()
  return Number(text.match(new RegExp(`^${name} (.*)$`, 'm'))[1])
}
/** Until everything acknowledged before the call is in the archive. */
const archived = async (hub) => {
  const began = Date.now()
  await until('the archive has caught up', async () =>
    (await metric(hub, 'concord_archive_lag_seconds')) * 1000 < Date.now() - began - 50 &&
    (await metric(hub, 'concord_archive_pending_blobs')) === 0)
}

test('what was acknowledged an interval before a kill -9 is in the archive', async () => {
  await withArchive({ SNAPSHOT_AFTER_BYTES: '3000', DOCUMENT_IDLE_MS: '300', WAL_SEGMENT_SIZE_MB: '1' },
    async ({ hub, restore, start }) => {
      const ann = await hub.register('Ann')
      const ben = await hub.register('Ben')
      const document = await hub.createDocument(ann, { name: 'shared', content: '' })
      await hub.share(ann, document, ben, 'write')
      const deleted = await hub.createDocument(ann, { name: 'deleted', content: 'gone' })
      assert.equal((await hub.request('DELETE', `/documents/${deleted.id}`, { token: ann.token })).status, 204)
      const writers = [ann, ben].map((user) => ({ user, client: new Client(hub, document, user) }))
      await Promise.all(writers.map(({ client }) => client.synced()))
      const saved = []  // [time of the acknowledgement, token]
      const seen = writers.map(() => 0)
      const end = Date.now() + 5000
      while (Date.now() < end) {
        writers.forEach(({ client, user }, i) => {
          client.change((text) => text.insert(text.length, `<${user.name}.${client.made - 1}>`))
          for (; client.acknowledged.has(seen[i]); ++seen[i]) saved.push([Date.now(), `<${user.name}.${seen[i]}>`])
        })
        await sleep(3)
      }
      const died = Date.now()
      await hub.crash()
      for (const { client } of writers) client.close()

      const { data, code, out, err } = await restore()
      assert.equal(code, 0, out + err)
      const other = await start(data)
      const again = await signIn(other, ann)
      const { content } = await other.read(again, document)
      const due = saved.filter(([at]) => at < died - 2 * interval)
      assert.ok(due.length > 100, `${due.length} updates`)
      for (const [, token] of due) assert.ok(content.includes(token), `${token} is not in the archive`)
      const kept = saved.filter(([, token]) => content.includes(token))
      console.log(`archive: ${saved.length} acknowledged, ${saved.length - kept.length} of them not archived; ` +
        `the newest that is was acknowledged ${died - kept.at(-1)[0]} ms before the kill, at an interval of ${interval} ms`)
      assert.equal((await other.request('GET', `/documents/${deleted.id}`, { token: again.token })).status, 404)
      const { body: history } = await other.request('GET', `/documents/${document.id}/history`, { token: again.token })
      assert.deepEqual(history.versions[0].authors.map(({ name }) => name).sort(), ['Ann', 'Ben'])
      await put(other, again, document, 'goes on')
      await other.crash()
      await other.spawn()
      assert.equal((await other.read(again, document)).content, 'goes on')
      assert.equal((await concord('log', 'verify', '--data', hub.data)).code, 0)
    })
})

test('the hub as it was between two edits, and before a deletion', async () => {
  await withArchive({ SNAPSHOT_AFTER_BYTES: '100000', DOCUMENT_IDLE_MS: '200' }, async ({ hub, archive, restore, start }) => {
    const ann = await hub.register('Ann')
    const one = await hub.createDocument(ann, { name: 'one', content: 'first' })
    const two = await hub.createDocument(ann, { name: 'two', content: 'kept for long' })
    const times = []
    // The tables are copied less often than content is, where the machine is busy.
    const mark = async () => {
      const began = Date.now()
      await until('the tables are archived', async () =>
        (await readdir(join(archive, 'objects', 'database')).catch(() => []))
          .some((version) => Number(version.slice(0, 20)) > began), 60_000)
      await archived(hub)
      times.push(new Date().toISOString())
      await sleep(20)
    }
    await mark()
    await put(hub, ann, one, 'second')
    await mark()
    await sleep(2500)  // idle: snapshotted and let go
    await put(hub, ann, one, 'third')
    await mark()
    await sleep(2500)
    assert.equal((await hub.request('DELETE', `/documents/${two.id}`, { token: ann.token })).status, 204)
    await put(hub, ann, one, 'fourth')
    await archived(hub)
    await hub.crash()

    for (const [i, content] of ['first', 'second', 'third'].entries()) {
      const { data, code, out, err } = await restore('--at', times[i])
      assert.equal(code, 0, out + err)
      const other = await start(data)
      const again = await signIn(other, ann)
      assert.equal((await other.read(again, one)).content, content)
      assert.equal((await other.read(again, two)).content, 'kept for long')
      const version = (await other.read(again, one)).version
      assert.equal(version, i + 1)
      assert.equal((await other.request('GET', `/documents/${one.id}/versions/1`, { token: again.token })).body.content, 'first')
      await put(other, again, one, `${content}, and on`)
      await other.crash()
      await other.spawn()
      assert.equal((await other.read(again, one)).content, `${content}, and on`)
    }
    const now = await start((await restore()).data)
    const again = await signIn(now, ann)
    assert.equal((await now.read(again, one)).content, 'fourth')
    assert.equal((await now.request('GET', `/documents/${two.id}`, { token: again.token })).status, 404)

    const early = await restore('--at', '2001-01-01T00:00:00Z')
    assert.equal(early.code, 1)
    assert.match(early.err, /the archive goes back to 20/)

    // One document alone, from before it was deleted.
    const { data, code, out, err } = await restore('--document', two.id, '--at', times[2])
    assert.equal(code, 0, out + err)
    const alone = await start(data)
    const me = await signIn(alone, ann)
    assert.equal((await alone.read(me, two)).content, 'kept for long')
    const { body: list } = await alone.request('GET', '/documents', { token: me.token })
    assert.deepEqual(list.documents.map(({ id }) => id), [two.id])
    const none = await restore('--document', two.id)
    assert.equal(none.code, 1)
    assert.match(none.err, new RegExp(`no document ${two.id}`))
  })
})

for (const how of ['archive', 'backup']) {
  test(`an encrypted hub, its ${how}, and the master key`, async () => {
    const settings = { ENCRYPT_AT_REST: 'true', SNAPSHOT_AFTER_BYTES: '2000', DOCUMENT_IDLE_MS: '200' }
    if (how === 'backup') settings.ARCHIVE_DIR = ''
    await withArchive(settings, async ({ hub, archive, place, restore, start }) => {
      const secret = 'marzipan and moonlight'
      const ann = await hub.register('Ann')
      const ben = await hub.register('Ben')
      const one = await hub.createDocument(ann, { name: 'one', content: `${secret}, first` })
      const two = await hub.createDocument(ben, { name: 'two', content: `${secret}, and the other` })
      const bring = async () => {
        if (how === 'archive') return archived(hub)
        const { code, out, err } = await concord('backup', '--data', hub.data, '--to', archive)
        assert.equal(code, 0, out + err)
      }
      const began = Date.now()
      await bring()
      if (how === 'archive') {
        await until('the tables are archived', async () =>
          (await readdir(join(archive, 'objects', 'database'))).some((version) => Number(version.slice(0, 20)) > began), 60_000)
      }
      const then = new Date().toISOString()
      await sleep(2500)  // snapshotted, and let go
      await put(hub, ann, one, `${secret}, second`)
      await bring()
      const key = await readFile(join(hub.data, 'master.key'), 'utf8')
      await hub.crash()
      const files = await readdir(archive, { recursive: true, withFileTypes: true })
      for (const file of files.filter((entry) => entry.isFile())) {
        const bytes = await readFile(join(file.parentPath ?? file.path, file.name))
        assert.ok(!bytes.includes(secret) && !bytes.includes(key.trim()), `${file.name} can be read`)
      }

      const right = join(place, 'right.key')
      const wrong = join(place, 'wrong.key')
      await writeFile(right, key)
      await writeFile(wrong, `${randomBytes(32).toString('base64')}\n`)
      const nothing = async (data) => {
        for (const path of [data, `${data}.restoring`]) await assert.rejects(stat(path), { code: 'ENOENT' })
      }
      for (const more of [[], ['--at', then], ['--document', one.id]]) {
        const without = await restore(...more)
        assert.equal(without.code, 2, without.out + without.err)
        assert.match(without.err, /is encrypted: the hub's master key is needed .*--master-key/)
        await nothing(without.data)
        const other = await restore(...more, '--master-key', wrong)
        assert.equal(other.code, 2, other.out + other.err)
        assert.match(other.err, /wrapped by the master key [0-9a-f]{16}, which is neither/)
        await nothing(other.data)
      }
      const absent = await restore('--master-key', join(place, 'no.key'))
      assert.equal(absent.code, 1)
      assert.match(absent.err, /no\.key/)
      await nothing(absent.data)

      for (const [more, content, count] of [[[], 'second', 2], [['--at', then], 'first', 2], [['--document', one.id], 'second', 1]]) {
        const { data, code, out, err } = await restore(...more, '--master-key', right)
        assert.equal(code, 0, out + err)
        assert.equal((await stat(join(data, 'master.key'))).mode & 0o777, 0o600)
        const restored = await start(data, { ENCRYPT_AT_REST: 'true' })
        const again = await signIn(restored, ann)
        assert.equal((await restored.read(again, one)).content, `${secret}, ${content}`)
        if (count === 2) assert.equal((await restored.read(await signIn(restored, ben), two)).content, `${secret}, and the other`)
        await put(restored, again, one, `${secret} goes on`)
        await restored.crash()
        await restored.spawn()
        assert.equal((await restored.read(again, one)).content, `${secret} goes on`)
      }
      // The key from the environment, as the hub itself takes it.
      process.env.MASTER_KEY = key.trim()
      const { data, code, err } = await restore()
      delete process.env.MASTER_KEY
      assert.equal(code, 0, err)
      const restored = await start(data, { MASTER_KEY: key.trim() })
      assert.equal((await restored.read(await signIn(restored, ann), one)).content, `${secret}, second`)
    })
  })
}

test('a backup of a running hub, while it is written', async () => {
  const hub = await Hub.start({ SNAPSHOT_AFTER_BYTES: '3000', DOCUMENT_IDLE_MS: '300', WAL_SEGMENT_SIZE_MB: '1' })
  const place = await mkdtemp(join(tmpdir(), 'concord-backup-'))
  const backup = join(place, 'backup')
  const others = []
  try {
    const ann = await hub.register('Ann')
    const documents = []
    for (let i = 0; i < 4; i++) documents.push(await hub.createDocument(ann, { name: `d${i}`, content: '' }))
    const clients = documents.map((document) => new Client(hub, document, ann))
    await Promise.all(clients.map((client) => client.synced()))
    let writing = true
    const writer = (async () => {
      while (writing) {
        for (const client of clients) client.change((text) => text.insert(text.length, `<${client.made - 1}>`))
        await sleep(3)
      }
    })()
    for (let round = 0; round < 3; round++) {
      await sleep(1500)
      const before = clients.map((client) => new Set(client.acknowledged))
      const began = Date.now()
      const { code, out, err } = await concord('backup', '--data', hub.data, '--to', backup)
      console.log(`backup ${round}: ${Date.now() - began} ms`)
      assert.equal(code, 0, out + err)
      assert.match(out, /objects/)
      const data = join(place, `restored-${round}`)
      const restored = await concord('restore', '--from', backup, '--to', data, ...keyOf(hub))
      assert.equal(restored.code, 0, restored.out + restored.err)
      const other = await Hub.on(data)
      others.push(other)
      const again = await signIn(other, ann)
      for (const [i, document] of documents.entries()) {
        const { content } = await other.read(again, document)
        for (const n of before[i]) assert.ok(content.includes(`<${n}>`), `round ${round}: <${n}> of ${i} is missing`)
      }
      await other.end('SIGTERM')
    }
    writing = false
    await writer
    for (const client of clients) client.close()
    await hub.end('SIGTERM')
    assert.equal((await concord('backup', '--data', hub.data, '--to', backup)).code, 0, 'of a stopped hub')
    const full = await concord('restore', '--from', backup, '--to', hub.data)
    assert.equal(full.code, 1)
    assert.match(full.err, /is not empty/)
  } finally {
    for (const other of others) await other.stop()
    await hub.stop()
    await rm(place, { recursive: true, force: true })
  }
})

test('a damaged archive is told of, and the rest restored', async () => {
  await withArchive({ SNAPSHOT_AFTER_BYTES: '100000', DOCUMENT_IDLE_MS: '200' }, async ({ hub, archive, restore, start }) => {
    const ann = await hub.register('Ann')
    const documents = []
    for (let i = 0; i < 3; i++) documents.push(await hub.createDocument(ann, { name: `d${i}`, content: `text ${i}` }))
    await sleep(2500)
    for (const document of documents) await put(hub, ann, document, `text of ${documents.indexOf(document)}`)
    await sleep(2500)
    await archived(hub)
    await hub.end('SIGTERM')
    const objects = join(archive, 'objects')
    const names = (await readdir(objects, { recursive: true, withFileTypes: true }))
      .filter((one) => one.isFile()).map((one) => join(one.parentPath ?? one.path, one.name))
    // The one before it, which it replaced, stays for a while.
    const snapshot = names.filter((name) => name.includes('/snapshots/') && name.includes(documents[1].id)).sort().at(-1)
    const bytes = await readFile(snapshot)
    bytes[bytes.length >> 1] ^= 8
    await writeFile(snapshot, bytes)
    const { data, code, out } = await restore()
    assert.equal(code, 1)
    assert.match(out, new RegExp(`damaged or missing: blobs/snapshots/.*${documents[1].id}.*checksum fails`))
    const other = await start(data)
    const again = await signIn(other, ann)
    for (const [i, document] of documents.entries()) assert.equal((await other.read(again, document)).content, `text of ${i}`)
  })
})

test('an archive that cannot be written stops nobody, and catches up', async () => {
  const place = await mkdtemp(join(tmpdir(), 'concord-archive-'))
  const archive = join(place, 'disk', 'archive')
  await writeFile(join(place, 'disk'), 'not a directory')
  const hub = await Hub.start({ ARCHIVE_DIR: archive, ARCHIVE_INTERVAL_MS: '100' })
  try {
    const ann = await hub.register('Ann')
    const document = await hub.createDocument(ann, { name: 'd', content: 'written all the same' })
    await until('failures are counted', async () => (await metric(hub, 'concord_archive_failures_total')) > 0)
    const { status, body } = await hub.request('GET', '/health')
    assert.equal(status, 200)
    assert.equal(body.components.archive.status, 'unavailable')
    assert.match(hub.log, /archive: a round failed/)
    await rm(join(place, 'disk'))
    await until('the archive goes on', async () =>
      (await hub.request('GET', '/health')).body.components.archive.status === 'ok', 30_000)
    await archived(hub)
    await hub.crash()
    const data = join(place, 'restored')
    assert.equal((await concord('restore', '--from', archive, '--to', data, ...keyOf(hub))).code, 0)
    const other = await Hub.on(data)
    try {
      assert.equal((await other.read(await signIn(other, ann), document)).content, 'written all the same')
    } finally {
      await other.stop()
    }
    // A restored hub is another hub: it does not write into the archive it came from.
    const third = join(place, 'third')
    assert.equal((await concord('restore', '--from', archive, '--to', third, ...keyOf(hub))).code, 0)
    const stranger = await Hub.on(third, { ARCHIVE_DIR: archive, ARCHIVE_INTERVAL_MS: '100' })
    try {
      const told = await until('it is told', async () =>
        (await stranger.request('GET', '/health')).body.components.archive.detail)
      assert.match(told, /that of another log/)
    } finally {
      await stranger.stop()
    }
  } finally {
    await hub.stop()
    await rm(place, { recursive: true, force: true })
  }
})

test('the commands say what they want', async () => {
  for (const [words, what] of [
    [['backup'], /--to is missing/],
    [['restore', '--to', '/nowhere/x'], /--from is missing/],
    [['restore', '--from', '/nowhere', '--to', '/nowhere/x', '--at', 'yesterday'], /a time is written as/],
    [['restore', '--from', '/nowhere', '--to', '/nowhere/x', '--document', 'x'], /no document's identifier/],
  ]) {
    const { code, err } = await concord(...words)
    assert.equal(code, 2, err)
    assert.match(err, what)
  }
  const { code, err } = await concord('restore', '--from', '/nowhere', '--to', '/nowhere/x')
  assert.equal(code, 1)
  assert.match(err, /there is no archive in "\/nowhere"/)
})
