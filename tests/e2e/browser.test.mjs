// Two people in two browsers: the first account, a shared document, typing at once, a crash in the middle of it.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { id, launchBrowser, shots } from './browser.mjs'
import { Hub, until } from './hub.mjs'

let hub, browser
before(async () => {
  hub = await Hub.start()
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await hub?.stop()
})

async function person(name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  const errors = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    // A hub that is down is part of these tests; anything else that the console calls an error is not.
    const expected = /WebSocket|ERR_CONNECTION_REFUSED|Failed to load resource/
    if (message.type() === 'error' && !expected.test(message.text())) errors.push(message.text())
  })
  page.setDefaultTimeout(15_000)
  return { name, email: `${name.toLowerCase()}@example.org`, password: `correct horse ${name}`, page, context, errors }
}

const photograph = async (who, name) => { if (shots) await who.page.screenshot({ path: `${shots}/${name}.png` }) }

async function register(who) {
  await who.page.goto(`${hub.url}/register`)
  await who.page.fill(id('register-name'), who.name)
  await who.page.fill(id('register-email'), who.email)
  await who.page.fill(id('register-password'), who.password)
  await photograph(who, `register-${who.name}`)
  await who.page.click(id('register-submit'))
  await who.page.waitForSelector(id('doc-new'))
}

const state = (who) => who.page.getAttribute(id('connection-state'), 'data-state')
const saved = (who) => until(`${who.name}: saved`, async () => (await state(who)) === 'saved', 20_000)
const editorText = (who) => who.page.locator('.ql-editor').innerText()

test('who has a share writes, and shares on', async () => {
  const dora = await hub.register('Dora')
  await hub.ask(dora, 'PATCH', '/auth/me', { name: 'Dora' }, 200)
  const document = await hub.createDocument(dora, { name: 'Passed on', content: 'one' })
  const path = `/documents/${document.id}/share`
  const carl = await person('Carl')
  await register(carl)
  await hub.ask(dora, 'POST', path, { principal: carl.email, access_level: 'share' }, 200)
  const ends = new Date(Date.now() + 86_400_000).toISOString()
  await hub.ask(dora, 'POST', path, { principal: 'everybody', access_level: 'suggest', expires_at: ends }, 200)

  await carl.page.goto(`${hub.url}/d/${document.id}`)
  await carl.page.waitForSelector('.ql-editor')
  await saved(carl)
  await carl.page.click('.ql-editor')
  await carl.page.keyboard.press('Control+End')
  await carl.page.keyboard.type(' two')
  await until('it is written', async () => (await hub.read(dora, document)).content.includes('two'))

  await carl.page.click(id('share-open'))
  const everybody = carl.page.locator(`${id('share-item')}[data-principal="everybody"]`)
  await everybody.getByText('All but guests, until').waitFor()
  await photograph(carl, 'share-of-many')
  await everybody.locator(id('share-item-level')).selectOption('read')
  await until('changed', async () => {
    const { shares } = await hub.ask(dora, 'GET', path, undefined, 200)
    const now = shares.find((one) => one.kind === 'everybody')
    return now.access_level === 'read' && now.expires_at === ends
  })
  assert.deepEqual(carl.errors, [])
  await carl.context.close()
})

test('two people edit one document at once, and a crash loses nothing', async () => {
  const ann = await person('Ann')
  const ben = await person('Ben', { colorScheme: 'dark' })
  await register(ann)
  await register(ben)

  await ann.page.click(id('doc-new'))
  await ann.page.fill(id('doc-new-name'), 'Our plan')
  await ann.page.click(id('doc-new-submit'))
  await ann.page.waitForSelector('.ql-editor')
  const address = ann.page.url()

  await ann.page.click(id('share-open'))
  await ann.page.fill(id('share-email'), ben.email)
  await ann.page.selectOption(id('share-level'), 'write')
  await ann.page.click(id('share-submit'))
  await ann.page.getByText(ben.email).first().waitFor()
  await photograph(ann, 'share')
  await ann.page.keyboard.press('Escape')

  await ben.page.goto(`${hub.url}/`)
  await ben.page.locator(id('doc-list-item')).first().waitFor()
  await photograph(ben, 'list-dark')
  await ben.page.goto(address)
  await ben.page.waitForSelector('.ql-editor')
  await saved(ann)
  await saved(ben)

  // Both type at once, in two paragraphs.
  await ann.page.click('.ql-editor')
  await ann.page.keyboard.type('Ann: \nBen: ')
  await until('the first lines at Ben', async () => (await editorText(ben)).includes('Ben: '))
  await ben.page.click('.ql-editor')
  await ben.page.keyboard.press('Control+End')
  await ann.page.keyboard.press('Control+Home')
  await ann.page.keyboard.press('End')
  await Promise.all([
    ann.page.keyboard.type('the quick brown fox jumps', { delay: 15 }),
    ben.page.keyboard.type('over the lazy dog at once', { delay: 15 }),
  ])
  for (const who of [ann, ben]) {
    await until(`${who.name} sees both`, async () => {
      const text = await editorText(who)
      return text.includes('Ann: the quick brown fox jumps') && text.includes('Ben: over the lazy dog at once')
    })
  }
  await until("Ann sees Ben's cursor and name", async () =>
    (await ann.page.locator('.ql-cursor-name').allInnerTexts()).some((text) => text.includes('Ben')) ||
    (await ann.page.locator('.ql-cursor-name').allTextContents()).some((text) => text.includes('Ben')))
  assert.ok((await ann.page.locator(id('presence-avatar')).count()) >= 1)

  // A heading, bold, a list, a link and code reach the other side as such.
  await ann.page.keyboard.press('Control+End')
  await ann.page.keyboard.type('\n')
  await ann.page.keyboard.press('Control+b')
  await ann.page.keyboard.type('bold words')
  await ann.page.keyboard.press('Control+b')
  await until('bold at Ben', async () => (await ben.page.locator('.ql-editor strong').allInnerTexts()).includes('bold words'))
  await saved(ann)
  await saved(ben)
  await photograph(ann, 'editor-light')
  await photograph(ben, 'editor-dark')

  // The hub is killed in mid-typing; both come back by themselves.
  const typing = ann.page.keyboard.type(' and this was typed while the hub was being killed', { delay: 20 })
  await new Promise((resolve) => setTimeout(resolve, 300))
  await hub.crash()
  await typing
  await until('offline is shown', async () => (await state(ann)) === 'offline', 20_000)
  await photograph(ann, 'editor-offline')
  await hub.spawn()
  await saved(ann)
  await saved(ben)
  for (const who of [ann, ben]) {
    await until(`${who.name} has every keystroke`, async () =>
      (await editorText(who)).includes('bold words and this was typed while the hub was being killed'))
  }
  const documentId = /doc_[0-9a-z]+/.exec(address)[0]
  const token = (await hub.request('POST', '/auth/login', { body: { email: ann.email, password: ann.password } })).body.access_token
  const { content } = await hub.read({ token }, { id: documentId })
  assert.ok(content.includes('bold words and this was typed while the hub was being killed'), content)

  assert.deepEqual(ann.errors, [])
  assert.deepEqual(ben.errors, [])
  await ann.context.close()
  await ben.context.close()
})

test('wrong credentials are told in words, and the page survives a reload', async () => {
  const eve = await person('Eve', { viewport: { width: 390, height: 844 } })
  await register(eve)
  await photograph(eve, 'list-narrow')
  await eve.page.reload()
  await eve.page.waitForSelector(id('doc-new'))
  const other = await person('Eve')
  await other.page.goto(`${hub.url}/`)
  await other.page.fill(id('sign-in-email'), eve.email)
  await other.page.fill(id('sign-in-password'), 'wrong password')
  await other.page.click(id('sign-in-submit'))
  await other.page.locator('[role=alert]').first().waitFor()
  await photograph(other, 'sign-in-refused')
  await other.page.fill(id('sign-in-password'), eve.password)
  await other.page.click(id('sign-in-submit'))
  await other.page.waitForSelector(id('doc-new'))
  assert.deepEqual(eve.errors, [])
  await eve.context.close()
  await other.context.close()
})
