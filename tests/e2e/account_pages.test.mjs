// One's own account in the browser: name and password, sign-ins that end, two-step sign-in with an app, leaving.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { id, launchBrowser } from './browser.mjs'
import { Hub, until } from './hub.mjs'
import { photograph } from './pages.mjs'
import { oneTimeCode } from './one_time_code.mjs'

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

async function open(path = '/sign-in') {
  const context = await browser.newContext({ viewport: { width: 1280, height: 844 }, acceptDownloads: true })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  page.errors = []
  page.on('pageerror', (error) => page.errors.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) page.errors.push(message.text())
  })
  await page.goto(hub.url + path)
  return page
}

async function signIn(page, user, password = user.password) {
  await page.fill(id('sign-in-email'), user.email)
  await page.fill(id('sign-in-password'), password)
  await page.click(id('sign-in-submit'))
}

const wide = (page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth)

test('name, password and sign-ins', async () => {
  const ada = await hub.register('Ada')
  const page = await open()
  await signIn(page, ada)
  await page.waitForSelector(id('doc-new'))
  await page.click(id('account-menu'))
  await page.click(id('go-account'))
  await page.waitForSelector(id('sign-in-row'))
  await photograph(page, 'account', true)
  for (const width of [320, 390, 768, 1280]) {
    await page.setViewportSize({ width, height: 844 })
    assert.equal(await wide(page), false, `nothing is cut off at ${width} px`)
  }

  await page.fill(id('account-name'), 'Ada Lovelace')
  await page.click(id('account-name-submit'))
  await until('the hub has the name', async () => (await hub.request('GET', '/auth/me', { token: ada.token })).body.name === 'Ada Lovelace')
  await page.reload()
  await page.waitForSelector(id('sign-in-row'))
  assert.equal(await page.inputValue(id('account-name')), 'Ada Lovelace')

  // Ada's first sign-in, by hub.register, is the other one.
  assert.equal(await page.locator(id('sign-in-row')).count(), 2)
  assert.equal(await page.locator(`${id('sign-in-row')}[data-current="true"]`).count(), 1)
  await page.click(id('sign-in-end'))
  await until('it has ended', async () => (await hub.request('GET', '/auth/me', { token: ada.token })).status === 401)
  await until('it is off the list', async () => (await page.locator(id('sign-in-row')).count()) === 1)

  const other = await hub.logIn(ada)
  await page.fill(id('account-old-password'), 'not the one')
  await page.fill(id('account-new-password'), 'another correct horse')
  await page.click(id('account-password-submit'))
  await page.getByText('The password is wrong').waitFor()
  await page.fill(id('account-old-password'), ada.password)
  await page.click(id('account-password-submit'))
  await until('the other sign-in has ended', async () => (await hub.request('GET', '/auth/me', { token: other.token })).status === 401)
  await hub.logIn({ ...ada, password: 'another correct horse' })
  assert.deepEqual(page.errors, [])
  await page.context().close()
})

test('two-step sign-in, from turning it on to turning it off', async () => {
  const ben = await hub.register('Ben')
  const page = await open()
  await signIn(page, ben)
  await page.waitForSelector(id('doc-new'))
  await page.goto(`${hub.url}/account`)
  await page.click(id('totp-enable'))
  await page.fill(id('proof-password'), 'not the one')
  await page.click(id('proof-submit'))
  await page.getByText('The password is wrong').waitFor()
  await photograph(page, 'totp-begin')
  await page.fill(id('proof-password'), ben.password)
  await page.click(id('proof-submit'))
  const secret = (await page.locator(id('totp-secret')).innerText()).replace(/\s/g, '')
  await photograph(page, 'totp-confirm')
  const code = oneTimeCode(secret)
  await page.fill(id('totp-code'), code)
  await page.click(id('totp-confirm'))
  await page.waitForSelector(id('recovery-codes'))
  const codes = await page.locator(`${id('recovery-codes')} li`).allInnerTexts()
  assert.equal(codes.length, 10)
  await photograph(page, 'recovery-codes')
  await page.click(id('recovery-done'))
  await page.waitForSelector(id('totp-on'))
  await photograph(page, 'account-two-steps', true)

  const elsewhere = await open()
  await signIn(elsewhere, ben)
  await elsewhere.waitForSelector(id('second-step-code'))
  await photograph(elsewhere, 'second-step')
  await elsewhere.fill(id('second-step-code'), code)
  await elsewhere.click(id('second-step-submit'))
  await elsewhere.getByText('The code is wrong, or was used before').waitFor()
  await photograph(elsewhere, 'second-step-wrong')
  await elsewhere.fill(id('second-step-code'), oneTimeCode(secret, 1))
  await elsewhere.click(id('second-step-submit'))
  await elsewhere.waitForSelector(id('doc-new'))

  const lost = await open()
  await signIn(lost, ben)
  await lost.click(id('second-step-other'))
  await lost.fill(id('second-step-code'), codes[0].toUpperCase())
  await lost.click(id('second-step-submit'))
  await lost.waitForSelector(id('doc-new'))

  await page.click(id('totp-disable'))
  await page.fill(id('proof-password'), ben.password)
  await page.fill(id('proof-code'), codes[1])
  await page.click(id('proof-submit'))
  await page.waitForSelector(id('totp-enable'))
  await hub.logIn(ben)
  for (const one of [page, elsewhere, lost]) {
    assert.deepEqual(one.errors, [])
    await one.context().close()
  }
})

test('what the hub keeps is taken along, then the account is removed', async () => {
  const cat = await hub.register('Cat')
  await hub.createDocument(cat, { name: 'Mine', content: 'words of mine' })
  const page = await open()
  await signIn(page, cat)
  await page.waitForSelector(id('doc-new'))
  await page.goto(`${hub.url}/account`)
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(id('account-export'))])
  const all = JSON.parse(await readFile(await download.path(), 'utf8'))
  assert.equal(all.account.email, cat.email)
  assert.match(all.documents[0].content, /words of mine/)

  await page.click(id('account-remove'))
  await photograph(page, 'account-remove')
  await page.fill(id('proof-password'), cat.password)
  await page.click(id('proof-submit'))
  await page.waitForSelector(id('sign-in-email'))
  await signIn(page, cat)
  await page.waitForSelector(id('form-problem'))
  assert.equal((await hub.request('GET', '/auth/me', { token: cat.token })).status, 401)
  assert.deepEqual(page.errors, [])
  await page.context().close()
})
