// Who may do what, as it takes effect: groups, folders, everybody, expiry and roles, on REST and on live sessions.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { Client } from './client.mjs'
import { binary, Hub, until } from './hub.mjs'

let hub, owner, ann, bob, guest

const ask = (...words) => hub.ask(...words)
const closedWith = (client, wanted) => client.closes.some(({ code }) => code === wanted)
const levelOf = async (user, document) => {
  const { status, body } = await hub.request('GET', `/documents/${document.id}`, { token: user.token })
  return status === 200 ? body.access_level : 'none'
}

before(async () => {
  hub = await Hub.start()
  owner = await hub.register('Owner')
  ann = await hub.register('Ann')
  bob = await hub.register('Bob')
  guest = await hub.register('Guest')
  await ask(owner, 'PATCH', `/users/${guest.id}`, { role: 'guest' }, 200)
})
after(() => hub.stop())

test('a folder opens what lies in it to a group, and closes it again, also under open sessions', async () => {
  const group = await ask(owner, 'POST', '/groups', { name: 'Editors' }, 201)
  const outer = await ask(ann, 'POST', '/folders', { name: 'Outer' }, 201)
  const inner = await ask(ann, 'POST', '/folders', { name: 'Inner', folder: outer.id }, 201)
  const document = await hub.createDocument(ann, { name: 'Plan', folder: inner.id, content: 'one' })
  assert.equal(await levelOf(bob, document), 'none')

  await ask(ann, 'POST', `/folders/${outer.id}/share`, { principal: group.id, access_level: 'write' }, 200)
  assert.equal(await levelOf(bob, document), 'none')
  await ask(owner, 'PUT', `/groups/${group.id}/members/${bob.id}`, undefined, 204)
  assert.equal(await levelOf(bob, document), 'write')
  assert.deepEqual((await ask(bob, 'GET', '/documents', undefined, 200)).documents.map((d) => d.id), [document.id])
  assert.deepEqual((await ask(bob, 'GET', `/folders?folder=${outer.id}`, undefined, 200)).folders.map((f) => f.id), [inner.id])

  const live = new Client(hub, document, bob)
  await live.synced()
  live.change((text) => text.insert(0, 'bob: '))
  await until('the edit is there', async () => (await hub.read(ann, document)).content.startsWith('bob: '))

  // Less on the folder: a session may only read from then on.
  await ask(ann, 'POST', `/folders/${outer.id}/share`, { principal: group.id, access_level: 'read' }, 200)
  live.change((text) => text.insert(0, 'no: '))
  await until('refused', () => closedWith(live, 4403))
  assert.ok(!(await hub.read(ann, document)).content.startsWith('no: '))

  live.close()

  // Out of the group: the session ends.
  const reader = new Client(hub, document, bob)
  await reader.synced()
  await ask(owner, 'DELETE', `/groups/${group.id}/members/${bob.id}`, undefined, 204)
  await until('closed', () => closedWith(reader, 4404))
  assert.equal(await levelOf(bob, document), 'none')
  reader.close()

  // Out of the folder the group's grant no longer counts, back in it it does.
  await ask(owner, 'PUT', `/groups/${group.id}/members/${bob.id}`, undefined, 204)
  await ask(ann, 'PATCH', `/documents/${document.id}`, { folder: null }, 200)
  assert.equal(await levelOf(bob, document), 'none')
  await ask(ann, 'PATCH', `/documents/${document.id}`, { folder: outer.id }, 200)
  assert.equal(await levelOf(bob, document), 'read')
  await ask(owner, 'DELETE', `/groups/${group.id}`, undefined, 204)
  assert.equal(await levelOf(bob, document), 'none')
})

test('everybody here means no guest, and a grant ends at its time, under an open session too', async () => {
  const document = await hub.createDocument(ann, { name: 'Notice' })
  const share = (fields, status = 200) => ask(ann, 'POST', `/documents/${document.id}/share`, fields, status)
  await share({ principal: 'everybody', access_level: 'read' })
  assert.equal(await levelOf(bob, document), 'read')
  assert.equal(await levelOf(guest, document), 'none')
  await share({ principal: bob.id, access_level: 'write', expires_at: '2001-01-01T00:00:00Z' }, 400)
  await share({ principal: guest.id, access_level: 'write', expires_at: new Date(Date.now() + 2500).toISOString() })
  assert.equal(await levelOf(guest, document), 'write')
  const live = new Client(hub, document, guest)
  await live.synced()
  await until('closed when it expires', () => closedWith(live, 4404), 8000)
  assert.equal(await levelOf(guest, document), 'none')
  live.close()
})

test('who has a share may give it on, and no more than it', async () => {
  const document = await hub.createDocument(ann, { name: 'Shared on' })
  const path = `/documents/${document.id}/share`
  await ask(ann, 'POST', path, { principal: bob.id, access_level: 'write' }, 200)
  await ask(bob, 'POST', path, { principal: owner.id, access_level: 'read' }, 403)
  await ask(ann, 'POST', path, { principal: bob.id, access_level: 'share' }, 200)
  await ask(bob, 'POST', path, { principal: owner.id, access_level: 'share' }, 200)
  await ask(bob, 'POST', path, { principal: owner.id, access_level: 'owner' }, 400)
  await ask(bob, 'DELETE', `/documents/${document.id}`, undefined, 403)
  await ask(bob, 'DELETE', `${path}/${owner.id}`, undefined, 204)
  assert.equal(await levelOf(owner, document), 'none') // the hub's owner reads nothing that was not shared
})

test('roles hold at once for tokens that are out', async () => {
  await ask(bob, 'GET', '/users', undefined, 403)
  await ask(bob, 'GET', '/audit', undefined, 403)
  await ask(owner, 'PATCH', `/users/${bob.id}`, { role: 'admin' }, 200)
  await ask(bob, 'GET', '/users', undefined, 200)
  await ask(bob, 'PATCH', `/users/${ann.id}`, { role: 'admin' }, 403)
  await ask(bob, 'PATCH', `/users/${owner.id}`, { role: 'member' }, 403)
  await ask(owner, 'PATCH', `/users/${bob.id}`, { role: 'guest' }, 200)
  await ask(bob, 'GET', '/users', undefined, 403)
  await ask(bob, 'POST', '/documents', { name: 'x' }, 403)
  await ask(bob, 'POST', '/folders', { name: 'x' }, 403)
  await ask(bob, 'GET', '/groups', undefined, 403)
})

test('all of it is in the audit record, and its chain holds', async () => {
  const { events } = await ask(owner, 'GET', '/audit?limit=1000', undefined, 200)
  const actions = new Set(events.map((event) => event.action))
  for (const action of ['account.registered', 'account.role_changed', 'group.created', 'group.joined', 'group.left',
    'group.removed', 'access.granted', 'access.taken'])
    assert.ok(actions.has(action), action)
  const refused = events.filter((event) => event.action === 'request.refused')
  assert.ok(refused.some((event) => event.actor === bob.id && event.target === '/users' && event.detail.status === '403'))
  assert.ok(refused.every((event) => event.outcome === 'refused' && !JSON.stringify(event).includes(bob.token)))
  const verify = (...words) => promisify(execFile)(binary, ['audit', 'verify', ...words])
  const { stdout } = await verify('--data', hub.data)
  assert.match(stdout, new RegExp(`^${events[0].seq} lines, whole; head ${events[0].seq}:[0-9a-f]{64}`))
  await assert.rejects(verify('--data', hub.data, '--known', `1:${'0'.repeat(64)}`), /line 1 is not the one/)
})
