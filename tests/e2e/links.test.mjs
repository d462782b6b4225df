// The web app's pages that links of the hub lead to: an invitation, a confirmed address, a password set anew.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { id, launchBrowser, shots } from './browser.mjs'
import { Hub, until } from './hub.mjs'
import { SmtpServer } from './smtp_server.mjs'

let hub, smtp, owner, browser
before(async () => {
  smtp = await SmtpServer.start()
  hub = await Hub.start({
    REGISTRATION: 'invitation', PUBLIC_URL: 'https://hub.example.org', SMTP_URL: smtp.url, MAIL_FROM: 'hub@example.org',
  })
  owner = await hub.register('Owner')
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await hub?.stop()
  smtp?.stop()
})

async function open(path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  await page.goto(hub.url + path)
  return page
}

/** Light and dark, wide and narrow. */
async function photograph(page, name) {
  if (!shots) return
  for (const colorScheme of ['light', 'dark']) {
    for (const [width, size] of [[1280, 'wide'], [390, 'narrow']]) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 800 })
      await page.screenshot({ path: `${shots}/${name}-${colorScheme}-${size}.png` })
    }
  }
}

test('an invited person makes an account, and forgets and sets the password', async () => {
  const without = await open('/register')
  await without.waitForSelector(id('invitation-needed'))
  await photograph(without, 'invitation-needed')

  const { body } = await hub.request('POST', '/invitations', { token: owner.token, body: {} })
  const page = await open(new URL(body.link).pathname + new URL(body.link).hash)
  await page.fill(id('register-name'), 'Ivy')
  await page.fill(id('register-email'), 'ivy@example.org')
  await page.fill(id('register-password'), 'correct horse Ivy')
  assert.ok(!page.url().includes(body.token), 'the secret left the address bar')
  await photograph(page, 'invited')
  await page.click(id('register-submit'))
  await page.waitForSelector(id('doc-new'))

  const confirming = await open(`/confirm#${await smtp.secret('ivy@example.org', 'confirm')}`)
  await confirming.waitForSelector(id('link-done'))
  await photograph(confirming, 'confirmed')

  const forgot = await open('/sign-in')
  await forgot.click(id('go-forgot'))
  await forgot.fill(id('forgot-email'), 'ivy@example.org')
  await photograph(forgot, 'forgot')
  await forgot.click(id('forgot-submit'))
  await forgot.waitForSelector(id('link-done'))

  const reset = await open(`/reset#${await smtp.secret('ivy@example.org', 'reset')}`)
  await reset.fill(id('reset-password'), 'short')
  await reset.click(id('reset-submit'))
  await reset.getByText('at least 8', { exact: false }).first().waitFor()
  await photograph(reset, 'reset-refused')
  await reset.fill(id('reset-password'), 'a new correct horse')
  await reset.click(id('reset-submit'))
  await reset.waitForSelector(id('link-done'))
  await photograph(reset, 'reset-done')
  await page.reload()
  await page.waitForURL('**/sign-in')  // the first tab's sign-in has ended
  await reset.click(id('go-sign-in'))
  await reset.fill(id('sign-in-email'), 'ivy@example.org')
  await reset.fill(id('sign-in-password'), 'a new correct horse')
  await reset.click(id('sign-in-submit'))
  await reset.waitForSelector(id('doc-new'))
})

test('a used or broken link says so', async () => {
  const used = await open('/confirm#nothing')
  await used.waitForSelector(id('form-problem'))
  await photograph(used, 'confirm-refused')
  const broken = await open('/reset')
  await broken.waitForSelector(id('link-done'))
})

test('a document is shared by a link with a password, read, and no more once the link is gone', async () => {
  const document = await hub.createDocument(owner, { name: 'The plan', content: 'Paint the fence.\n' })
  const page = await open('/sign-in')
  await page.fill(id('sign-in-email'), owner.email)
  await page.fill(id('sign-in-password'), owner.password)
  await page.click(id('sign-in-submit'))
  await page.waitForSelector(id('doc-new'))
  await page.goto(`${hub.url}/d/${document.id}`)
  await page.click(id('share-open'))
  await page.click(id('share-link-make'))
  await page.fill(id('share-link-name'), 'For the neighbours')
  await page.fill(id('share-link-new-password'), 'seven swans')
  await page.selectOption(id('share-link-level'), 'write')
  await page.selectOption(id('share-link-end'), '168')
  await photograph(page, 'link-making')
  await page.click(id('share-link-create'))
  const address = await page.inputValue(id('share-link-address'))
  await photograph(page, 'link-made')

  const visitor = await open(new URL(address).pathname + new URL(address).hash)
  await visitor.fill(id('link-password'), 'six swans')
  await visitor.click(id('link-submit'))
  await visitor.getByText('The password is wrong').waitFor()
  await photograph(visitor, 'link-password')
  await visitor.fill(id('link-password'), 'seven swans')
  await visitor.click(id('link-submit'))
  await visitor.getByText('Paint the fence.').waitFor()
  await visitor.click('.ql-editor')
  await visitor.keyboard.type('Twice. ')
  await until('written', async () => (await hub.read(owner, document)).content.includes('Twice.'))
  assert.equal(await visitor.locator(id('share-open')).count(), 0)
  assert.equal(await visitor.locator(id('account-menu')).count(), 0)
  await photograph(visitor, 'link-visit')
  await visitor.reload() // the address still has all that is needed, but for the password
  await visitor.waitForSelector(id('link-password'))
  await visitor.fill(id('link-password'), 'seven swans')
  await visitor.click(id('link-submit'))
  await visitor.getByText('Twice.').waitFor()

  await page.click(id('share-link-remove'))
  await visitor.waitForSelector(id('link-nothing'))
  await photograph(visitor, 'link-nothing')
})
