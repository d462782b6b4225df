// Passkeys in the browser, with an authenticator that the browser itself plays: added, used instead of a password and after
// one, renamed, removed; and where there can be none.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { id, launchBrowser, shots } from './browser.mjs'
import { Hub, until } from './hub.mjs'

let hub, browser
before(async () => {
  hub = await Hub.start({ SIGN_IN_RATE_PER_MINUTE: '0', ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1' })
  await hub.register('Owner')
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await hub?.stop()
})

/** Browsers make passkeys for names, not for addresses. */
const site = () => `http://localhost:${hub.port}`

async function open() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 844 } })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  page.errors = []
  page.on('pageerror', (error) => page.errors.push(String(error)))
  const cdp = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  })
  return { context, page, cdp, authenticatorId }
}

async function signIn(page, user) {
  await page.goto(`${site()}/sign-in`)
  await page.fill(id('sign-in-email'), user.email)
  await page.fill(id('sign-in-password'), user.password)
  await page.click(id('sign-in-submit'))
}

async function signOut(page) {
  await page.click(id('account-menu'))
  await page.click(id('sign-out'))
  await page.waitForSelector(id('sign-in-email'))
}

const photograph = async (page, name) => {
  if (!shots) return
  for (const [theme, width] of [['light', 1280], ['dark', 1280], ['light', 390], ['dark', 390]]) {
    await page.setViewportSize({ width, height: 844 })
    await page.evaluate((value) => { document.documentElement.dataset.theme = value }, theme)
    await page.screenshot({ path: `${shots}/${name}-${theme}-${width}.png`, animations: 'disabled' })
  }
  await page.evaluate(() => { document.documentElement.dataset.theme = 'light' })
  await page.setViewportSize({ width: 1280, height: 844 })
}

test('a passkey is added, signs in by itself and after the password, and is removed', async () => {
  const ben = await hub.register('Ben')
  const { context, page, cdp, authenticatorId } = await open()
  const credentials = async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials
  await signIn(page, ben)
  await page.waitForSelector(id('account-menu'))
  await page.goto(`${site()}/account`)
  await page.click(id('passkey-add'))
  await page.fill(id('passkey-name'), 'This laptop')
  await page.fill(id('passkey-password'), ben.password)
  await photograph(page, 'passkey-add')
  await page.click(id('passkey-submit'))
  await page.waitForSelector(id('recovery-codes'))
  await page.click(id('recovery-done'))
  await page.getByText('This laptop').waitFor()
  assert.equal((await credentials()).length, 1)
  await page.click(id('passkey-rename'))
  await page.fill(id('passkey-new-name'), 'The blue laptop')
  await page.click(id('passkey-rename-submit'))
  await page.locator(id('passkey-row')).getByText('The blue laptop').waitFor()
  await photograph(page, 'passkeys')

  // The authenticator is asked not to make a second one for the same account.
  await page.click(id('passkey-add'))
  await page.fill(id('passkey-password'), ben.password)
  await page.click(id('passkey-submit'))
  await page.getByText('This device has a passkey of yours already').waitFor()
  await page.keyboard.press('Escape')
  assert.equal((await credentials()).length, 1)

  await signOut(page)
  await photograph(page, 'sign-in-passkey')
  await page.click(id('sign-in-passkey'))
  await page.waitForSelector(id('account-menu'))
  assert.ok((await credentials())[0].signCount > 0)

  await signOut(page)
  await signIn(page, ben)
  await photograph(page, 'second-step-passkey')
  await page.click(id('second-step-passkey'))
  await page.waitForSelector(id('account-menu'))
  const asked = await hub.request('POST', '/auth/login', { body: { email: ben.email, password: ben.password } })
  assert.deepEqual(asked.body.second_factor, ['passkey', 'recovery'])

  // A copy of the authenticator from before: its count has not grown.
  const [credential] = await credentials()
  await cdp.send('WebAuthn.removeCredential', { authenticatorId, credentialId: credential.credentialId })
  await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: { ...credential, signCount: 0 } })
  await signOut(page)
  await page.click(id('sign-in-passkey'))
  await page.getByText('The passkey was not accepted').waitFor()
  await cdp.send('WebAuthn.removeCredential', { authenticatorId, credentialId: credential.credentialId })
  await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: { ...credential, signCount: 1000 } })
  await page.click(id('sign-in-passkey'))
  await page.waitForSelector(id('account-menu'))

  await page.goto(`${site()}/account`)
  await page.click(id('passkey-remove'))
  await page.fill(id('proof-password'), ben.password)
  await page.click(id('proof-submit'))
  await until('it is off the list', async () => (await page.locator(id('passkey-row')).count()) === 0)
  await hub.logIn(ben)
  await signOut(page)
  await page.click(id('sign-in-passkey'))
  await page.getByText('The passkey was not accepted').waitFor()
  assert.deepEqual(page.errors, [])
  await context.close()
})

test('what did not check who holds it is a second step and not a sign-in', async () => {
  const cy = await hub.register('Cy')
  const { context, page, cdp, authenticatorId } = await open()
  await signIn(page, cy)
  await page.waitForSelector(id('account-menu'))
  await page.goto(`${site()}/account`)
  await page.click(id('passkey-add'))
  await page.fill(id('passkey-password'), cy.password)
  await page.click(id('passkey-submit'))
  await page.waitForSelector(id('recovery-codes'))
  const codes = await page.locator(`${id('recovery-codes')} li`).allInnerTexts()
  await page.click(id('recovery-done'))
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
  await signOut(page)
  await page.click(id('sign-in-passkey'))
  await page.getByText('No passkey was given').waitFor()
  await signIn(page, cy)
  await page.click(id('second-step-passkey'))
  await page.waitForSelector(id('account-menu'))
  await signOut(page)
  await signIn(page, cy)
  await page.fill(id('second-step-code'), codes[0])
  await page.click(id('second-step-submit'))
  await page.waitForSelector(id('account-menu'))
  assert.deepEqual(page.errors, [])
  await context.close()
})

test('at an address that carries no passkeys the pages say so', async () => {
  const dan = await hub.register('Dan')
  const { context, page } = await open()
  await page.goto(`${hub.url}/sign-in`)
  await page.fill(id('sign-in-email'), dan.email)
  await page.fill(id('sign-in-password'), dan.password)
  assert.equal(await page.locator(id('sign-in-passkey')).count(), 0)
  await page.click(id('sign-in-submit'))
  await page.waitForSelector(id('account-menu'))
  await page.goto(`${hub.url}/account`)
  await page.waitForSelector(id('passkey-why-not'))
  assert.match(await page.innerText(id('passkey-why-not')), new RegExp(`open this hub at ${site()}`))
  assert.equal(await page.locator(id('passkey-add')).count(), 0)
  await page.locator(id('passkeys')).scrollIntoViewIfNeeded()
  await photograph(page, 'passkeys-elsewhere')
  assert.deepEqual(page.errors, [])
  await context.close()
})
