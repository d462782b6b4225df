// What one may do with a document changes while it is open in the browser.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { id, launchBrowser } from './browser.mjs'
import { Hub } from './hub.mjs'
import { close, inspect } from './pages.mjs'
import { comment, editor, saved, select, share, thread } from './two_people.mjs'

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

test('the page follows every change of what one may do, by itself', async () => {
  const { document, pages: [a, b] } = await share(browser, hub, [ann, ben], 'suggest')
  const give = async (level, shows) => {
    await hub.ask(ann, 'POST', `/documents/${document.id}/share`, { principal: ben.id, access_level: level }, 200)
    await b.locator(id('access-notice')).getByText(shows).waitFor()
    await saved(b)
    await b.locator(id('access-notice')).getByRole('button', { name: 'All right' }).click()
  }
  await select(b, 'quick')
  await b.keyboard.type('slow')
  await b.waitForSelector(id('suggest-send'))

  await give('comment', 'comment on it, but not edit')
  await b.waitForSelector(id('access-badge'))
  await editor(b).getByText('The quick brown').waitFor()
  await comment(b, 'lazy', 'Still heard')
  await a.click(id('margin-open'))
  await thread(a).getByText('Still heard').waitFor()

  await give('read', 'read this document, but not change it')
  await b.waitForSelector(id('read-only-badge'))
  await give('comment', 'comment on it, but not edit')
  await give('suggest', 'suggest changes, but not edit')
  // The draft has waited for this.
  await editor(b).getByText('The slow brown').waitFor()
  await inspect(b, 'access-changed')
  await give('write', 'edit this document now')
  assert.equal(await b.getAttribute(id('mode'), 'data-mode'), 'suggesting')
  await editor(b).getByText('The slow brown').waitFor()
  await b.click(id('suggest-send'))
  await b.click(id('mode'))
  await b.click(id('mode-editing'))
  await select(b, 'sunny')
  await b.keyboard.type('rainy')
  await editor(a).getByText('rainy').waitFor()
  for (const page of [a, b]) await close(page)
})
