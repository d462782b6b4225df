// Folders in the browser: made, opened, renamed, moved into, shared, linked to, removed.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { id, launchBrowser } from './browser.mjs'
import { Hub, until } from './hub.mjs'
import { close, inspect, openAs, openPage } from './pages.mjs'

let hub, browser, ann, ben
before(async () => {
  hub = await Hub.start({ SIGN_IN_RATE_PER_MINUTE: '0', REGISTER_RATE_PER_MINUTE: '0', ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1' })
  ann = await hub.register('Ann')
  ben = await hub.register('Ben')
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await hub?.stop()
})

const folders = async (who = ann) => (await hub.ask(who, 'GET', '/folders', undefined, 200)).folders
const called = async (name) => (await folders()).find((one) => one.name === name)
const folderItem = (page, folder) => page.locator(`${id('folder-item')}[data-folder-id="${folder.id}"]`)
const documentItem = (page, document) => page.locator(`${id('doc-list-item')}[data-doc-id="${document.id}"]`)

async function make(page, name) {
  await page.click(id('folder-new'))
  await page.fill(id('name-field'), name)
  await page.click(id('name-submit'))
  await page.locator(id('documents-title')).getByText(name, { exact: true }).waitFor()
}

async function choose(page, item, menu, what) {
  await item.locator(id(menu)).click()
  await page.click(id(what))
}

test('folders are made, lie in each other, and hold documents', async () => {
  const page = await openAs(browser, hub, ann)
  await make(page, 'Plans')
  const plans = await called('Plans')
  assert.equal(page.url(), `${hub.url}/f/${plans.id}`)
  await page.waitForSelector(id('list-empty'))
  await inspect(page, 'folder-empty')
  await make(page, 'This year')
  const year = await called('This year')
  assert.equal(year.folder, plans.id)
  await page.locator(id('folder-trail')).getByText('Plans').click()
  await folderItem(page, year).waitFor()

  await page.keyboard.press('n')
  await page.fill(id('doc-new-name'), 'Budget')
  await page.click(id('doc-new-submit'))
  await page.waitForSelector('.ql-editor')
  const [budget] = (await hub.ask(ann, 'GET', '/documents', undefined, 200)).documents
  assert.equal(budget.folder, plans.id)
  const loose = await hub.createDocument(ann, { name: 'Loose', content: 'x' })

  await page.goto(`${hub.url}/`)
  await documentItem(page, budget).getByText('in Plans').waitFor()
  await inspect(page, 'documents-with-folders', true)
  await choose(page, documentItem(page, loose), 'doc-menu', 'doc-move')
  await page.locator(id('move-dialog')).getByText('This year').click()
  await inspect(page, 'document-move')
  await page.click(id('move-submit'))
  await documentItem(page, loose).getByText('in This year').waitFor()
  assert.equal((await hub.ask(ann, 'GET', `/documents/${loose.id}`, undefined, 200)).folder, year.id)

  await folderItem(page, plans).locator(id('folder-open')).click()
  await documentItem(page, budget).waitFor()
  assert.equal(await page.locator(id('doc-list-item')).count(), 1, 'what lies directly in it')
  await inspect(page, 'folder', true)
  await folderItem(page, year).locator(id('folder-open')).click()
  await documentItem(page, loose).waitFor()
  await choose(page, documentItem(page, loose), 'doc-menu', 'doc-move')
  await page.locator(id('move-dialog')).getByText('In no folder').click()
  await page.click(id('move-submit'))
  await page.waitForSelector(id('list-empty'))
  await close(page)
})

test('a folder is renamed, moved and removed once it is empty', async () => {
  const plans = await called('Plans')
  const year = await called('This year')
  const page = await openAs(browser, hub, ann)
  await choose(page, folderItem(page, plans), 'folder-menu', 'folder-rename')
  await page.fill(id('name-field'), 'All plans')
  await page.click(id('name-submit'))
  await folderItem(page, plans).getByText('All plans').waitFor()
  await folderItem(page, plans).locator(id('folder-open')).click()
  await choose(page, folderItem(page, year), 'folder-menu', 'folder-move')
  assert.deepEqual(await page.locator(`${id('move-dialog')} label`).allInnerTexts(), ['In no folder'], 'not into itself, not where it is')
  await page.locator(id('move-dialog')).getByText('In no folder').click()
  await page.click(id('move-submit'))
  await until('it is out', async () => (await called('This year')).folder === null)
  await page.waitForFunction((selector) => document.querySelectorAll(selector).length === 0, id('folder-item'))

  await page.click(id('open-folder-menu'))
  await page.click(id('folder-remove'))
  await page.click(id('folder-remove-submit'))
  await page.locator(`${id('folder-remove-dialog')} [role="alert"]`).waitFor()
  await inspect(page, 'folder-remove-refused')
  await page.keyboard.press('Escape')
  await page.goto(`${hub.url}/f/${year.id}`)
  await page.click(id('open-folder-menu'))
  await page.click(id('folder-remove'))
  await page.click(id('folder-remove-submit'))
  await page.waitForSelector(id('documents-page'))
  assert.equal(await called('This year'), undefined)
  await page.goto(`${hub.url}/f/${year.id}`)
  await page.waitForSelector(id('folder-gone'))
  await inspect(page, 'folder-gone')
  await close(page)
})

test('a folder is shared and linked to as a document is', async () => {
  const plans = await called('All plans')
  const page = await openAs(browser, hub, ann)
  await choose(page, folderItem(page, plans), 'folder-menu', 'folder-share')
  await page.fill(id('share-email'), ben.email)
  await page.selectOption(id('share-level'), 'read')
  await page.click(id('share-submit'))
  await page.locator(`${id('share-item')}[data-principal="${ben.id}"]`).waitFor()
  await page.click(id('share-link-make'))
  await page.click(id('share-link-create'))
  const link = new URL(await page.inputValue(id('share-link-address')))
  await inspect(page, 'folder-share')
  assert.equal((await hub.ask(ann, 'GET', `/folders/${plans.id}/links`, undefined, 200)).links.length, 1)
  await close(page)

  await hub.ask(ann, 'POST', '/folders', { name: 'Within', folder: plans.id }, 201)
  const visitor = await openPage(browser, hub, link.pathname + link.hash)
  await visitor.getByRole('button', { name: 'Within' }).click()
  await visitor.waitForSelector(id('visited-empty'))
  await visitor.click(id('visited-up'))
  await visitor.getByRole('button', { name: 'Budget' }).waitFor()
  await inspect(visitor, 'folder-by-link')
  await visitor.getByRole('button', { name: 'Budget' }).click()
  await visitor.waitForSelector('.ql-editor')
  await visitor.waitForSelector(id('read-only-badge'))
  await visitor.click(id('back'))
  await visitor.waitForSelector(id('visited-folder'))
  await close(visitor)

  const his = await openAs(browser, hub, ben)
  await folderItem(his, plans).locator(id('folder-open')).click()
  await his.locator(id('doc-open')).getByText('Budget').waitFor()
  assert.equal(await his.locator(id('doc-new')).count(), 0, 'who may read makes nothing in it')
  await his.click(id('open-folder-menu'))
  for (const what of ['folder-rename', 'folder-move', 'folder-remove']) assert.equal(await his.locator(id(what)).count(), 0, what)
  await inspect(his, 'folder-of-a-reader')
  await close(his)
})
