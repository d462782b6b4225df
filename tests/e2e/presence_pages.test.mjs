// Who is at a document and who was, in the browser.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { id, launchBrowser } from './browser.mjs'
import { Hub, until } from './hub.mjs'
import { close, inspect, openAs, openPage } from './pages.mjs'
import { saved, share } from './two_people.mjs'

let hub, browser, ann, ben, cem
before(async () => {
  hub = await Hub.start({ SIGN_IN_RATE_PER_MINUTE: '0', REGISTER_RATE_PER_MINUTE: '0', ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1' })
  await hub.register('Olga')
  ann = await hub.register('Ann')
  ben = await hub.register('Ben')
  cem = await hub.register('Cem')
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await hub?.stop()
})

const names = (page, which) => page.locator(`${id(which)} > span.truncate`).allInnerTexts()
const placeOf = (page) => page.locator(id('presence')).boundingBox()

test('who is here and who was lately is told, by the keyboard too', async () => {
  const { document, pages: [a, b] } = await share(browser, hub, [ann, ben], 'read')
  await hub.ask(ann, 'POST', `/documents/${document.id}/share`, { principal: cem.id, access_level: 'read' }, 200)
  await a.waitForSelector(`${id('presence-avatar')}[data-user-id="${ben.id}"]`)
  await a.focus(id('presence'))
  assert.equal(await a.locator(`${id('presence')} > .sr-only`).textContent(), 'Also here: Ben')
  await a.keyboard.press('Enter')
  await a.waitForSelector(id('people-here'))
  await until('the panel has the focus', () => a.evaluate(() => document.activeElement?.dataset.testid === 'people-here'))
  assert.deepEqual(await names(a, 'person-here'), ['Ann', 'Ben'])
  await a.waitForSelector(id('nobody-seen'))

  // Ben goes while it is open; the panel stays where it is.
  const box = await a.locator(id('people-here')).boundingBox()
  await close(b)
  await a.waitForSelector(`${id('person-seen')}[data-user-id="${ben.id}"]`)
  assert.deepEqual([await names(a, 'person-here'), await names(a, 'person-seen')], [['Ann'], ['Ben']])
  assert.match(await a.locator(id('person-seen')).innerText(), /just now/)
  assert.equal((await a.locator(id('people-here')).boundingBox()).y, box.y)
  await inspect(a, 'who-was-here')
  await a.keyboard.press('Escape')
  assert.equal(await a.locator(id('people-here')).count(), 0)
  assert.ok(await a.evaluate(() => document.activeElement?.dataset.testid === 'presence'), 'Escape leads back to the button')
  assert.equal(await a.locator(`${id('presence')} > .sr-only`).textContent(), 'Nobody else is here')

  // Cem comes later, and is told by the hub.
  const c = await openAs(browser, hub, cem, `/d/${document.id}`)
  await c.waitForSelector(id('editor'))
  await saved(c)
  await until('the hub tells that Ben was here', async () => {
    const { seen } = await hub.ask(cem, 'GET', `/documents/${document.id}/presence`, undefined, 200)
    return seen.some(({ principal }) => principal === ben.id)
  })
  await c.click(id('presence'))
  await c.waitForSelector(`${id('person-seen')}[data-user-id="${ben.id}"]`)
  assert.deepEqual([await names(c, 'person-here'), await names(c, 'person-seen')], [['Cem', 'Ann'], ['Ben']])
  assert.ok(Date.parse(await c.locator(`${id('person-seen')} time`).getAttribute('datetime')) > Date.now() - 600_000)
  // Tab leaves it, and it closes; a press elsewhere does so too.
  await c.keyboard.press('Tab')
  await c.locator(id('people-here')).waitFor({ state: 'detached' })
  await c.click(id('presence'))
  await c.waitForSelector(id('people-here'))
  await c.locator(id('editor')).click({ position: { x: 5, y: 5 } })
  await c.locator(id('people-here')).waitFor({ state: 'detached' })
  for (const page of [a, c]) await close(page)
})

test('the header holds still while people come', async () => {
  const { pages: [a, b] } = await share(browser, hub, [ann, ben], 'read')
  await a.waitForSelector(`${id('presence-avatar')}[data-user-id="${ben.id}"]`)
  const right = async () => { const { x, width } = await placeOf(a); return x + width }
  const before = await right()
  const height = () => a.locator('header').first().evaluate((one) => one.offsetHeight)
  const high = await height()
  await close(b)
  await a.locator(id('presence-avatar')).waitFor({ state: 'detached' })
  assert.deepEqual([await right(), await height()], [before, high])
  await close(a)
})

test('who came by a link sees who is here, and not who was', async () => {
  const { document, pages: [a, b] } = await share(browser, hub, [ann, ben], 'read')
  await close(b)
  const made = await hub.ask(ann, 'POST', `/documents/${document.id}/links`, { access_level: 'read', name: 'Printers' }, 201)
  const visitor = await openPage(browser, hub, `/link#${made.secret}`)
  await visitor.waitForSelector(`${id('presence-avatar')}[data-user-id="${ann.id}"]`)
  await visitor.click(id('presence'))
  await visitor.waitForSelector(id('person-here'))
  assert.deepEqual([await names(visitor, 'person-here'), await visitor.getByText('Lately').count()], [['Visitor', 'Ann'], 0])
  for (const page of [a, visitor]) await close(page)
})
