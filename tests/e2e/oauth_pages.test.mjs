// Signing in by a provider in the browser, through the login and consent pages of the certified oidc-provider.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { id, launchBrowser } from './browser.mjs'
import { Hub, until } from './hub.mjs'
import { photograph } from './pages.mjs'
import { OidcIssuer } from './oidc_issuer.mjs'
import { oneTimeCode } from './one_time_code.mjs'

let rsa, ec, hub, browser
const settingsOf = (name, { url, client }) => ({
  [`OAUTH_${name}_ISSUER`]: url, [`OAUTH_${name}_CLIENT_ID`]: client.client_id, [`OAUTH_${name}_CLIENT_SECRET`]: client.client_secret,
})
before(async () => {
  [rsa, ec] = await Promise.all([OidcIssuer.listen(), OidcIssuer.listen()])
  hub = await Hub.start((url) => ({
    SIGN_IN_RATE_PER_MINUTE: '0', ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1', PUBLIC_URL: url,
    OAUTH_PROVIDERS: 'acme,example', OAUTH_ACME_LABEL: 'Acme Corp', ...settingsOf('ACME', rsa), ...settingsOf('EXAMPLE', ec),
  }))
  rsa.open(`${hub.url}/auth/oauth/acme/callback`, 'RS256')
  ec.open(`${hub.url}/auth/oauth/example/callback`, 'ES256')
  await hub.register('Owner')
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await hub?.stop()
  for (const one of [rsa, ec]) one?.stop()
})

async function open(path = '/sign-in', context) {
  const page = await (context ?? await browser.newContext({ viewport: { width: 1280, height: 844 } })).newPage()
  page.setDefaultTimeout(20_000)
  page.seen = []
  page.on('framenavigated', (frame) => page.seen.push(frame.url()))
  await page.goto(hub.url + path)
  return page
}

/** Through the issuer's pages, as a person would go. */
async function consentAs(page, name) {
  await page.fill('input[name=login]', name)
  await page.fill('input[name=password]', 'anything')
  await page.click('button[type=submit]')
  await page.waitForSelector('input[name=prompt][value=consent]', { state: 'attached' })
  await page.click('button[type=submit]')
}

async function signIn(page, user) {
  await page.fill(id('sign-in-email'), user.email)
  await page.fill(id('sign-in-password'), user.password)
  await page.click(id('sign-in-submit'))
  await page.waitForSelector(id('doc-new'))
}

for (const [name, algorithm] of [['acme', 'RS256'], ['example', 'ES256']]) {
  test(`whoever comes from an issuer of ${algorithm} gets an account, and comes again`, async () => {
    const page = await open()
    await page.waitForSelector(id(`oauth-${name}`))
    if (name === 'acme') await photograph(page, 'oauth-sign-in')
    await page.click(id(`oauth-${name}`))
    await consentAs(page, `person-${name}`)
    await page.waitForSelector(id('doc-new'))
    assert.equal(new URL(page.url()).hash, '')
    const { user, refresh_token } = JSON.parse(await page.evaluate(() => localStorage.getItem('concord.session')))
    assert.equal(user.email, `person-${name}@example.org`)
    assert.equal(user.name, `Person-${name}`)
    for (const url of page.seen) assert.ok(!url.includes(refresh_token), 'no token stands in an address')
    assert.deepEqual(await page.evaluate(() => document.cookie), '')
    await page.reload()
    await page.waitForSelector(id('doc-new'))
    await page.context().close()

    const again = await open()
    await again.click(id(`oauth-${name}`))
    await consentAs(again, `person-${name}`)
    await again.waitForSelector(id('doc-new'))
    assert.equal(JSON.parse(await again.evaluate(() => localStorage.getItem('concord.session'))).user.id, user.id)
    await again.context().close()
  })
}

test('who says no there is told so here', async () => {
  const page = await open()
  await page.click(id('oauth-acme'))
  await page.waitForSelector('input[name=login]')
  await page.click('text=Cancel')
  await page.waitForSelector(id('form-problem'))
  assert.match(await page.textContent(id('form-problem')), /did not let the hub know who you are/)
  assert.equal(new URL(page.url()).hash, '')
  await photograph(page, 'oauth-denied')
  await page.context().close()
})

test('an account is connected on its page, by its password, and disconnected', async () => {
  const ada = await hub.register('Ada')
  const stranger = await open()
  await stranger.click(id('oauth-acme'))
  await consentAs(stranger, 'ada')
  await stranger.waitForSelector(id('form-problem'))
  assert.match(await stranger.textContent(id('form-problem')), /sign in to it, and connect Acme Corp on your account page/i)
  await photograph(stranger, 'oauth-email-taken')
  await stranger.context().close()

  const page = await open()
  await signIn(page, ada)
  await page.goto(`${hub.url}/account`)
  await page.waitForSelector(id('connect-acme'))
  await page.click(id('connect-acme'))
  await page.fill(id('proof-password'), 'not the one')
  await page.click(id('proof-submit'))
  await page.waitForSelector('text=The password is wrong')
  await photograph(page, 'oauth-connect')
  await page.fill(id('proof-password'), ada.password)
  await page.click(id('proof-submit'))
  await consentAs(page, 'ada')
  await page.waitForSelector(id('connection-row'))
  assert.match(await page.textContent(id('connection-row')), /Acme Corp.*ada@example\.org/)
  assert.equal(new URL(page.url()).pathname, '/account')
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false)
  await page.locator(id('account-connections-section')).scrollIntoViewIfNeeded()
  await photograph(page, 'oauth-connected')

  const other = await open()
  await other.click(id('oauth-acme'))
  await consentAs(other, 'ada')
  await other.waitForSelector(id('doc-new'))
  assert.equal(JSON.parse(await other.evaluate(() => localStorage.getItem('concord.session'))).user.id, ada.id)
  await other.context().close()

  await page.click(id('disconnect-acme'))
  await page.fill(id('proof-password'), ada.password)
  await page.click(id('proof-submit'))
  await page.waitForSelector(id('connect-acme'))
  assert.equal(await page.locator(id('connection-row')).count(), 0)
  await page.context().close()
})

test('the last way in stays until there is a password', async () => {
  const page = await open()
  await page.click(id('oauth-example'))
  await consentAs(page, 'nia')
  await page.waitForSelector(id('doc-new'))
  await page.goto(`${hub.url}/account`)
  await page.waitForSelector(id('no-password'))
  await page.locator(id('account-connections-section')).scrollIntoViewIfNeeded()
  await photograph(page, 'oauth-no-password')
  await page.click(id('disconnect-example'))
  await page.click(id('proof-submit'))
  await page.waitForSelector('text=set a password first')
  await page.keyboard.press('Escape')
  await page.click(id('password-set'))
  await page.fill(id('password-new'), 'a long one of Nia’s')
  await page.click(id('password-set-submit'))
  await page.waitForSelector(id('no-password'), { state: 'detached' })
  assert.equal((await hub.request('POST', '/auth/login', { body: { email: 'nia@example.org', password: 'a long one of Nia’s' } })).status, 200)
  await page.context().close()
})

test('a second step is asked for here, too', async () => {
  const ben = await hub.register('Ben')
  const page = await open()
  await signIn(page, ben)
  await page.goto(`${hub.url}/account`)
  await page.click(id('connect-example'))
  await page.fill(id('proof-password'), ben.password)
  await page.click(id('proof-submit'))
  await consentAs(page, 'ben')
  await page.waitForSelector(id('connection-row'))
  await page.context().close()
  const made = await hub.request('POST', '/auth/second-factor/totp', { token: ben.token, body: { password: ben.password } })
  await hub.request('POST', '/auth/second-factor/totp/confirm', { token: ben.token, body: { code: oneTimeCode(made.body.secret) } })
  const again = await open()
  await again.click(id('oauth-example'))
  await consentAs(again, 'ben')
  await again.fill(id('second-step-code'), oneTimeCode(made.body.secret, 1))
  await again.click(id('second-step-submit'))
  await again.waitForSelector(id('doc-new'))
  await again.context().close()
})

test('a code works once at the certified issuer as well, and an answer at another browser not at all', async () => {
  const page = await open()
  let callback
  page.on('request', (request) => { if (request.url().includes('/callback?')) callback = request.url() })
  await page.click(id('oauth-acme'))
  await consentAs(page, 'replayed')
  await page.waitForSelector(id('doc-new'))
  assert.ok(await until('the callback', () => callback))
  const replay = await fetch(callback, { redirect: 'manual' })
  assert.equal(replay.headers.get('location'), '/sign-in#oauth-problem=expired')
  await page.context().close()
})
