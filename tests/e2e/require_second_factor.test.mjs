// Where a second step of signing in is demanded: what who has none may do, route by route, what becomes of their agents, and
// how the app leads them to it.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { id, launchBrowser, shots } from './browser.mjs'
import { Client } from './client.mjs'
import { Hub, until } from './hub.mjs'
import { oneTimeCode } from './one_time_code.mjs'

const quick = { SIGN_IN_RATE_PER_MINUTE: '0', ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1' }
let hub
before(async () => {
  hub = await Hub.start({ REQUIRE_SECOND_FACTOR: 'everybody', ...quick })
})
after(() => hub?.stop())

const call = (method, path, user, body) => hub.request(method, path, { token: user?.token, body })
const refused = ({ status, body }) => status === 403 && body.reason === 'second_factor_required'

/** Codes of an app; answers the recovery codes. */
async function setUp(user) {
  const { secret } = await hub.ask(user, 'POST', '/auth/second-factor/totp', { password: user.password }, 200)
  return (await hub.ask(user, 'POST', '/auth/second-factor/totp/confirm', { code: oneTimeCode(secret) }, 200)).recovery_codes
}

// All that who has no second step may do with a token. What needs none stays as it is: signing in, refreshing, signing out.
const allowed = new Set([
  'GET /auth/me', 'GET /auth/second-factor', 'POST /auth/second-factor/totp', 'POST /auth/second-factor/totp/confirm',
  'POST /auth/passkeys/options', 'POST /auth/passkeys',
])

test('who has none may set one up, and nothing else', async () => {
  const ann = await hub.register('Ann')
  const { paths } = (await call('GET', '/openapi.json')).body
  let asked = 0
  for (const [pattern, operations] of Object.entries(paths)) {
    for (const [verb, operation] of Object.entries(operations)) {
      if (!operation.security?.some((one) => 'bearer' in one) || pattern.endsWith('/sync')) continue
      if (pattern === '/auth/introspect') continue // takes a service's token
      const method = verb.toUpperCase()
      const answer = await call(method, pattern.replace(/\{(\w+)\}/g, 'x'), ann, method === 'GET' ? undefined : {})
      assert.equal(refused(answer), !allowed.has(`${method} ${pattern}`), `${method} ${pattern}: ${answer.status} ${JSON.stringify(answer.body)}`)
      asked += 1
    }
  }
  assert.ok(asked > 60, `${asked} routes`)
  assert.equal((await call('POST', '/auth/refresh', null, { refresh_token: ann.refresh })).status, 200)
  await setUp(ann)
  assert.equal((await call('GET', '/documents', ann)).status, 200, 'at once, with the token that was refused')
})

test('agents wait with their owner, and what they have open closes', async () => {
  const ben = await hub.register('Ben')
  const recovery = await setUp(ben)
  const document = await hub.createDocument(ben, { name: 'live', content: 'x' })
  const link = await hub.ask(ben, 'POST', `/documents/${document.id}/links`, { access_level: 'read' }, 201)
  const visitor = await hub.ask({}, 'POST', '/links/open', { secret: link.secret }, 200)
  const agent = await hub.makeAgent(ben, [{ thing: '*', permission: 'write' }])
  const live = new Client(hub, document, agent)
  await live.synced()
  // Ben takes it off: back to setting one up, with the session that is open.
  await hub.ask(ben, 'DELETE', '/auth/second-factor/totp', { password: ben.password, code: recovery[0] }, 204)
  await until('the agent is cut off', () => live.closes.length > 0)
  live.close()
  for (const who of [ben, agent]) assert.ok(refused(await call('GET', `/documents/${document.id}`, who)))
  assert.ok(refused(await call('POST', '/mcp', agent, { jsonrpc: '2.0', id: 1, method: 'ping' })))
  assert.equal((await call('GET', `/documents/${document.id}`, visitor)).status, 200, 'a link is not who made it')
  const shut = new Client(hub, document, agent)
  await until('no session opens', () => shut.closes.some(({ code }) => code === 4403))
  assert.equal(shut.provider.synced, false)
  shut.close()
  await setUp(ben)
  for (const who of [ben, agent]) assert.equal((await call('GET', `/documents/${document.id}`, who)).status, 200)
})

test('of admins alone where that is asked for, from the moment they are', async () => {
  const own = await Hub.start({ REQUIRE_SECOND_FACTOR: 'admins', ...quick })
  try {
    const owner = await own.register('Owner')
    const eve = await own.register('Eve')
    const as = (who, method, path, body) => own.request(method, path, { token: who.token, body })
    assert.ok(refused(await as(owner, 'GET', '/users')))
    assert.equal((await as(eve, 'GET', '/documents')).status, 200)
    const { secret } = await own.ask(owner, 'POST', '/auth/second-factor/totp', { password: owner.password }, 200)
    await own.ask(owner, 'POST', '/auth/second-factor/totp/confirm', { code: oneTimeCode(secret) }, 200)
    await own.ask(owner, 'PATCH', `/users/${eve.id}`, { role: 'admin' }, 200)
    assert.ok(refused(await as(eve, 'GET', '/documents')))
    await own.ask(owner, 'PATCH', `/users/${eve.id}`, { role: 'member' }, 200)
    assert.equal((await as(eve, 'GET', '/documents')).status, 200)
  } finally {
    await own.stop()
  }
})

test('the app leads to it, and goes on from there', async () => {
  const browser = await launchBrowser()
  try {
    const cy = await hub.register('Cy')
    const context = await browser.newContext({ viewport: { width: 1280, height: 844 } })
    const page = await context.newPage()
    page.setDefaultTimeout(15_000)
    const errors = []
    page.on('pageerror', (error) => errors.push(String(error)))
    const cdp = await context.newCDPSession(page)
    await cdp.send('WebAuthn.enable')
    await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    })
    await page.goto(`http://localhost:${hub.port}/sign-in`)
    await page.fill(id('sign-in-email'), cy.email)
    await page.fill(id('sign-in-password'), cy.password)
    await page.click(id('sign-in-submit'))
    await page.waitForSelector(id('set-up-page'))
    await page.waitForSelector(id('passkey-add'))
    if (shots) {
      for (const [theme, width] of [['light', 1280], ['dark', 390]]) {
        await page.setViewportSize({ width, height: 844 })
        await page.evaluate((value) => { document.documentElement.dataset.theme = value }, theme)
        await page.screenshot({ path: `${shots}/set-up-${theme}-${width}.png`, animations: 'disabled' })
      }
      await page.setViewportSize({ width: 1280, height: 844 })
    }
    assert.equal(await page.isDisabled(id('set-up-done')), true)
    await page.reload()
    await page.click(id('passkey-add'))
    await page.fill(id('passkey-password'), cy.password)
    await page.click(id('passkey-submit'))
    await page.waitForSelector(id('recovery-codes'))
    await page.click(id('recovery-done'))
    await page.click(id('set-up-done'))
    await page.waitForSelector(id('doc-new'))
    assert.deepEqual(errors, [])
  } finally {
    await browser.close()
  }
})
