// The official clients against a real hub: the 2.x client in revision 2026-07-28, and the 1.x SDK in 2025-11-25.
// Both hold what a tool answers against its output schema.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as modern from '@modelcontextprotocol/client'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { Hub } from '../e2e/hub.mjs'

const reading = ['list_documents', 'search_documents', 'read_document', 'document_history', 'list_comments']
const everything = [...reading, 'add_comment', 'reply_to_comment', 'resolve_comment', 'suggest_edit', 'edit_document', 'create_document', 'undo']
const name = { name: 'concord-test', version: '1' }

const revisions = {
  '2026-07-28': (url, init) => [
    new modern.Client(name, { versionNegotiation: { mode: { pin: '2026-07-28' } } }),
    new modern.StreamableHTTPClientTransport(url, init),
  ],
  '2025-11-25': (url, init) => [new LegacyClient(name), new LegacyTransport(url, init)],
}

let hub, ann, bob

before(async () => {
  hub = await Hub.start()
  ann = await hub.register('Ann')
  bob = await hub.register('Bob')
})
after(() => hub.stop())

const ask = (...words) => hub.ask(...words)
const makeAgent = (...words) => hub.makeAgent(...words)

for (const [revision, make] of Object.entries(revisions)) {
  describe(revision, () => {
    const open = []
    after(() => Promise.all(open.map((client) => client.close())))

    /** A client that calls as `who`; its tools answer their structured content, or throw what a tool error says. */
    const connect = async (who) => {
      const init = { requestInit: { headers: { authorization: `Bearer ${who.token}` } } }
      const [client, transport] = make(new URL(`${hub.url}/mcp`), init)
      await client.connect(transport)
      open.push(client)
      const { tools } = await client.listTools()  // with it the client knows the output schemas
      const raw = (tool, args) => client.callTool({ name: tool, arguments: args })
      const call = async (tool, args = {}) => {
        const result = await raw(tool, args)
        assert.ok(!result.isError, `${tool}: ${JSON.stringify(result.content)}`)
        assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent)
        return result.structuredContent
      }
      const refused = async (tool, args, pattern) => {
        const result = await raw(tool, args)
        assert.equal(result.isError, true, JSON.stringify(result))
        assert.match(result.content[0].text, pattern)
        assert.equal(result.structuredContent, undefined)
        return result.content[0].text
      }
      return { client, tools: tools.map((tool) => tool.name), described: tools, call, refused }
    }

    test('speaks that revision, and says what it is', async () => {
      const { client, described } = await connect(ann)
      assert.equal(client.getServerVersion().name, 'concord')
      assert.equal(client.getNegotiatedProtocolVersion?.() ?? client.transport.protocolVersion, revision)
      assert.deepEqual(client.getServerCapabilities(), { tools: {} })
      assert.match(client.getInstructions(), /live documents/)
      const hints = (tool) => described.find((one) => one.name === tool).annotations
      assert.equal(hints('read_document').readOnlyHint, true)
      assert.equal(hints('edit_document').readOnlyHint, false)
      assert.equal(hints('edit_document').destructiveHint, true)
      assert.equal(hints('create_document').destructiveHint, false)
    })

    test('offers tools as far as a token reaches', async () => {
      const document = await hub.createDocument(ann, { name: 'Scoped', content: 'x' })
      const scope = (permission) => [{ thing: document.id, permission }]
      assert.deepEqual((await connect(await makeAgent(ann, scope('read')))).tools, reading)
      assert.deepEqual((await connect(await makeAgent(ann, scope('suggest')))).tools, [...reading, 'add_comment', 'reply_to_comment', 'resolve_comment', 'suggest_edit'])
      assert.deepEqual((await connect(await makeAgent(ann, scope('write')))).tools, everything)
      assert.deepEqual((await connect(ann)).tools, everything)
    })

    test('lists and finds what the agent may see, and nothing else', async () => {
      const folder = await ask(ann, 'POST', '/folders', { name: 'For robots' }, 201)
      const seen = await hub.createDocument(ann, { name: 'Seen Apples', folder: folder.id, content: 'Pears\nand Plums' })
      const hidden = await hub.createDocument(ann, { name: 'Hidden Apples', content: 'Pears' })
      const { call, refused } = await connect(await makeAgent(ann, [{ thing: folder.id, permission: 'read' }]))
      const { documents } = await call('list_documents')
      assert.deepEqual(documents.map((one) => [one.id, one.access_level]), [[seen.id, 'read']])
      for (const query of ['apples', 'PEARS', 'pears apples', 'plums seen']) {
        const found = await call('search_documents', { query })
        assert.deepEqual(found.documents.map((one) => one.id), [seen.id], query)
        assert.equal(found.next, null)
      }
      assert.match((await call('search_documents', { query: 'plums' })).documents[0].snippets[0], /Pears and Plums/)
      assert.deepEqual((await call('search_documents', { query: 'pears hidden' })).documents, [])
      // What is hidden, and what does not exist, look the same.
      const ghost = 'doc_00000000000000000000000000'
      const text = await refused('read_document', { document: hidden.id }, /^not_found/)
      assert.equal(await refused('read_document', { document: ghost }, /^not_found/), text)
      await refused('document_history', { document: hidden.id }, /^not_found/)
    })

    test('pages through lists and searches', async () => {
      const folder = await ask(ann, 'POST', '/folders', { name: 'Many' }, 201)
      for (let i = 0; i < 5; ++i) await hub.createDocument(ann, { name: `Page ${i}`, folder: folder.id, content: 'word' })
      const { call } = await connect(ann)
      for (const tool of ['list_documents', 'search_documents']) {
        const names = new Set()
        let after, pages = 0
        do {
          const page = await call(tool, {
            folder: folder.id, limit: 2, ...(after ? { after } : {}), ...(tool === 'search_documents' ? { query: 'word' } : {}),
          })
          for (const one of page.documents) names.add(one.name)
          after = page.next
          pages += 1
        } while (after !== null && pages < 10)
        assert.equal(names.size, 5, tool)
        assert.ok(pages >= 3, tool)
      }
    })

    test('reads text, Markdown and Deltas, in parts and as they were', async () => {
      const bold = [{ insert: 'äö', attributes: { bold: true } }, { insert: '\ntwo\n' }]
      const { body: document } = await hub.request('POST', '/documents?format=delta',
        { token: ann.token, body: { name: 'Formats', content: bold } })
      const { call, refused } = await connect(ann)
      const read = (more) => call('read_document', { document: document.id, ...more })
      assert.equal((await read()).content, 'äö\ntwo\n')
      assert.match((await read({ format: 'markdown' })).content, /\*\*äö\*\*/)
      assert.deepEqual((await read({ format: 'delta' })).delta, bold)
      const part = await read({ offset: 1, length: 2 })
      assert.deepEqual([part.content, part.total_characters, part.next_offset], ['ö\n', 7, 3])
      const { version } = await read()
      await call('edit_document', { document: document.id, operation: 'replace', old_text: 'two', new_text: '2' })
      assert.equal((await read()).content, 'äö\n2\n')
      assert.equal((await read({ version })).content, 'äö\ntwo\n')
      assert.deepEqual((await read({ format: 'delta' })).delta[0], bold[0])  // a text edit keeps formats
      await refused('read_document', { document: document.id, format: 'html' }, /^invalid_argument: 'format'/)
      await refused('read_document', { document: document.id, version: 99 }, /^not_found/)
      await refused('read_document', { document: document.id, colour: 'red' }, /^invalid_argument: 'arguments'/)
      await refused('read_document', {}, /^invalid_argument: 'document'/)
    })

    test('edits by text, by place and as a whole, merged with what others write', async () => {
      const document = await hub.createDocument(ann, { name: 'Edited', content: 'one\ntwo\nthree\n' })
      const agent = await makeAgent(ann, [{ thing: document.id, permission: 'write' }])
      const { call, refused } = await connect(agent)
      const content = async () => (await hub.read(ann, document)).content
      const edit = (operation, more) => call('edit_document', { document: document.id, operation, ...more })

      const would = await edit('replace', { old_text: 'two', new_text: '2', dry_run: true })
      assert.deepEqual(would.changes, [{ line: 2, removed: 'two\n', added: '2\n' }])
      assert.deepEqual([would.dry_run, would.changed, would.edit], [true, true, null])
      assert.equal(await content(), 'one\ntwo\nthree\n')

      const done = await edit('replace', { old_text: 'two', new_text: '2' })
      assert.deepEqual(done.changes, would.changes)
      assert.equal(done.version, done.version_before + 1)
      assert.equal(await content(), 'one\n2\nthree\n')
      await edit('insert', { text: 'four\n', place: 'end' })
      await edit('insert', { text: 'zero\n', place: 'before', anchor: 'one' })
      assert.equal(await content(), 'zero\none\n2\nthree\nfour\n')

      // The whole content, for a version that others have written behind.
      const { version } = await hub.read(ann, document)
      await ask(ann, 'PUT', `/documents/${document.id}`, { content: 'zero\none\n2\nthree\nfour\nfive\n', version }, 200)
      const merged = await edit('write', { content: 'ZERO\none\n2\nthree\nfour\n', version })
      assert.equal(await content(), 'ZERO\none\n2\nthree\nfour\nfive\n')
      assert.equal(merged.changed, true)
      const same = await edit('write', { content: await content(), version: merged.version })
      assert.deepEqual([same.changed, same.edit, same.changes], [false, null, []])

      const no = (more, pattern) => refused('edit_document', { document: document.id, ...more }, pattern)
      await no({ operation: 'replace', old_text: 'nowhere', new_text: '' }, /does not occur/)
      await no({ operation: 'replace', old_text: 'e', new_text: '' }, /more than once/)
      await no({ operation: 'write', content: 'x' }, /'version' is required/)
      await no({ operation: 'write', content: 'x', version: 9999 }, /^conflict.*current_version/)
      await no({ operation: 'write', delta: [{ retain: 1 }], format: 'delta', version }, /^invalid_argument/)
      await no({ operation: 'erase' }, /^invalid_argument: 'operation'/)

      const { versions } = await call('document_history', { document: document.id })
      const authors = versions.flatMap((one) => one.authors)
      assert.ok(authors.some((one) => one.principal === agent.id && one.name === 'Robot'), JSON.stringify(authors))
    })

    test('takes back its own edits, also behind those of others and after a crash', async () => {
      const document = await hub.createDocument(ann, { name: 'Undone', content: 'one\ntwo\nthree\n' })
      const agent = await makeAgent(ann, [{ thing: document.id, permission: 'write' }])
      const { call, refused } = await connect(agent)
      const content = async () => (await hub.read(ann, document)).content
      const { edit } = await call('edit_document',
        { document: document.id, operation: 'replace', old_text: 'two\n', new_text: '2 and 2\n' })
      const { version } = await hub.read(ann, document)
      await ask(ann, 'PUT', `/documents/${document.id}`, { content: 'one\n2 and 2\nthree\nfour\n', version }, 200)
      await hub.crash()
      await hub.spawn()
      const would = await call('undo', { edit, dry_run: true })
      assert.equal(would.changed, true)
      assert.equal(await content(), 'one\n2 and 2\nthree\nfour\n')
      const undone = await call('undo', { edit })
      assert.equal(await content(), 'one\ntwo\nthree\nfour\n')
      assert.equal((await call('undo', { edit })).changed, false)
      await call('undo', { edit: undone.edit })
      assert.equal(await content(), 'one\n2 and 2\nthree\nfour\n')

      await refused('undo', { edit: `${document.id}@${version + 1}` }, /^permission_denied: somebody else/)
      await refused('undo', { edit: `${document.id}@9999` }, /^not_found/)
      await refused('undo', { edit: 'the last one' }, /^invalid_argument: 'edit'/)
      const other = await connect(await makeAgent(bob, [{ thing: '*', permission: 'write' }]))
      await other.refused('undo', { edit }, /^not_found: there is no such document/)
    })

    test('creates documents where its scopes let it', async () => {
      const folder = await ask(ann, 'POST', '/folders', { name: 'Made by robots' }, 201)
      const { call, refused } = await connect(await makeAgent(ann, [{ thing: folder.id, permission: 'write' }]))
      await refused('create_document', { name: 'Anywhere' }, /^permission_denied: .*name one/)
      const before = (await call('list_documents', { folder: folder.id })).documents.length
      const would = await call('create_document',
        { name: 'Plan', folder: folder.id, content: '# Plan', format: 'markdown', dry_run: true })
      assert.equal(would.id, null)
      assert.equal(would.content.trim(), '# Plan')
      assert.equal((await call('list_documents', { folder: folder.id })).documents.length, before)
      const made = await call('create_document',
        { name: 'Plan', folder: folder.id, content: '# Plan', format: 'markdown', doc_type: 'markdown' })
      assert.equal((await hub.read(ann, made, 'markdown')).content.trim(), '# Plan')
      await refused('create_document', { name: '', folder: folder.id }, /^invalid_argument: 'name'/)
      await refused('create_document', { name: 'x', folder: folder.id, doc_type: 'No!' }, /^invalid_argument: 'doc_type'/)
    })

    test('suggests where it may not write', async () => {
      const document = await hub.createDocument(ann, { name: 'Suggested', content: 'one\ntwo\n' })
      const { call, refused } = await connect(await makeAgent(ann, [{ thing: document.id, permission: 'suggest' }]))
      const change = { document: document.id, operation: 'replace', old_text: 'two', new_text: '2' }
      const would = await call('suggest_edit', { ...change, dry_run: true })
      assert.equal(would.suggestion, null)
      const { suggestion, changes } = await call('suggest_edit', { ...change, message: 'shorter' })
      assert.deepEqual(changes, [{ line: 2, removed: 'two\n', added: '2\n' }])
      assert.equal((await hub.read(ann, document)).content, 'one\ntwo\n')
      const { suggestions } = await ask(ann, 'GET', `/documents/${document.id}/suggestions`, undefined, 200)
      assert.deepEqual(suggestions.map((one) => [one.id, one.message]), [[suggestion, 'shorter']])
      await ask(ann, 'POST', `/documents/${document.id}/suggestions/${suggestion}/accept`, undefined, 200)
      assert.equal((await hub.read(ann, document)).content, 'one\n2\n')
      await refused('edit_document', change, /needs/)
    })

    test('comments, replies and resolves, and reads what others said', async () => {
      const document = await hub.createDocument(ann, { name: 'Commented', content: 'one two two' })
      const { call, refused } = await connect(await makeAgent(ann, [{ thing: document.id, permission: 'comment' }]))
      const at = { document: document.id }
      const { comment } = await call('add_comment', { ...at, body: 'why?', about: 'one' })
      assert.deepEqual([comment.about, comment.about_is_there, comment.state, comment.author_name], ['one', true, 'open', 'Robot'])
      await refused('add_comment', { ...at, body: 'which?', about: 'two' }, /^invalid_argument: .*once/)
      await ask(ann, 'POST', `/documents/${document.id}/comments`, { body: 'all of it' }, 201)
      const { comments } = await call('list_comments', at)
      assert.deepEqual(comments.map((one) => one.body), ['why?', 'all of it'])
      const replied = await call('reply_to_comment', { ...at, comment: comments[1].id, body: 'indeed' })
      assert.deepEqual(replied.comment.replies.map((one) => one.body), ['indeed'])
      await refused('resolve_comment', { ...at, comment: comments[1].id }, /^permission_denied/)
      assert.equal((await call('resolve_comment', { ...at, comment: comment.id })).comment.state, 'resolved')
      assert.equal((await call('list_comments', { ...at, state: 'open' })).comments.length, 1)
      assert.equal((await hub.read(ann, document)).content, 'one two two')
    })

    test('refuses what a scope forbids, says what it needs, and notes it', async () => {
      const written = await hub.createDocument(ann, { name: 'Written', content: 'x' })
      const read = await hub.createDocument(ann, { name: 'Read', content: 'secret' })
      const reader = await connect(await makeAgent(ann, [{ thing: read.id, permission: 'read' }]))
      const edit = (document) => ({ document: document.id, operation: 'insert', place: 'end', text: '!' })
      const text = await reader.refused('edit_document', edit(read), /^permission_denied: .*write permission/)
      assert.equal(await reader.refused('edit_document', edit(written), /^permission_denied/), text)  // not even whether it is there
      const agent = await makeAgent(ann, [
        { thing: written.id, permission: 'write' }, { thing: read.id, permission: 'read' }])
      const writer = await connect(agent)
      await writer.refused('edit_document', edit(read), /^permission_denied: this needs write access; you have read$/)
      assert.equal((await hub.read(ann, read)).content, 'secret')
      const { events } = await ask(ann, 'GET', '/audit?action=tool.called&limit=100', undefined, 200)
      const noted = events.find((one) => one.actor === agent.id)
      assert.deepEqual([noted?.outcome, noted?.detail.tool], ['refused', 'edit_document'])
    })

    test('knows no other tools, and nobody without a token', async () => {
      const { client } = await connect(ann)
      await assert.rejects(client.callTool({ name: 'remove_document', arguments: {} }), /Unknown tool|-32602|not found/i)
      await assert.rejects(connect({ token: 'cct_nothing' }), /Unauthorized|401/i)
      const answer = await hub.request('POST', '/mcp', { body: { jsonrpc: '2.0', id: 1, method: 'ping' } })
      assert.equal(answer.status, 401)
      assert.match(answer.headers.get('www-authenticate'), /^Bearer/)
    })
  })
}

test('an agent is held to its rate', async () => {
  const agent = await makeAgent(ann, [{ thing: '*', permission: 'read' }], { per_minute: 2 })
  const post = () => hub.request('POST', '/mcp', { token: agent.token, body: { jsonrpc: '2.0', id: 1, method: 'ping' } })
  assert.equal((await post()).status, 200)
  assert.equal((await post()).status, 200)
  const third = await post()
  assert.equal(third.status, 429)
  assert.ok(Number(third.headers.get('retry-after')) >= 1)
})

test('there is no stream to open and no session to end', async () => {
  for (const method of ['GET', 'DELETE']) {
    const answer = await hub.request(method, '/mcp', { token: ann.token })
    assert.equal(answer.status, 405)
    assert.match(answer.headers.get('allow'), /POST/)
  }
})
