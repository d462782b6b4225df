// The audit record in the browser: in words, narrowed, paged; and locks with their way back.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { id, launchBrowser } from './browser.mjs'
import { Hub, until } from './hub.mjs'
import { close, inspect, openAs } from './pages.mjs'

let hub, browser, owner, ann, ben
before(async () => {
  hub = await Hub.start({
    SIGN_IN_RATE_PER_MINUTE: '0', SIGN_IN_DELAY_MAX_SECONDS: '0', REGISTER_RATE_PER_MINUTE: '0', ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1',
    LOCK_MINUTES: '15', THREAT_READS_PER_HOUR: '0', THREAT_FAILURES_PER_10_MINUTES: '0', THREAT_MISSES_PER_10_MINUTES: '10',
  })
  owner = await hub.register('Olga')
  ann = await hub.register('Ann')
  ben = await hub.register('Ben')
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await hub?.stop()
})

const rows = (page, action) => page.locator(`${id('audit-row')}[data-action="${action}"]`)
const count = (page) => page.locator(id('audit-row')).count()

test('the record is told in words, and narrowed', async () => {
  await hub.ask(owner, 'PATCH', `/users/${ben.id}`, { role: 'guest' }, 200)
  await hub.request('POST', '/auth/login', { body: { email: ann.email, password: 'not the one' } })
  const document = await hub.createDocument(ann, { name: 'Secret name', content: 'x' })
  await hub.share(ann, document, ben, 'comment')
  const page = await openAs(browser, hub, owner)
  await page.click(id('account-menu'))
  await page.click(id('go-audit'))
  await rows(page, 'account.role_changed').getByText('Olga made Ben guest').waitFor()
  await rows(page, 'session.opened').getByText('Somebody failed to sign in as Ann').waitFor()
  await rows(page, 'access.granted').getByText('Ann let Ben comment a document').waitFor()
  assert.ok(!(await page.locator('main').innerText()).includes('Secret name'), 'who administers does not read what documents are called')
  await inspect(page, 'audit', true)

  await rows(page, 'account.role_changed').locator(id('audit-details')).click()
  const line = await page.locator(id('audit-line')).innerText()
  for (const part of [owner.id, ben.id, '127.0.0.1', 'account.role_changed', 'detail.role']) assert.ok(line.includes(part), part)
  await inspect(page, 'audit-line', true)

  await page.selectOption(id('audit-action'), 'session.opened')
  await page.selectOption(id('audit-outcome'), 'refused')
  await until('one is left', async () => (await count(page)) === 1)
  await page.click(id('audit-clear'))
  await rows(page, 'access.granted').waitFor()
  await rows(page, 'access.granted').getByText('Ann').first().click()
  await page.locator(id('audit-by')).getByText('By Ann').waitFor()
  await until('only what Ann did', async () => (await rows(page, 'account.role_changed').count()) === 0)
  await page.fill(id('audit-to'), '2001-01-01')
  await page.waitForSelector(id('audit-empty'))
  await inspect(page, 'audit-nothing')
  await close(page)
})

test('it comes in pages', async () => {
  for (let i = 0; i < 110; ++i) await hub.ask(ann, 'PATCH', '/auth/me', { name: `Ann ${i % 2}` }, 200)
  const page = await openAs(browser, hub, owner, '/people/audit')
  await until('a page', async () => (await count(page)) === 100)
  await page.click(id('audit-more'))
  await until('more of it', async () => (await count(page)) > 110)
  const numbers = await page.locator(id('audit-row')).evaluateAll((all) => all.map((one) => Number(one.dataset.seq)))
  assert.deepEqual(numbers, [...numbers].sort((a, b) => b - a))
  assert.equal(new Set(numbers).size, numbers.length)
  await close(page)
})

test('who is locked out is shown, and let in again', async () => {
  for (let i = 0; i < 12; ++i) await hub.request('GET', `/documents/doc_${String(i).padStart(26, '0')}`, { token: ben.token })
  const page = await openAs(browser, hub, owner, '/people/audit')
  const lock = page.locator(id('lock-row'))
  await lock.getByText('Ben').waitFor()
  await inspect(page, 'audit-locks')
  await lock.locator(id('lock-end')).click()
  await until('it has ended', async () => (await hub.ask(owner, 'GET', '/locks', undefined, 200)).locks.length === 0)
  await page.waitForFunction((selector) => !document.querySelector(selector), id('locks'))
  await page.click(id('audit-reload'))
  await rows(page, 'lock.ended').waitFor()
  await close(page)
})

test('members are told that it is not for them', async () => {
  const page = await openAs(browser, hub, ann, '/people/audit')
  await page.waitForSelector(id('admins-only'))
  await close(page)
})
