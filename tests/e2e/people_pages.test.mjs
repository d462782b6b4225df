// The people of a hub in the browser: who is there, roles, what is done about an account, invitations.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { id, launchBrowser } from './browser.mjs'
import { Hub, until } from './hub.mjs'
import { oneTimeCode } from './one_time_code.mjs'
import { close, inspect, openAs, openPage } from './pages.mjs'

let hub, browser, owner, admin, ben
before(async () => {
  hub = await Hub.start({ SIGN_IN_RATE_PER_MINUTE: '0', SIGN_IN_DELAY_MAX_SECONDS: '0', REGISTER_RATE_PER_MINUTE: '0', ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1' })
  owner = await hub.register('Olga')
  admin = await hub.register('Ada')
  ben = await hub.register('Ben')
  await hub.ask(owner, 'PATCH', `/users/${admin.id}`, { role: 'admin' }, 200)
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await hub?.stop()
})

const rowOf = (page, user) => page.locator(`${id('person-row')}[data-user-id="${user.id}"]`)
const one = async (user) => (await hub.ask(owner, 'GET', '/users', undefined, 200)).users.find((each) => each.id === user.id)

async function act(page, user, what) {
  await rowOf(page, user).locator(id('person-menu')).click()
  await page.click(id(what))
}

test('members are told that the page is not for them', async () => {
  const page = await openAs(browser, hub, ben)
  await page.click(id('account-menu'))
  assert.equal(await page.locator(id('go-people')).count(), 0)
  await page.goto(`${hub.url}/people`)
  await page.waitForSelector(id('admins-only'))
  await inspect(page, 'people-not-for-members')
  await close(page)
})

test('an admin finds people, and does what admins may', async () => {
  const page = await openAs(browser, hub, admin)
  await page.click(id('account-menu'))
  await page.click(id('go-people'))
  await rowOf(page, ben).waitFor()
  await page.waitForSelector(id('invitations-empty'))
  await inspect(page, 'people', true)
  assert.equal(await rowOf(page, owner).locator(id('person-menu')).count(), 0, 'nobody manages the owner')
  assert.equal(await rowOf(page, admin).locator(id('person-menu')).count(), 0)
  assert.deepEqual(await rowOf(page, ben).locator(`${id('person-role')} option`).allInnerTexts(), ['Member', 'Guest'])

  await page.fill(id('people-filter'), 'BEN@')
  await until('only Ben is left', async () => (await page.locator(id('person-row')).count()) === 1)
  await page.fill(id('people-filter'), 'nobody of this name')
  await page.waitForSelector(id('people-empty'))
  await inspect(page, 'people-nobody')
  await page.fill(id('people-filter'), '')
  await until('all are back', async () => (await page.locator(id('person-row')).count()) === 3)

  await rowOf(page, ben).locator(id('person-role')).selectOption('guest')
  await until('he is a guest', async () => (await one(ben)).role === 'guest')
  await rowOf(page, ben).locator(id('person-role')).selectOption('member')
  await act(page, ben, 'person-confirm')
  await until('his e-mail is confirmed', async () => (await one(ben)).email_verified)

  await act(page, ben, 'person-deactivate')
  await inspect(page, 'people-deactivate')
  await page.click(id('deactivate-dialog-submit'))
  await rowOf(page, ben).getByText('Deactivated').waitFor()
  await until('he is out', async () => (await hub.request('GET', '/auth/me', { token: ben.token })).status === 401)
  await act(page, ben, 'person-activate')
  await until('he may sign in again', async () => (await one(ben)).active)
  await hub.logIn(ben)
  await close(page)
})

test('a link for a new password is made, shown once, and works', async () => {
  const page = await openAs(browser, hub, admin, '/people')
  // By the keyboard alone.
  await rowOf(page, ben).locator(id('person-menu')).focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Enter')
  await page.waitForSelector(id('reset-link-dialog'))
  await page.click(id('reset-link-dialog-submit'))
  const link = await page.inputValue(id('reset-link-address'))
  await inspect(page, 'people-reset-link')
  await page.click(id('reset-link-done'))

  const his = await openPage(browser, hub, new URL(link).pathname + new URL(link).hash)
  await his.fill(id('reset-password'), 'a new one that is long')
  await his.click(id('reset-submit'))
  await his.waitForSelector(id('link-done'))
  ben = await hub.logIn({ ...ben, password: 'a new one that is long' })
  await close(his)
  await close(page)
})

test('a second step is taken away', async () => {
  const { secret } = await hub.ask(ben, 'POST', '/auth/second-factor/totp', { password: ben.password }, 200)
  await hub.ask(ben, 'POST', '/auth/second-factor/totp/confirm', { code: oneTimeCode(secret) }, 200)
  const page = await openAs(browser, hub, admin, '/people')
  await rowOf(page, ben).getByText('Two steps').waitFor()
  await act(page, ben, 'person-second-factor')
  await page.click(id('second-factor-dialog-submit'))
  await until('it is gone from the list', async () => (await rowOf(page, ben).getByText('Two steps').count()) === 0)
  ben = await hub.logIn(ben)
  await close(page)
})

test('an invitation is made, used, and another withdrawn', async () => {
  const page = await openAs(browser, hub, owner, '/people')
  await rowOf(page, ben).waitFor()
  assert.deepEqual(await rowOf(page, ben).locator(`${id('person-role')} option`).allInnerTexts(), ['Admin', 'Member', 'Guest'])
  await page.click(id('invite-open'))
  await page.fill(id('invite-email'), 'not an address')
  await page.click(id('invite-submit'))
  await page.locator(`${id('invite-email')}[aria-invalid]`).waitFor()
  await page.fill(id('invite-email'), 'gus@example.org')
  await page.selectOption(id('invite-role'), 'guest')
  await page.selectOption(id('invite-days'), '1')
  await inspect(page, 'people-invite')
  await page.click(id('invite-submit'))
  const link = new URL(await page.inputValue(id('invite-link-address')))
  await inspect(page, 'people-invited')
  await page.click(id('invite-done'))
  await page.locator(id('invitation-row')).getByText('gus@example.org').waitFor()

  const his = await openPage(browser, hub, link.pathname + link.hash)
  await his.fill(id('register-email'), 'gus@example.org')
  await his.fill(id('register-password'), 'long enough for Gus')
  await his.click(id('register-submit'))
  await his.waitForSelector(id('account-menu'))
  await close(his)

  await page.click(id('invite-open'))
  await page.click(id('invite-submit'))
  await page.waitForSelector(id('invite-made'))
  await page.click(id('invite-done'))
  await until('his is used, the new one open', async () => (await page.locator(id('invitation-row')).allInnerTexts()).join().includes('Whoever has the link'))
  assert.equal(await page.locator(id('invitation-row')).count(), 1)
  await inspect(page, 'people-with-invitation', true)
  await page.click(id('invitation-withdraw'))
  await page.waitForSelector(id('invitations-empty'))
  assert.deepEqual((await hub.ask(owner, 'GET', '/invitations', undefined, 200)).invitations, [])
  await page.reload()
  await page.locator(id('person-row')).getByText('gus@example.org').waitFor()
  await close(page)
})

test('many come in pages, and a hub that does not answer is said so', async () => {
  for (let i = 0; i < 100; ++i) {
    const { status } = await hub.request('POST', '/auth/register', { body: { email: `many${i}@example.org`, password: 'long enough', name: `Many ${i}` } })
    assert.equal(status, 201)
  }
  const page = await openAs(browser, hub, owner, '/people')
  await until('a page of them', async () => (await page.locator(id('person-row')).count()) === 100)
  await page.click(id('people-more'))
  await until('all of them', async () => (await page.locator(id('person-row')).count()) === 104)
  assert.equal(await page.locator(id('people-more')).count(), 0)

  await page.route('**/users?*', (route) => route.abort())
  await page.reload()
  await page.waitForSelector(id('people-problem'))
  await inspect(page, 'people-unreachable')
  await page.unroute('**/users?*')
  await page.getByRole('button', { name: 'Try again' }).click()
  await rowOf(page, owner).waitFor()
  await close(page)
})
