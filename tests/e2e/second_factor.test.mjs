// Signing in by two steps: an authenticator app, recovery codes, and who has lost both.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Hub, until } from './hub.mjs'
import { Client } from './client.mjs'
import { oneTimeCode } from './one_time_code.mjs'

let hub, ann
before(async () => {
  hub = await Hub.start({ ENCRYPT_AT_REST: 'true', SIGN_IN_RATE_PER_MINUTE: '0', ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1' })
  ann = await hub.register('Ann')
})
after(() => hub?.stop())

const call = (method, path, user, body) => hub.request(method, path, { token: user?.token, body })
const begin = (user) => call('POST', '/auth/login', null, { email: user.email, password: user.password })
const finish = (ticket, code) => call('POST', '/auth/login/second-factor', null, { ticket, code })

/** Two steps from now on; `code` is one that confirmed it. */
async function enable(user) {
  const made = await call('POST', '/auth/second-factor/totp', user, { password: user.password })
  assert.equal(made.status, 200, JSON.stringify(made.body))
  const code = oneTimeCode(made.body.secret)
  const on = await call('POST', '/auth/second-factor/totp/confirm', user, { code })
  assert.equal(on.status, 200, JSON.stringify(on.body))
  return { secret: made.body.secret, code, recovery: on.body.recovery_codes }
}

test('the app of the account lets in, each code once, over a restart too', async () => {
  const ben = await hub.register('Ben')
  const { secret, code, recovery } = await enable(ben)
  assert.equal(recovery.length, 10)
  const asked = await begin(ben)
  assert.equal(asked.status, 200)
  assert.deepEqual(asked.body.second_factor, ['totp', 'recovery'])
  assert.equal(asked.body.access_token, undefined)
  assert.equal((await finish(asked.body.ticket, code)).status, 401, 'it was used to confirm')
  // The next one is let in already: clocks differ.
  const next = oneTimeCode(secret, 1)
  const signedIn = await finish(asked.body.ticket, next)
  assert.equal(signedIn.status, 200, JSON.stringify(signedIn.body))
  assert.equal((await call('GET', '/auth/me', { token: signedIn.body.access_token })).body.email, ben.email)
  const { ticket } = (await begin(ben)).body
  await hub.crash()
  await hub.spawn()
  assert.equal((await finish(ticket, next)).status, 401, 'used before the crash')
  assert.equal((await finish(ticket, recovery[3])).status, 200)
  assert.equal((await finish(ticket, recovery[4])).status, 401, 'the ticket was used')
  for (const entry of await readdir(hub.data, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const bytes = await readFile(join(entry.parentPath ?? entry.path, entry.name))
    for (const text of [secret, recovery[0], recovery[0].replaceAll('-', ''), ticket]) assert.ok(!bytes.includes(text), entry.name)
  }
  for (const text of [secret, next, recovery[3], ticket]) assert.ok(!hub.log.includes(text))
})

test('who tries codes has to wait, whoever has a recovery code has not', async () => {
  const cat = await hub.register('Cat')
  const { secret, recovery } = await enable(cat)
  const { ticket } = (await begin(cat)).body
  const right = [-1, 0, 1, 2].map((n) => oneTimeCode(secret, n))
  const wrong = ['000000', '000001', '000002', '000003', '000004'].find((code) => !right.includes(code))
  for (let i = 0; i < 5; i++) assert.equal((await finish(ticket, wrong)).status, 401)
  const limited = await finish(ticket, oneTimeCode(secret, 1))
  assert.equal(limited.status, 429)
  assert.ok(Number(limited.headers.get('retry-after')) > 0)
  assert.equal((await finish(ticket, recovery[0])).status, 200)
})

test('an admin takes it away, and what is open ends', async () => {
  const dan = await hub.register('Dan')
  await enable(dan)
  const document = await hub.createDocument(dan, { name: 'live', content: 'x' })
  const live = new Client(hub, document, dan)
  await live.synced()
  assert.equal((await call('DELETE', `/users/${dan.id}/second-factor`, ann)).status, 204)
  await until('the live session to end', () => !live.provider.wsconnected)
  live.close()
  assert.equal((await call('GET', '/auth/me', dan)).status, 401)
  const back = await hub.logIn(dan)
  assert.deepEqual((await call('GET', '/auth/second-factor', back)).body, { totp: false, recovery_codes: 0, passkeys: [], password: true })
  const { body } = await call('GET', `/audit?target=${dan.id}`, ann)
  for (const action of ['account.second_factor_enabled', 'account.second_factor_reset'])
    assert.ok(body.events.some((event) => event.action === action), action)
})
