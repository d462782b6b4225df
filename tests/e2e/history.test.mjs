// A document's history over REST, with live sessions writing it: every version is readable, also after crashes.
import test from 'node:test'
import assert from 'node:assert/strict'
import { Hub } from './hub.mjs'
import { Client } from './client.mjs'

test('versions are listed, read, named and brought back', async () => {
  const hub = await Hub.start({ SNAPSHOT_AFTER_BYTES: '2000', DOCUMENT_IDLE_MS: '300' })
  try {
    const ann = await hub.register('Ann')
    const ben = await hub.register('Ben')
    const document = await hub.createDocument(ann, { name: 'History', content: 'v1' })
    await hub.share(ann, document, ben, 'write')
    const path = `/documents/${document.id}`
    const write = async (user, content) => {
      const { version } = await hub.read(user, document)
      const { status, body } = await hub.request('PUT', path, { token: user.token, body: { content, version } })
      assert.equal(status, 200)
      return body.version
    }
    const kept = new Map([[1, 'v1']])
    for (let i = 2; i <= 40; i++) {
      const content = `${i % 5 === 0 ? '' : kept.get(i - 1)}, v${i}`
      kept.set(await write(i % 2 ? ann : ben, content), content)
      if (i % 13 === 0) {
        await hub.crash()
        await hub.spawn()
      }
    }
    const at = async (version, query = '') => hub.request('GET', `${path}/versions/${version}${query}`, { token: ben.token })
    for (const [version, content] of kept) assert.equal((await at(version)).body.content, content, `version ${version}`)
    assert.equal((await at(0)).body.content, '')
    assert.equal((await at(41)).status, 404)
    assert.deepEqual((await at(1, '?format=delta')).body.content, [{ insert: 'v1' }])

    // What a live session writes is a version too, and its author is known.
    const client = new Client(hub, document, ben)
    await client.synced()
    client.change((text) => text.insert(0, 'typed '))
    while (client.acknowledged.size === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    client.close()
    const named = await hub.request('PUT', `${path}/versions/7`, { token: ann.token, body: { name: 'Lucky' } })
    assert.equal(named.status, 200)
    const { body: history } = await hub.request('GET', `${path}/history`, { token: ann.token })
    assert.equal(history.next, null)
    assert.deepEqual(history.versions.map(({ version, from_version: from, name }) => [version, from, name]),
      [[41, 8, null], [7, 1, 'Lucky']])
    assert.deepEqual(history.versions[0].authors.map(({ name }) => name).sort(), ['Ann', 'Ben'])
    assert.equal(history.versions[0].authors[0].name, 'Ben')
    const { body: first } = await hub.request('GET', `${path}/history?limit=1`, { token: ann.token })
    assert.equal(first.next, 8)
    const { body: second } = await hub.request('GET', `${path}/history?before=8`, { token: ann.token })
    assert.equal(second.versions[0].version, 7)

    // An old version can be written against: what came since stays.
    const { status, body: merged } = await hub.request('PUT', path,
      { token: ann.token, body: { content: kept.get(38).replace('v38', 'v38!'), version: 38 } })
    assert.equal(status, 200)
    assert.ok(merged.content.includes('typed '))

    const { body: restored } = await hub.request('POST', `${path}/versions/7/restore`, { token: ben.token })
    assert.equal(restored.content, kept.get(7))
    assert.equal(restored.version, 43)
    assert.equal((await at(41)).body.content, `typed ${kept.get(40)}`, 'nothing is lost by it')

    // Only who may write names and restores; who may not see the document sees no history.
    const cem = await hub.register('Cem')
    assert.equal((await hub.request('GET', `${path}/history`, { token: cem.token })).status, 404)
    assert.equal((await hub.request('GET', `${path}/versions/7`, { token: cem.token })).status, 404)
    await hub.share(ann, document, cem, 'read')
    assert.equal((await hub.request('GET', `${path}/versions/7`, { token: cem.token })).status, 200)
    assert.equal((await hub.request('POST', `${path}/versions/7/restore`, { token: cem.token })).status, 403)
    assert.equal((await hub.request('PUT', `${path}/versions/7`, { token: cem.token, body: { name: 'x' } })).status, 403)
  } finally {
    await hub.stop()
  }
})
