// Comments and suggestions in the document's own CRDT: Yjs clients as they come (y-websocket, Hocuspocus), REST and operational
// transformation on one document; what who may not write may change; and that a killed hub has what it acknowledged.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import * as Y from 'yjs'
import { Hub, until } from './hub.mjs'
import { Client } from './client.mjs'
import { HocuspocusConnection } from './hocuspocus_client.mjs'
import { OtClient } from './ot_client.mjs'

let hub, owner, writer, suggester, commenter, reader
const ask = (...words) => hub.ask(...words)

before(async () => {
  hub = await Hub.start({ DOCUMENT_IDLE_MS: '500' })
  for (const name of ['Owner', 'Writer', 'Suggester', 'Commenter', 'Reader']) await hub.register(name).then((user) => people.push(user))
  ;[owner, writer, suggester, commenter, reader] = people
})
after(() => hub?.stop())
const people = []

const open = []
const connect = (document, user, options) => {
  const client = new Client(hub, document, user, options)
  open.push(client)
  return client
}
test.afterEach(() => { for (const client of open.splice(0)) client.close() })

async function sharedDocument(content = 'hello world') {
  const document = await hub.createDocument(owner, { name: 'shared', content })
  for (const [user, level] of [[writer, 'write'], [suggester, 'suggest'], [commenter, 'comment'], [reader, 'read']])
    await hub.share(owner, document, user, level)
  return document
}

/** A TypeID as any client makes it. */
function typeId(prefix) {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
  let number = BigInt(`0x${randomBytes(16).toString('hex')}`)
  let text = ''
  for (let i = 0; i < 26; i++) { text = alphabet[Number(number & 31n)] + text; number >>= 5n }
  return `${prefix}_${text}`
}

const comments = (doc) => doc.getMap('concord:comments')
const suggestions = (doc) => doc.getMap('concord:suggestions')

/** As a page of the web app makes one; answers its identifier. */
function comment(doc, author, body, [start, end] = []) {
  const id = typeId('cmt')
  doc.transact(() => {
    const entry = new Y.Map()
    comments(doc).set(id, entry)
    entry.set('author', author.id)
    entry.set('at', Date.now())
    entry.set('body', body)
    if (start !== undefined) {
      const text = doc.getText('content')
      entry.set('start', Y.encodeRelativePosition(Y.createRelativePositionFromTypeIndex(text, start, 0)))
      entry.set('end', Y.encodeRelativePosition(Y.createRelativePositionFromTypeIndex(text, end, -1)))
      entry.set('quote', text.toString().slice(start, end))
    }
    entry.set('replies', new Y.Map())
  })
  return id
}

function reply(doc, author, to, body) {
  const id = typeId('cmt')
  doc.transact(() => {
    const entry = new Y.Map()
    comments(doc).get(to).get('replies').set(id, entry)
    entry.set('author', author.id)
    entry.set('at', Date.now())
    entry.set('body', body)
  })
  return id
}

/** The update of an edit that is not made on `doc`. */
function proposal(doc, edit) {
  const copy = new Y.Doc()
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
  const updates = []
  copy.on('update', (update) => updates.push(update))
  edit(copy.getText('content'))
  return Y.mergeUpdates(updates)
}

function suggest(doc, author, update) {
  const id = typeId('sug')
  doc.transact(() => {
    const entry = new Y.Map()
    suggestions(doc).set(id, entry)
    entry.set('author', author.id)
    entry.set('at', Date.now())
    entry.set('message', '')
    entry.set('update', update)
  })
  return id
}

/** Two transactions: Yjs takes one in which an update is applied and something written for another client of the same id. */
function accept(doc, by, id) {
  const entry = suggestions(doc).get(id)
  Y.applyUpdate(doc, entry.get('update'))
  entry.set('accepted', { by: by.id, at: Date.now() })
}

const path = (document, more = '') => `/documents/${document.id}/comments${more}`
const listed = async (document, who = owner) => (await ask(who, 'GET', path(document), undefined, 200)).comments
const bodies = (doc) => [...comments(doc).values()].map((entry) => entry.get('body')).sort()

test('y-websocket, Hocuspocus, REST and operational transformation comment on one document', async () => {
  const document = await sharedDocument()
  const y = connect(document, commenter)
  const connection = new HocuspocusConnection(hub)
  const h = connection.open(document, suggester.token)
  const told = []
  const ot = new OtClient(hub, document, reader)
  ot.socket.on('comments-changed', (what) => told.push(what))
  open.push({ close: () => { connection.close(); ot.close() } })
  await Promise.all([y.synced(), until('Hocuspocus', () => h.provider.synced), ot.ready()])

  const first = comment(y.doc, commenter, 'which world?', [6, 11])
  await until('it is at the other client', () => comments(h.doc).get(first)?.get('body') === 'which world?')
  reply(h.doc, suggester, first, 'ours')
  await until('the reply is there', () => comments(y.doc).get(first).get('replies').size === 1)
  const made = await ask(writer, 'POST', path(document), { body: 'all of it', mentions: [reader.id] }, 201)
  assert.deepEqual(made.mentions, [{ id: reader.id, name: 'Reader' }])
  await until('REST is seen', () => bodies(y.doc).length === 2 && bodies(h.doc).length === 2)
  await ask(writer, 'PUT', `/documents/${document.id}`, { content: 'hello, wide world', version: made.version }, 200)

  const all = await listed(document, reader)
  assert.deepEqual(all.map((one) => [one.body, one.author_name, one.quote, one.anchor]), [
    ['which world?', 'Commenter', 'world', { start: 12, end: 17 }],
    ['all of it', 'Writer', null, null],
  ])
  assert.deepEqual(all[0].replies.map((one) => [one.body, one.author_name]), [['ours', 'Suggester']])
  await until('the OT client was told of each', () => told.length >= 3)
  assert.ok(told.every((one) => one.document === document.id && Number.isInteger(one.version)))
  assert.deepEqual(told.map((one) => one.version), told.map((one) => one.version).toSorted((a, b) => a - b))
  await until('the content is the same', () => ot.text === 'hello, wide world' && y.text.toString() === ot.text)

  await ask(commenter, 'POST', path(document, `/${first}/resolve`), undefined, 200)
  await until('it is resolved for all', () => comments(h.doc).get(first).get('resolved')?.by === commenter.id)
  assert.deepEqual(y.closes, [])
})

test('a comment for a version stands where its text is now, and says so when that is gone', async () => {
  const document = await sharedDocument('one two six')
  await ask(writer, 'PUT', `/documents/${document.id}`, { content: 'zero one two six', version: document.version }, 200)
  const made = await ask(commenter, 'POST', path(document),
    { body: 'two?', anchor: { start: 4, end: 7 }, version: document.version }, 201)
  assert.deepEqual([made.quote, made.anchor], ['two', { start: 9, end: 12 }])
  await ask(writer, 'PUT', `/documents/${document.id}`, { content: 'zero one six', version: made.version }, 200)
  const [now] = await listed(document)
  assert.deepEqual([now.quote, now.anchor], ['two', null])
  const changes = await ask(reader, 'GET', `/documents/${document.id}/versions/${made.version}/changes`, undefined, 200)
  assert.ok(changes.changes.every((one) => one.kind === 'kept'), 'a comment is no change of the content')
})

test('two who accept the same suggestion offline apply it once, and what came meanwhile stays', async () => {
  const document = await sharedDocument()
  const [a, b, s] = [connect(document, owner), connect(document, writer), connect(document, suggester)]
  await Promise.all([a.synced(), b.synced(), s.synced()])
  const id = suggest(s.doc, suggester, proposal(s.doc, (text) => { text.delete(0, 5); text.insert(0, 'goodbye') }))
  await until('both have it', () => suggestions(a.doc).has(id) && suggestions(b.doc).has(id))
  a.provider.disconnect(); b.provider.disconnect()
  accept(a.doc, owner, id)
  accept(b.doc, writer, id)
  await ask(writer, 'PUT', `/documents/${document.id}`,
    { content: 'hello world!', version: (await hub.read(owner, document)).version }, 200)
  a.provider.connect(); b.provider.connect()
  await until('all agree', () => [a, b, s].every((one) => one.text.toString() === 'goodbye world!'))
  assert.equal((await hub.read(owner, document)).content, 'goodbye world!')
  const { suggestions: all } = await ask(reader, 'GET', `/documents/${document.id}/suggestions`, undefined, 200)
  assert.deepEqual(all.map((one) => [one.id, one.state, one.author_name]), [[id, 'accepted', 'Suggester']])
})

test('REST accepts what a Yjs client suggested, in its name, and nothing that is more than an edit', async () => {
  const document = await sharedDocument()
  const s = connect(document, suggester)
  await s.synced()
  const good = suggest(s.doc, suggester, proposal(s.doc, (text) => text.insert(5, ',')))
  const foreign = new Y.Doc()
  Y.applyUpdate(foreign, Y.encodeStateAsUpdate(s.doc))
  const before = Y.encodeStateVector(foreign)
  comment(foreign, owner, 'forged')
  const bad = suggest(s.doc, suggester, Y.encodeStateAsUpdate(foreign, before))
  const suggested = `/documents/${document.id}/suggestions`
  await until('the hub has both', async () => (await ask(owner, 'GET', suggested, undefined, 200)).suggestions.length === 2)
  const shown = await ask(writer, 'GET', `${suggested}/${good}`, undefined, 200)
  assert.deepEqual(shown.changes.filter((one) => one.kind === 'added').map((one) => one.insert), [','])
  await ask(writer, 'POST', `${suggested}/${bad}/accept`, undefined, 409)
  await ask(suggester, 'POST', `${suggested}/${good}/accept`, undefined, 403)
  const now = await ask(writer, 'POST', `${suggested}/${good}/accept`, undefined, 200)
  assert.equal(now.content, 'hello, world')
  assert.deepEqual(await listed(document), [])
  await until('its author sees it', () => s.text.toString() === 'hello, world' && suggestions(s.doc).get(good).get('accepted'))
  const { versions } = await ask(owner, 'GET', `/documents/${document.id}/history`, undefined, 200)
  // The edit; that it was suggested, and accepted, is no version.
  assert.ok(versions[0].authors.some((one) => one.principal === suggester.id && one.updates === 1), JSON.stringify(versions[0]))
  assert.ok(!versions[0].authors.some((one) => one.principal === writer.id))
  await ask(suggester, 'DELETE', `${suggested}/${bad}`, undefined, 204)
})

const crimes = {
  'writes text': (client) => client.text.insert(0, 'x'),
  'deletes text': (client) => client.text.delete(0, 1),
  'forges an author': (client) => comment(client.doc, owner, 'in the name of the owner'),
  'changes what somebody else said': (client) => comments(client.doc).values().next().value.set('body', 'forged'),
  'resolves what is not theirs': (client) => comments(client.doc).values().next().value.set('resolved', { by: commenter.id, at: 1 }),
  'removes what is not theirs': (client) => comments(client.doc).delete(comments(client.doc).keys().next().value),
  'comments and writes at once': (client) => client.doc.transact(() => {
    comment(client.doc, commenter, 'innocent')
    client.text.insert(0, 'x')
  }),
  'suggests': (client) => suggest(client.doc, commenter, proposal(client.doc, (text) => text.insert(0, 'x'))),
  'writes anywhere else': (client) => client.doc.getMap('other').set('a', 1),
}

for (const [what, commit] of Object.entries(crimes)) {
  test(`who may comment and ${what} is refused, and nothing of it is taken`, async () => {
    const document = await sharedDocument()
    await ask(owner, 'POST', path(document), { body: 'of the owner' }, 201)
    const other = connect(document, owner)
    const client = connect(document, commenter)
    const connection = new HocuspocusConnection(hub)
    const h = connection.open(document, commenter.token)
    open.push({ close: () => connection.close() })
    await Promise.all([client.synced(), other.synced(), until('Hocuspocus', () => h.provider.synced)])
    commit(client)
    await until('it is refused', () => client.closes.some(({ code }) => code === 4403))
    client.provider.disconnect()
    commit(h)
    await until('it is refused there too', () => connection.received.some((message) => message.at(-2) === 8 && message.at(-1) === 0))  // sync status: not applied
    // What comes after is in order behind it.
    await ask(owner, 'POST', path(document), { body: 'later' }, 201)
    await until('the other client is up to date', () => bodies(other.doc).includes('later'))
    assert.equal(other.text.toString(), 'hello world')
    assert.deepEqual((await listed(document)).map((one) => [one.body, one.state]), [['of the owner', 'open'], ['later', 'open']])
    assert.equal(suggestions(other.doc).size, 0)
    assert.equal(other.doc.getMap('other').size, 0)
  })
}

test('who may comment does so as often as they like, offline too, and is told what is saved', async () => {
  const document = await sharedDocument()
  const client = connect(document, commenter)
  await client.synced()
  for (let i = 0; i < 50; i++) client.change(() => comment(client.doc, commenter, `number ${i}`))
  await until('all are saved', () => client.acknowledged.size === 50)
  client.provider.disconnect()
  const mine = comments(client.doc).keys().next().value
  comments(client.doc).get(mine).set('body', 'changed offline')
  reply(client.doc, commenter, mine, 'and replied')
  client.provider.connect()
  await until('the hub has it', async () => (await listed(document)).some((one) => one.body === 'changed offline' && one.replies.length === 1))
  assert.equal((await listed(document)).length, 50)
  // In pages, too; and what is resolved by itself.
  await ask(commenter, 'POST', path(document, `/${mine}/resolve`), undefined, 200)
  for (const [query, count] of [['', 50], ['&state=open', 49], ['&state=resolved', 1]]) {
    const seen = []
    for (let after = ''; after !== null;) {
      const page = await ask(reader, 'GET', path(document, `?limit=20${query}${after && `&after=${after}`}`), undefined, 200)
      assert.ok(page.comments.length <= 20)
      seen.push(...page.comments.map((one) => one.id))
      after = page.next
    }
    assert.equal(seen.length, count)
    assert.equal(new Set(seen).size, count)
  }
  assert.equal((await hub.request('GET', path(document, '?after=x'), { token: reader.token })).status, 400)
  assert.deepEqual(client.closes.filter(({ code }) => code !== 1005 && code !== 1000), [])
})

test('who may read becomes a commenter and a reader again while the session is open', async () => {
  const document = await sharedDocument()
  const client = connect(document, reader)
  await client.synced()
  comment(client.doc, reader, 'too early')
  await until('it is refused', () => client.closes.some(({ code }) => code === 4403))
  client.provider.destroy()
  const again = connect(document, reader)
  await again.synced()
  await hub.share(owner, document, reader, 'comment')
  comment(again.doc, reader, 'now')
  await until('it is taken', async () => (await listed(document)).some((one) => one.body === 'now'))
  await hub.share(owner, document, reader, 'read')
  await until('only reading', async () => {
    const answer = await hub.request('POST', path(document), { token: reader.token, body: { body: 'x' } })
    return answer.status === 403
  })
  comment(again.doc, reader, 'too late')
  await until('it is refused', () => again.closes.some(({ code }) => code === 4403))
  assert.deepEqual((await listed(document)).map((one) => one.body), ['now'])
})

test('every change of what one may do is told to their open sessions, in each dialect', async () => {
  const document = await sharedDocument()
  const y = connect(document, suggester, { access: true })
  const plain = connect(document, suggester)
  const connection = new HocuspocusConnection(hub)
  const h = connection.open(document, suggester.token)
  const scopes = []
  h.provider.on('authenticated', ({ scope }) => scopes.push(scope))
  const ot = new OtClient(hub, document, suggester)
  const permissions = []
  ot.socket.on('access-changed', ({ permission }) => permissions.push(permission))
  open.push({ close: () => { connection.close(); ot.close() } })
  await Promise.all([y.synced(), plain.synced(), until('Hocuspocus', () => h.provider.synced && scopes.length === 1), ot.ready()])
  const levels = []
  for (const level of ['comment', 'suggest', 'read', 'suggest', 'write', 'comment']) {
    await hub.share(owner, document, suggester, level)
    levels.push(level)
    await until(`all are told of ${level}`, () => y.levels.length === levels.length && permissions.length === levels.length && scopes.length === levels.length + 1)
  }
  assert.deepEqual([y.levels, permissions], [levels, levels])
  assert.deepEqual(scopes, ['readonly', 'readonly', 'readonly', 'readonly', 'readonly', 'read-write', 'readonly'])
  await until('who had less each time was told so', () => plain.denied.length === 3)
  assert.deepEqual(plain.denied.map((why) => /comment|read/.exec(why)[0]), ['comment', 'read', 'comment'])
  assert.deepEqual(plain.levels, [])
  // Another's share is no news to them.
  await hub.share(owner, document, reader, 'comment')
  suggest(y.doc, suggester, proposal(y.doc, (text) => text.insert(0, 'x')))
  await until('what they may no longer do is refused', () => y.closes.some(({ code }) => code === 4403))
  assert.deepEqual([y.levels.length, permissions.length], [levels.length, levels.length])
})

test('a client id that edits is not taken by who may only comment', async () => {
  const document = await sharedDocument()
  const editor = connect(document, writer)
  await editor.synced()
  editor.provider.awareness.setLocalState({ user: { name: 'Writer' } })
  const thief = connect(document, commenter)
  await thief.synced()
  await until('the editor is seen', () => thief.provider.awareness.getStates().has(editor.doc.clientID))
  thief.doc.clientID = editor.doc.clientID  // which has written nothing yet
  comment(thief.doc, commenter, 'in your clocks')
  await until('it is refused', () => thief.closes.some(({ code }) => code === 4403))
  editor.change((text) => text.insert(0, 'mine: '))
  await until('the edit is there', async () => (await hub.read(owner, document)).content === 'mine: hello world')
})

test('a visitor by a link that lets comment, and an agent that may, comment', async () => {
  const document = await sharedDocument()
  const { secret } = await ask(owner, 'POST', `/documents/${document.id}/links`, { access_level: 'comment', name: 'Guests' }, 201)
  const visit = await ask({}, 'POST', '/links/open', { secret }, 200)
  const made = await ask(visit, 'POST', path(document), { body: 'by a link' }, 201)
  const live = connect(document, { token: visit.token })
  await live.synced()
  comment(live.doc, { id: made.author }, 'by a link, live')
  const agent = await hub.makeAgent(owner, [{ thing: document.id, permission: 'comment' }])
  await ask(agent, 'POST', path(document, `/${made.id}/replies`), { body: 'by an agent' }, 201)
  await ask(agent, 'PATCH', path(document, `/${made.id}`), { body: 'forged' }, 403)
  await ask(agent, 'POST', path(document, `/${made.id}/resolve`), undefined, 403)
  await until('all are there', async () => (await listed(document)).length === 2)
  assert.deepEqual(live.closes, [])
})

test('a killed hub has every comment and suggestion that it acknowledged', async () => {
  const document = await sharedDocument()
  const c = connect(document, commenter)
  const s = connect(document, suggester)
  await Promise.all([c.synced(), s.synced()])
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 10; i++) {
      c.change(() => comment(c.doc, commenter, `${round}.${i}`))
      s.change(() => suggest(s.doc, suggester, proposal(s.doc, (text) => text.insert(0, `${i}`))))
    }
    const made = await ask(commenter, 'POST', path(document), { body: `rest ${round}` }, 201)
    await until('some are acknowledged', () => c.acknowledged.size > 10 * round && s.acknowledged.size > 10 * round)
    const acknowledged = [c.acknowledged.size, s.acknowledged.size]
    await hub.crash()
    c.provider.disconnect(); s.provider.disconnect()
    await hub.spawn()
    const there = await listed(document)
    assert.ok(there.some((one) => one.id === made.id))
    assert.ok(there.length >= acknowledged[0] + round + 1, `${there.length} comments, ${acknowledged[0]} acknowledged`)
    const { suggestions: all } = await ask(owner, 'GET', `/documents/${document.id}/suggestions`, undefined, 200)
    assert.ok(all.length >= acknowledged[1], `${all.length} suggestions, ${acknowledged[1]} acknowledged`)
    c.provider.connect(); s.provider.connect()
    await until('all have come', () => c.acknowledged.size === 10 * (round + 1) && s.acknowledged.size === 10 * (round + 1))
  }
  assert.equal((await listed(document)).length, 33)
  assert.equal((await hub.read(owner, document)).content, 'hello world')
})
