// Agents: programs with tokens of their own, which may what their scopes say and their owner may, whichever is less.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Client } from './client.mjs'
import { Hub, until } from './hub.mjs'

let hub, ann, bob

before(async () => {
  hub = await Hub.start()
  ann = await hub.register('Ann')
  bob = await hub.register('Bob')
})
after(() => hub.stop())

const ask = (...words) => hub.ask(...words)
const makeAgent = (...words) => hub.makeAgent(...words)

test('an agent writes within its scope, under its own name, and nothing else', async () => {
  const folder = await ask(ann, 'POST', '/folders', { name: 'For robots' }, 201)
  const inside = await hub.createDocument(ann, { name: 'Inside', folder: folder.id, content: 'one' })
  const outside = await hub.createDocument(ann, { name: 'Outside', content: 'secret' })
  const agent = await makeAgent(ann, [{ thing: folder.id, permission: 'write' }])

  assert.equal((await ask(agent, 'GET', `/documents/${inside.id}`, undefined, 200)).access_level, 'write')
  await ask(agent, 'GET', `/documents/${outside.id}`, undefined, 404)
  assert.deepEqual((await ask(agent, 'GET', '/documents', undefined, 200)).documents.map((d) => d.name), ['Inside'])
  const { version } = await hub.read(ann, inside)
  await ask(agent, 'PUT', `/documents/${inside.id}`, { content: 'one, said the robot', version }, 200)
  const { versions } = await ask(ann, 'GET', `/documents/${inside.id}/history`, undefined, 200)
  const authors = versions.flatMap((one) => one.authors)
  assert.ok(authors.some((author) => author.principal === agent.id && author.name === 'Robot'), JSON.stringify(authors))

  // What is for users, or needs more than write.
  await ask(agent, 'GET', '/auth/me', undefined, 403)
  await ask(agent, 'GET', '/agents', undefined, 403)
  await ask(agent, 'POST', `/documents/${inside.id}/share`, { principal: bob.email, access_level: 'read' }, 403)
  await ask(agent, 'DELETE', `/documents/${inside.id}`, undefined, 403)
  await ask(agent, 'POST', '/documents', { name: 'Anywhere' }, 403)
  const made = await ask(agent, 'POST', '/documents', { name: 'Here', folder: folder.id }, 201)
  assert.equal(made.owner, ann.id)
})

test('an agent loses at once what its owner loses, also under an open session', async () => {
  const document = await hub.createDocument(ann, { name: 'Lent', content: 'x' })
  await hub.share(ann, document, bob, 'write')
  const agent = await makeAgent(bob, [{ thing: '*', permission: 'write' }])
  const live = new Client(hub, document, agent)
  await live.synced()
  live.change((text) => text.insert(0, 'robot: '))
  await until('written', async () => (await hub.read(ann, document)).content.startsWith('robot: '))
  await ask(ann, 'DELETE', `/documents/${document.id}/share/${bob.id}`, undefined, 204)
  await until('closed', () => live.closes.some(({ code }) => code === 4404))
  await ask(agent, 'GET', `/documents/${document.id}`, undefined, 404)
  live.close()
})

test('a changed scope, a new token and a removal hold at once', async () => {
  const document = await hub.createDocument(ann, { name: 'Watched', content: 'x' })
  const agent = await makeAgent(ann, [{ thing: document.id, permission: 'write' }])
  const { version } = await ask(agent, 'GET', `/documents/${document.id}`, undefined, 200)
  await ask(ann, 'PATCH', `/agents/${agent.id}`, { scopes: [{ thing: document.id, permission: 'read' }] }, 200)
  await ask(agent, 'PUT', `/documents/${document.id}`, { content: 'y', version }, 403)

  const first = new Client(hub, document, agent)
  await first.synced()
  const renewed = await ask(ann, 'POST', `/agents/${agent.id}/token`, undefined, 200)
  await until('the old token\'s session ends', () => first.closes.some(({ code }) => code === 4401))
  await ask(agent, 'GET', `/documents/${document.id}`, undefined, 401)
  await ask(renewed, 'GET', `/documents/${document.id}`, undefined, 200)
  first.close()

  const second = new Client(hub, document, renewed)
  await second.synced()
  await ask(ann, 'DELETE', `/agents/${agent.id}`, undefined, 204)
  await until('the removed agent\'s session ends', () => second.closes.some(({ code }) => code === 4401))
  await ask(renewed, 'GET', `/documents/${document.id}`, undefined, 401)
  await ask(bob, 'DELETE', `/agents/${agent.id}`, undefined, 404)
  second.close()
})

test('what an agent suggests is taken or left by who may write', async () => {
  const document = await hub.createDocument(ann, { name: 'Minutes', content: 'agreed' })
  await hub.share(ann, document, bob, 'suggest')
  const agent = await makeAgent(ann, [{ thing: document.id, permission: 'suggest' }])
  const path = `/documents/${document.id}/suggestions`
  const { version } = await hub.read(ann, document)
  await ask(agent, 'PUT', `/documents/${document.id}`, { content: 'x', version }, 403)
  const first = await ask(agent, 'POST', path, { content: 'agreed by all', version, message: 'who?' }, 201)
  const second = await ask(bob, 'POST', path, { content: 'not agreed', version }, 201)
  assert.equal((await hub.read(ann, document)).content.trim(), 'agreed')
  assert.ok(first.changes.some((one) => one.kind === 'added' && one.insert.includes('by all')))
  await ask(bob, 'POST', `${path}/${first.id}/accept`, undefined, 403)
  await ask(bob, 'DELETE', `${path}/${first.id}`, undefined, 403)
  await ask(bob, 'DELETE', `${path}/${second.id}`, undefined, 204) // one's own
  await ask(ann, 'PUT', `/documents/${document.id}`, { content: 'Minutes: agreed', version }, 200)
  const now = await ask(ann, 'POST', `${path}/${first.id}/accept`, undefined, 200)
  assert.equal(now.content.trim(), 'Minutes: agreed by all') // what was written since stays
  const { suggestions } = await ask(bob, 'GET', path, undefined, 200)
  assert.deepEqual(suggestions.map((one) => [one.state, one.author_name, one.decided_by_name]),
    [['rejected', 'Bob', 'Bob'], ['accepted', 'Robot', 'Ann']])
  const { versions } = await ask(ann, 'GET', `/documents/${document.id}/history`, undefined, 200)
  assert.ok(versions[0].authors.some((author) => author.name === 'Robot'))
})

test('an agent is held to its rate and its time', async () => {
  const slow = await makeAgent(ann, [{ thing: '*', permission: 'read' }], { per_minute: 3 })
  for (let i = 0; i < 3; ++i) await ask(slow, 'GET', '/documents', undefined, 200)
  const refused = await hub.request('GET', '/documents', { token: slow.token })
  assert.equal(refused.status, 429)
  assert.ok(Number(refused.headers.get('retry-after')) >= 1)
  const brief = await makeAgent(ann, [{ thing: '*', permission: 'read' }], { expires_at: new Date(Date.now() + 1500).toISOString() })
  await ask(brief, 'GET', '/documents', undefined, 200)
  await until('expired', async () => (await hub.request('GET', '/documents', { token: brief.token })).status === 401)
})
