// A hub whose disk fills up under live sessions: it becomes read-only and says so, loses nothing it has acknowledged, and goes
// on by itself when there is space again. On a small file system of its own, which takes root to mount.
import test from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hub, until } from './hub.mjs'
import { Client } from './client.mjs'

const megabytes = 48

/** A tmpfs of its own, or why there is none. */
function mount() {
  const folder = mkdtempSync(join(tmpdir(), 'concord-full-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'pipe' })
    return { folder }
  } catch (error) {
    rmSync(folder, { recursive: true })
    return { why: `cannot mount a tmpfs: ${String(error.stderr ?? error).trim()}` }
  }
}

/** Takes all the space there is, but for so many pages; also what the hub has set free since. */
function fill(folder, but) {
  const { bavail, bsize } = statfsSync(folder)
  const pages = Number(bavail) - but
  if (pages <= 0) return
  try {
    appendFileSync(join(folder, 'filler'), Buffer.alloc(pages * Number(bsize)))
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error  // the hub was quicker
  }
}

test('a disk that is full, and has space again', async (t) => {
  const { folder, why } = mount()
  if (!folder) return t.skip(why)
  let hub
  const clients = []
  try {
    hub = await Hub.start({ SNAPSHOT_AFTER_BYTES: '4096', DOCUMENT_IDLE_MS: '500', WAL_SEGMENT_SIZE_MB: '1' }, folder)
    const ann = await hub.register('Ann')
    const ben = await hub.register('Ben')
    const document = await hub.createDocument(ann, { name: 'full', content: '' })
    const other = await hub.createDocument(ann, { name: 'other', content: '' })
    await hub.share(ann, document, ben, 'read')
    const writer = new Client(hub, document, ann)
    const reader = new Client(hub, document, ben)
    clients.push(writer, reader)
    await Promise.all([writer.synced(), reader.synced()])
    const token = (n) => `<${n}>`
    const type = (padding = '') => writer.change((text) => {
      text.insert(text.length, token(writer.made - 1))
      if (padding) writer.doc.getMap('padding').set('it', padding)
    })
    const large = 'what takes the space that the log has reserved '.repeat(5000)
    const ready = () => hub.request('GET', '/health/ready')
    const everything = () => Array.from({ length: writer.made }, (_, n) => token(n)).join('')

    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 20; i++) type()
      await until('acknowledged', () => writer.acknowledged.size === writer.made)
      assert.equal((await ready()).status, 200)

      const filling = setInterval(() => fill(folder, round), 10)  // also what the hub sets free by itself
      t.after(() => clearInterval(filling))
      await until('the log cannot write', async () => {
        type(large)
        await sleep(20)
        return (await ready()).status === 503
      }, 20_000)
      const { body } = await ready()
      assert.equal(body.status, 'unavailable')

      // A write over REST is refused, in words, to be tried again: of another document, as what the hub sets free
      // may let some through.
      const before = await hub.read(ann, document)
      let refused
      await until('a write over REST is refused', async () => {
        const { version } = await hub.read(ann, other)
        const body = { content: `${large}${version}`, version }
        refused = await hub.request('PUT', `/documents/${other.id}`, { token: ann.token, body })
        return refused.status !== 200
      })
      assert.equal(refused.status, 503, JSON.stringify(refused.body))
      assert.match(refused.body.detail, /space|cannot write|tables/i)
      // Reads go on, also for who only now joins; the reader's session has lasted.
      const late = new Client(hub, document, ben)
      await late.synced()
      assert.ok(late.text.toString().startsWith(before.content))
      late.close()
      assert.equal(reader.closes.length, 0)
      const made = writer.made
      for (let i = 0; i < 5; i++) type()
      // What the hub sets free it may have back for a moment, before it is taken again.
      await until('what is typed waits for space', async () => {
        type(large)
        await sleep(100)
        return (await ready()).status === 503 && writer.acknowledged.size < writer.made
      }, 20_000)
      assert.ok(writer.made > made && writer.text.toString() === everything(), 'the writer has lost what it typed')

      clearInterval(filling)
      if (round === 1) {  // in the midst of it the hub dies, too
        const acknowledged = [...writer.acknowledged]
        await hub.crash()
        rmSync(join(folder, 'filler'))
        await hub.spawn()
        const { content } = await hub.read(ann, document)
        for (const n of acknowledged) assert.ok(content.includes(token(n)), `${token(n)} was acknowledged and is lost`)
        reader.closes.length = 0
      } else {
        rmSync(join(folder, 'filler'))
      }
      await until('ready by itself', async () => (await ready()).status === 200, 20_000)
      await until('all is acknowledged', () => writer.acknowledged.size === writer.made, 20_000)
      await until('the reader has all', () => reader.text.toString() === everything(), 20_000)
      assert.equal((await hub.read(ann, document)).content, everything())
      reader.closes.length = 0
    }
  } finally {
    for (const client of clients) client.close()
    await hub?.stop()
    execFileSync('umount', [folder])
    rmSync(folder, { recursive: true })
  }
})
