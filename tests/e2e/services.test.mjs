// Services: one fetches a token for another, and asks the hub whether a user's token is good now, as RFC 7662 has it.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { Hub } from './hub.mjs'

let hub, owner, service

before(async () => {
  hub = await Hub.start()
  owner = await hub.register('Owner')
  service = (await hub.request('POST', '/services', { token: owner.token, body: { name: 'shop', audiences: ['introspection', 'stock'] } })).body
})
after(() => hub?.stop())

const tokenFor = async (audience, secret = service.secret) =>
  hub.request('POST', '/auth/service-token', { body: { service: service.id, secret, audience } })

/** What a client of RFC 7662 does. */
async function introspect(bearer, token) {
  const response = await fetch(`${hub.url}/auth/introspect`, {
    method: 'POST', headers: { authorization: `Bearer ${bearer}` }, body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
  })
  return { status: response.status, body: await response.json() }
}

test('whether a token is good is asked by a form or by JSON', async () => {
  const { body: { access_token: bearer } } = await tokenFor('introspection')
  const user = await hub.register('User')
  const told = await introspect(bearer, user.token)
  assert.equal(told.status, 200)
  assert.equal(told.body.active, true)
  assert.equal(told.body.sub, user.id)
  assert.deepEqual((await hub.request('POST', '/auth/introspect', { token: bearer, body: { token: user.token } })).body, told.body)
  assert.equal((await hub.request('POST', '/auth/logout', { body: { refresh_token: user.refresh } })).status, 204)
  assert.deepEqual((await introspect(bearer, user.token)).body, { active: false })
  assert.deepEqual((await introspect(bearer, 'nothing')).body, { active: false })
  assert.equal((await introspect(bearer, '')).body.field, 'token')
  assert.equal((await introspect(bearer, 'x'.repeat(5000))).body.field, 'token')
})

test('a token is for one audience, and its secret can be renewed', async () => {
  const { body: { access_token: stock } } = await tokenFor('stock')
  assert.equal((await introspect(stock, owner.token)).status, 401)
  assert.equal((await hub.request('GET', '/documents', { token: stock })).status, 401)
  assert.equal((await tokenFor('else')).status, 403)
  const { body } = await hub.request('POST', `/services/${service.id}/secret`, { token: owner.token, body: {} })
  assert.equal((await tokenFor('stock')).status, 401)
  assert.equal((await tokenFor('stock', body.secret)).status, 200)
})

test('when all signing keys are renewed at once, every token is refused, and signing in works on', async () => {
  const { body: before } = await hub.request('GET', '/.well-known/jwks.json')
  const made = await hub.request('POST', '/auth/keys', { token: owner.token, body: { at_once: true } })
  assert.equal(made.status, 201)
  const { body: after } = await hub.request('GET', '/.well-known/jwks.json')
  assert.deepEqual(after.keys.map(({ kid }) => kid), [made.body.kid])
  assert.ok(before.keys.every(({ kid }) => kid !== made.body.kid))
  assert.equal((await hub.request('GET', '/documents', { token: owner.token })).status, 401)
  const again = await hub.request('POST', '/auth/login', { body: { email: owner.email, password: owner.password } })
  assert.equal(again.status, 200)
  assert.equal((await hub.request('GET', '/documents', { token: again.body.access_token })).status, 200)
})
