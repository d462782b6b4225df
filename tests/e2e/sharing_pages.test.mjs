// Sharing in the browser: with a person, a group and everybody here, until a time; and what the folders above give.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { id, launchBrowser } from './browser.mjs'
import { Hub, until } from './hub.mjs'
import { close, inspect, openAs } from './pages.mjs'

let hub, browser, owner, ann, ben, eve, group
before(async () => {
  hub = await Hub.start({ SIGN_IN_RATE_PER_MINUTE: '0', REGISTER_RATE_PER_MINUTE: '0', ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1' })
  owner = await hub.register('Olga')
  ann = await hub.register('Ann')
  ben = await hub.register('Ben')
  eve = await hub.register('Eve')
  group = await hub.ask(owner, 'POST', '/groups', { name: 'Editors' }, 201)
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await hub?.stop()
})

const sharesOf = (who, thing) => hub.ask(who, 'GET', `/${thing.id.startsWith('fld_') ? 'folders' : 'documents'}/${thing.id}/share`, undefined, 200)
const item = (page, principal) => page.locator(`${id('share-item')}[data-principal="${principal}"]`)
const levels = async (thing) => Object.fromEntries((await sharesOf(ann, thing)).shares.map((one) => [one.principal, one.access_level]))

test('a document is shared with a person, a group and everybody, changed and taken back', async () => {
  const document = await hub.createDocument(ann, { name: 'Plan', content: 'x' })
  const page = await openAs(browser, hub, ann, `/d/${document.id}`)
  await page.click(id('share-open'))
  await page.fill(id('share-email'), 'nobody@example.org')
  await page.click(id('share-submit'))
  await page.getByText('Nobody here has that id or e-mail').waitFor()
  await page.fill(id('share-email'), ben.email)
  await page.selectOption(id('share-level'), 'comment')
  await page.click(id('share-submit'))
  await item(page, ben.id).waitFor()

  // By the keyboard: the choice is a group of radio buttons.
  await page.locator(id('share-kind-user')).focus()
  await page.keyboard.press('ArrowRight')
  await page.selectOption(id('share-group'), group.id)
  await page.selectOption(id('share-level'), 'read')
  await page.selectOption(id('share-end'), { label: 'For a week' })
  await page.click(id('share-submit'))
  await item(page, group.id).getByText('A group, until').waitFor()
  await page.locator('label', { has: page.locator(id('share-kind-everybody')) }).click()
  await page.selectOption(id('share-end'), { label: 'Without an end' })
  await page.click(id('share-submit'))
  await item(page, 'everybody').waitFor()
  await inspect(page, 'share-with-all')
  assert.deepEqual(await levels(document), { [ann.id]: 'owner', [ben.id]: 'comment', [group.id]: 'read', everybody: 'read' })

  await item(page, group.id).locator(id('share-item-level')).selectOption('write')
  await until('changed', async () => (await levels(document))[group.id] === 'write')
  assert.ok((await sharesOf(ann, document)).shares.find((one) => one.principal === group.id).expires_at, 'it ends when it was to end')
  await item(page, 'everybody').locator(id('share-item-remove')).click()
  await until('taken back', async () => !('everybody' in (await levels(document))))
  assert.equal(await page.locator(id('share-inherited')).count(), 0)
  await close(page)
})

test('what folders give is shown as theirs, and is changed there', async () => {
  const outer = await hub.ask(ann, 'POST', '/folders', { name: 'Outer' }, 201)
  const inner = await hub.ask(ann, 'POST', '/folders', { name: 'Inner', folder: outer.id }, 201)
  const document = await hub.createDocument(ann, { name: 'Deep', content: 'x', folder: inner.id })
  await hub.ask(ann, 'POST', `/folders/${outer.id}/share`, { principal: group.id, access_level: 'write' }, 200)
  await hub.ask(ann, 'POST', `/folders/${inner.id}/share`, { principal: ben.id, access_level: 'read' }, 200)
  const page = await openAs(browser, hub, ann, `/d/${document.id}`)
  await page.click(id('share-open'))
  await page.waitForSelector(id('share-inherited'))
  const rows = await page.locator(id('share-inherited-item')).allInnerTexts()
  assert.deepEqual(rows.map((row) => row.replace(/\s+/g, ' ').replace(/^[A-Z] /, '')), ['Ben by Inner Can read', 'Editors by Outer Can edit'])
  await inspect(page, 'share-inherited')
  await page.locator(id('share-inherited')).getByText('Outer').click()
  await page.waitForURL(`${hub.url}/f/${outer.id}`)
  await page.waitForSelector(id('folder-page'))
  await close(page)

  // Ben reads by the inner folder: the outer one is not his to know.
  const told = (await sharesOf(ben, document)).inherited
  assert.deepEqual(told.map((one) => [one.principal, one.access_level, one.folder?.name ?? null]), [[ben.id, 'read', 'Inner'], [group.id, 'write', null]])
  const his = await openAs(browser, hub, ben, `/d/${document.id}`)
  await his.click(id('share-open'))
  await his.getByText('a folder that you do not see').waitFor()
  assert.equal(await his.locator(id('share-email')).count(), 0, 'who may not share is not asked whom to share with')
  await inspect(his, 'share-of-a-reader')
  await close(his)
})

test('what somebody puts into a folder of another is shown to be that one’s too', async () => {
  const folder = await hub.ask(ann, 'POST', '/folders', { name: 'Common' }, 201)
  await hub.ask(ann, 'POST', `/folders/${folder.id}/share`, { principal: eve.id, access_level: 'write' }, 200)
  const document = await hub.createDocument(eve, { name: 'Eve’s', content: 'x', folder: folder.id })
  const { shares, inherited } = await sharesOf(eve, document)
  assert.deepEqual(shares.map((one) => one.access_level), ['owner'])
  assert.deepEqual(inherited.map((one) => [one.principal, one.access_level, one.folder.name]), [[ann.id, 'share', 'Common']])
})

test('who was given access gives it up', async () => {
  const document = await hub.createDocument(ann, { name: 'Given', content: 'x' })
  await hub.share(ann, document, eve, 'write')
  const page = await openAs(browser, hub, eve, `/d/${document.id}`)
  await page.click(id('share-open'))
  await item(page, eve.id).locator(id('share-item-remove')).click()
  await until('given up', async () => !(eve.id in (await levels(document))))
  await close(page)
})
