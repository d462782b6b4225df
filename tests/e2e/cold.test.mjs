// Cold documents: who only reads one is answered from what is stored, and gets the same as everybody.
import test from 'node:test'
import assert from 'node:assert/strict'
import * as Y from 'yjs'
import { Hub, until } from './hub.mjs'
import { Client } from './client.mjs'

/** The value of one series of /metrics. */
const metric = async (hub, name) => {
  const { body } = await hub.request('GET', '/metrics')
  const line = body.split('\n').find((one) => one.startsWith(`${name} `))
  return line === undefined ? undefined : Number(line.slice(name.length + 1))
}

test('readers of a cold document are answered without building it', async () => {
  const hub = await Hub.start({ DOCUMENT_IDLE_MS: '300' })
  try {
    const ann = await hub.register('Ann')
    const ben = await hub.register('Ben')
    const document = await hub.createDocument(ann, { name: 'cold', content: '' })
    await hub.share(ann, document, ben, 'read')
    const writer = new Client(hub, document, ann)
    await writer.synced()
    for (let i = 0; i < 50; i++) writer.change((text) => text.insert(text.length, `${i} `))
    writer.change((text) => text.delete(0, 10))
    writer.change((text) => text.format(0, 6, { bold: true }))
    await until('acknowledged', () => writer.acknowledged.size === writer.made)
    const content = writer.text.toString()
    const state = Y.encodeStateAsUpdate(writer.doc)
    writer.provider.disconnect()

    const cold = () => until('cold', async () => (await metric(hub, 'concord_documents_open')) === 0)
    const joins = async () => {
      const built = await metric(hub, 'concord_documents_built_total')
      const reader = new Client(hub, document, ben)
      await reader.synced()
      assert.equal(reader.text.toString(), content)
      assert.deepEqual(Y.encodeStateAsUpdate(reader.doc), state)
      // One who may write says again what it has; nothing of it is new.
      writer.provider.connect()
      await writer.synced()
      assert.equal(writer.text.toString(), content)
      assert.equal(await metric(hub, 'concord_documents_open'), 1)
      assert.equal(await metric(hub, 'concord_documents_built_total'), built, 'a Doc was built')
      return { reader, built }
    }

    await cold()
    const first = await joins()
    first.reader.close()
    writer.provider.disconnect()

    await cold()
    const second = await joins()
    // An edit builds it, and reaches the reader.
    writer.change((text) => text.insert(0, 'new: '))
    await until('the edit has arrived', () => second.reader.text.toString() === `new: ${content}`)
    assert.equal(await metric(hub, 'concord_documents_built_total'), second.built + 1)
    assert.equal((await hub.read(ann, document)).content, `new: ${content}`)
    await hub.crash()  // snapshot, and one update behind it
    for (const client of [second.reader, writer]) client.provider.disconnect()
    await hub.spawn()
    const newcomer = new Client(hub, document, ben)
    await newcomer.synced()
    assert.equal(newcomer.text.toString(), `new: ${content}`)
    for (const client of [newcomer, second.reader, writer]) client.close()
  } finally {
    await hub.stop()
  }
})
