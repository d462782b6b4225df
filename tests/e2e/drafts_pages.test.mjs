// A draft of suggestions in the browser: it outlives its page, until it is suggested, discarded, or its author signs out.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { id, launchBrowser } from './browser.mjs'
import { Hub, until } from './hub.mjs'
import { close, inspect } from './pages.mjs'
import { editor, kText, saved, select, share, shows } from './two_people.mjs'

let hub, browser, ann, ben
before(async () => {
  hub = await Hub.start({ SIGN_IN_RATE_PER_MINUTE: '0', REGISTER_RATE_PER_MINUTE: '0', ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1' })
  await hub.register('Olga')
  ann = await hub.register('Ann')
  ben = await hub.register('Ben')
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await hub?.stop()
})
const together = (level) => share(browser, hub, [ann, ben], level)

const bar = (page) => page.locator(id('suggest-send'))
const back = (page) => page.locator(id('toast')).getByText('Your draft is back').waitFor()
const suggestions = async (document) => (await hub.ask(ann, 'GET', `/documents/${document.id}/suggestions`, undefined, 200)).suggestions
/** How many drafts the page finds on its device. */
const kept = (page, user) => page.evaluate(async (name) => {
  if (!(await indexedDB.databases()).some((one) => one.name === name)) return 0
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name)
    request.onerror = () => reject(request.error)
    request.onsuccess = () => {
      const database = request.result
      const count = database.transaction('drafts').objectStore('drafts').count()
      count.onsuccess = () => { database.close(); resolve(count.result) }
    }
  })
}, `concord-drafts-${user.id}`)
const open = async (page, document) => {
  await page.locator(`${id('doc-list-item')}[data-doc-id="${document.id}"] ${id('doc-open')}`).click()
  await page.waitForSelector(id('editor'))
}

test('a draft is there again after leaving the document, and after a reload, and goes when it is suggested', async () => {
  const { document, pages: [a, b], contentOf } = await together('suggest')
  await select(b, 'quick')
  await b.keyboard.type('slow')
  await b.fill(id('suggest-message'), 'It is old.')
  // At once: nothing waits for it to be kept.
  await b.click(id('back'))
  await b.waitForSelector(id('doc-list'))
  await select(a, 'sunny')
  await a.keyboard.type('rainy')
  await open(b, document)
  await back(b)
  await editor(b).getByText('The slow brown').waitFor()
  await editor(b).getByText('rainy').waitFor()
  assert.equal(await b.inputValue(id('suggest-message')), 'It is old.')
  await shows(b, 'insertion', ['slow'])
  await inspect(b, 'draft-is-back')

  await select(b, 'lazy')
  await b.keyboard.type('busy')
  await b.reload()
  await back(b)
  await editor(b).getByText('The slow brown fox jumps over the busy dog').waitFor()
  await saved(a)
  assert.deepEqual([await contentOf(), await suggestions(document)], [kText.replace('sunny', 'rainy'), []])

  await bar(b).click()
  await until('nothing is kept', async () => (await kept(b, ben)) === 0)
  await saved(b)
  assert.deepEqual((await suggestions(document)).map(({ message }) => message), ['It is old.'])
  await b.reload()
  await b.waitForSelector(id('suggest-bar'))
  await saved(b)
  await editor(b).getByText('The quick brown').waitFor()
  assert.equal(await bar(b).count(), 0)
  await a.click(id('margin-open'))
  await a.click(id('suggestion-accept'))
  await editor(b).getByText('The slow brown fox jumps over the busy dog').waitFor()
  for (const page of [a, b]) await close(page)
})

test('who may write finds their draft where they left it, and discards it', async () => {
  const { pages: [a, b] } = await together('write')
  await b.click(id('mode'))
  await b.click(id('mode-suggesting'))
  await select(b, 'quick')
  await b.keyboard.type('slow')
  await b.waitForSelector(id('suggest-send'))
  await b.reload()
  await back(b)
  assert.equal(await b.getAttribute(id('mode'), 'data-mode'), 'suggesting')
  await editor(b).getByText('The slow brown').waitFor()
  await editor(a).getByText('The quick brown').waitFor()
  await b.click(id('suggest-discard'))
  await editor(b).getByText('The quick brown').waitFor()
  await until('nothing is kept', async () => (await kept(b, ben)) === 0)

  await select(b, 'lazy')
  await b.keyboard.type('busy')
  await until('it is kept', async () => (await kept(b, ben)) === 1)
  await b.click(id('mode'))
  await b.click(id('mode-editing'))
  await b.click(id('mode-discard'))
  await until('nothing is kept', async () => (await kept(b, ben)) === 0)
  await b.reload()
  await saved(b)
  assert.equal(await b.getAttribute(id('mode'), 'data-mode'), 'editing')
  for (const page of [a, b]) await close(page)
})

test('another tab leaves a draft alone that is being written', async () => {
  const { document, pages: [a, b] } = await together('suggest')
  await select(b, 'quick')
  await b.keyboard.type('slow')
  await until('it is kept', async () => (await kept(b, ben)) === 1)
  const tab = await b.context().newPage()
  await tab.goto(`${hub.url}/d/${document.id}`)
  await tab.waitForSelector(id('suggest-bar'))
  await saved(tab)
  await editor(tab).getByText('The quick brown').waitFor()
  await select(tab, 'lazy')
  await tab.keyboard.type('busy')
  await until('both are kept', async () => (await kept(b, ben)) === 2)
  assert.equal(await editor(b).getByText('lazy dog').count(), 1)
  // Both are left; the next page goes on with both.
  await tab.close()
  await b.reload()
  await back(b)
  await editor(b).getByText('The slow brown fox jumps over the busy dog').waitFor()
  await until('they are one now', async () => (await kept(b, ben)) === 1)
  for (const page of [a, b]) await close(page)
})

test('a draft waits while its author may not suggest', async () => {
  const { document, pages: [a, b] } = await together('suggest')
  await select(b, 'quick')
  await b.keyboard.type('slow')
  const give = async (level) => {
    await hub.ask(ann, 'POST', `/documents/${document.id}/share`, { principal: ben.id, access_level: level }, 200)
    await b.reload()
    await b.waitForSelector(id('editor'))
    await saved(b)
  }
  await give('comment')
  await b.waitForSelector(id('access-badge'))
  await editor(b).getByText('The quick brown').waitFor()
  await give('suggest')
  await back(b)
  await editor(b).getByText('The slow brown').waitFor()
  for (const page of [a, b]) await close(page)
})

test('signing out asks, and takes the draft away', async () => {
  const { document, pages: [a, b] } = await together('suggest')
  await select(b, 'quick')
  await b.keyboard.type('slow')
  await until('it is kept', async () => (await kept(b, ben)) === 1)
  await b.click(id('account-menu'))
  await b.click(id('sign-out'))
  await b.waitForSelector(id('sign-out-question'))
  assert.match(await b.locator(id('sign-out-question')).innerText(), /One document has a draft of suggestions/)
  await inspect(b, 'sign-out-with-draft')
  await b.locator(id('sign-out-question')).getByRole('button', { name: 'Sign out' }).click()
  await b.waitForSelector(id('sign-in-email'))
  assert.equal(await kept(b, ben), 0)
  await b.fill(id('sign-in-email'), ben.email)
  await b.fill(id('sign-in-password'), ben.password)
  await b.click(id('sign-in-submit'))
  await b.waitForSelector(id('account-menu'))
  await b.goto(`${hub.url}/d/${document.id}`)
  await b.waitForSelector(id('suggest-bar'))
  await saved(b)
  await editor(b).getByText('The quick brown').waitFor()
  assert.equal(await bar(b).count(), 0)
  for (const page of [a, b]) await close(page)
})
