// Links to documents and folders, for people without an account: what they let in to, and when they no longer do.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Client } from './client.mjs'
import { Hub, until } from './hub.mjs'

let hub, ann, bob

before(async () => {
  hub = await Hub.start({ ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1' })
  ann = await hub.register('Ann')
  bob = await hub.register('Bob')
})
after(() => hub.stop())

const ask = (...words) => hub.ask(...words)
const makeLink = (who, document, fields) => ask(who, 'POST', `/documents/${document.id}/links`, fields, 201)
const open = (fields, status = 200) => ask({}, 'POST', '/links/open', fields, status)

test('whoever holds a link reads or writes as it says, live and over REST, under its name', async () => {
  const document = await hub.createDocument(ann, { name: 'Open', content: 'one' })
  const link = await makeLink(ann, document, { access_level: 'write', name: 'For the printers' })
  assert.deepEqual([link.has_password, link.expires_at, link.made_by], [false, null, ann.id])
  const visitor = await open({ secret: link.secret })
  assert.deepEqual([visitor.thing, visitor.name, visitor.access_level], [document.id, 'For the printers', 'write'])
  const read = await ask(visitor, 'GET', `/documents/${document.id}`, undefined, 200)
  assert.deepEqual([read.name, read.access_level], ['Open', 'write'])
  const live = new Client(hub, document, visitor)
  await live.synced()
  live.change((text) => text.insert(0, 'printed: '))
  await until('written', async () => (await hub.read(ann, document)).content.startsWith('printed: one'))
  const { versions } = await ask(ann, 'GET', `/documents/${document.id}/history`, undefined, 200)
  assert.ok(versions.flatMap((one) => one.authors).some((author) => author.principal === link.id && author.name === 'For the printers'))

  // Nothing else of the hub: no other document, nobody's e-mail, no history, no account.
  const other = await hub.createDocument(ann, { name: 'Other', content: 'secret' })
  await ask(visitor, 'GET', `/documents/${other.id}`, undefined, 404)
  for (const path of ['share', 'history', 'versions', 'links']) await ask(visitor, 'GET', `/documents/${document.id}/${path}`, undefined, 403)
  for (const path of ['/auth/me', '/users', '/groups', '/agents', '/audit']) await ask(visitor, 'GET', path, undefined, 403)
  await ask(visitor, 'POST', '/documents', { name: 'x' }, 403)
  assert.deepEqual((await ask(visitor, 'GET', '/documents', undefined, 200)).documents.map((one) => one.name), ['Open'])

  // Removed: all of it ends at once.
  await ask(ann, 'DELETE', `/documents/${document.id}/links/${link.id}`, undefined, 204)
  await until('closed', () => live.closes.some(({ code }) => code === 4401))
  await ask(visitor, 'GET', `/documents/${document.id}`, undefined, 401)
  await open({ secret: link.secret }, 404)
  live.close()
})

test('a password is asked for, and not kept; a new hub knows it still', async () => {
  const document = await hub.createDocument(ann, { name: 'Locked', content: 'x' })
  const link = await makeLink(ann, document, { access_level: 'read', password: 'seven swans' })
  const { links } = await ask(ann, 'GET', `/documents/${document.id}/links`, undefined, 200)
  assert.deepEqual(links.map((one) => [one.id, one.has_password, 'secret' in one]), [[link.id, true, false]])
  for (const password of [undefined, '', 'six swans']) {
    const refused = await open({ secret: link.secret, password }, 403)
    assert.equal(refused.field, 'password')
  }
  const { token } = await open({ secret: link.secret, password: 'seven swans' })
  await hub.crash()
  await hub.spawn()
  await ask({ token }, 'GET', `/documents/${document.id}`, undefined, 200)
  await ask({ token }, 'PUT', `/documents/${document.id}`, { content: 'y', version: 1 }, 403)
  const { events } = await ask(ann, 'GET', '/audit?limit=100', undefined, 200)
  const ofLink = events.filter((one) => one.target === document.id && one.action.startsWith('link.'))
  assert.deepEqual(ofLink.map((one) => [one.action, one.outcome]).toReversed(),
    [['link.made', 'done'], ['link.opened', 'refused'], ['link.opened', 'refused'], ['link.opened', 'done']])
  assert.ok(!JSON.stringify(events).includes(link.secret) && !JSON.stringify(events).includes(token))
})

test('a link never may more than who made it, and ends with them or with its time', async () => {
  const document = await hub.createDocument(ann, { name: 'Lent', content: 'x' })
  await hub.share(ann, document, bob, 'share')
  const link = await makeLink(bob, document, { access_level: 'write' })
  const visitor = await open({ secret: link.secret })
  const live = new Client(hub, document, visitor)
  await live.synced()
  await hub.share(ann, document, bob, 'read')
  assert.equal((await ask(visitor, 'GET', `/documents/${document.id}`, undefined, 200)).access_level, 'read')
  await makeLinkRefused(bob, document)
  await ask(ann, 'DELETE', `/documents/${document.id}/share/${bob.id}`, undefined, 204)
  await until('closed', () => live.closes.some(({ code }) => code === 4404))
  await ask(visitor, 'GET', `/documents/${document.id}`, undefined, 404)
  // Whoever may share sees and removes the links of others too.
  await ask(ann, 'DELETE', `/documents/${document.id}/links/${link.id}`, undefined, 204)
  live.close()

  const brief = await makeLink(ann, document, { access_level: 'read', expires_at: new Date(Date.now() + 1500).toISOString() })
  const guest = await open({ secret: brief.secret })
  assert.equal(guest.expires_at, brief.expires_at)
  await until('expired', async () => (await hub.request('GET', `/documents/${document.id}`, { token: guest.token })).status === 401)
  await open({ secret: brief.secret }, 404)
  assert.deepEqual((await ask(ann, 'GET', `/documents/${document.id}/links`, undefined, 200)).links, [])
})

async function makeLinkRefused(who, document) {
  const refused = await hub.request('POST', `/documents/${document.id}/links`, { token: who.token, body: { access_level: 'read' } })
  assert.equal(refused.status, 403)
}

test('a link to a folder lets in to what lies in it', async () => {
  const folder = await ask(ann, 'POST', '/folders', { name: 'Shelf' }, 201)
  const inner = await ask(ann, 'POST', '/folders', { name: 'Box', folder: folder.id }, 201)
  const document = await hub.createDocument(ann, { name: 'Inside', folder: inner.id, content: 'x' })
  const link = await ask(ann, 'POST', `/folders/${folder.id}/links`, { access_level: 'suggest' }, 201)
  const visitor = await open({ secret: link.secret })
  assert.deepEqual((await ask(visitor, 'GET', `/folders?folder=${folder.id}`, undefined, 200)).folders.map((one) => one.name), ['Box'])
  assert.deepEqual((await ask(visitor, 'GET', `/documents?folder=${inner.id}`, undefined, 200)).documents.map((one) => one.name), ['Inside'])
  const proposal = await ask(visitor, 'POST', `/documents/${document.id}/suggestions`, { content: 'y', version: 1 }, 201)
  assert.equal(proposal.author, link.id)
  await ask(visitor, 'POST', '/documents', { name: 'x', folder: folder.id }, 403)
})

test('a hub without links makes none and opens none', async () => {
  const document = await hub.createDocument(ann, { name: 'Open', content: 'one' })
  const { secret } = await makeLink(ann, document, { access_level: 'read' })
  const { token } = await open({ secret })
  await hub.crash()
  hub.settings = { ...hub.settings, SHARE_LINKS: 'false' }
  await hub.spawn()
  await ask({ token }, 'GET', `/documents/${document.id}`, undefined, 401)
  await open({ secret }, 403)
  await makeLinkRefused(ann, document)
})
