// Groups in the browser: made, renamed and removed by admins, read by members, who may leave.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { id, launchBrowser } from './browser.mjs'
import { Hub, until } from './hub.mjs'
import { close, inspect, openAs } from './pages.mjs'

let hub, browser, owner, ben, eve
before(async () => {
  hub = await Hub.start({ SIGN_IN_RATE_PER_MINUTE: '0', REGISTER_RATE_PER_MINUTE: '0', ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1' })
  owner = await hub.register('Olga')
  ben = await hub.register('Ben')
  eve = await hub.register('Eve')
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await hub?.stop()
})

const groups = async () => (await hub.ask(owner, 'GET', '/groups', undefined, 200)).groups
const member = (page, user) => page.locator(`${id('member-row')}[data-user-id="${user.id}"]`)

test('an admin makes a group, takes people in and out, renames and removes it', async () => {
  const page = await openAs(browser, hub, owner)
  await page.click(id('account-menu'))
  await page.click(id('go-groups'))
  await page.waitForSelector(id('groups-empty'))
  await inspect(page, 'groups-none')
  await page.locator(id('group-new')).first().click()
  await page.fill(id('name-field'), 'Editors')
  await inspect(page, 'group-new')
  await page.keyboard.press('Enter')
  await page.waitForSelector(id('group-empty'))
  const [group] = await groups()
  assert.equal(page.url(), `${hub.url}/people/groups/${group.id}`)

  await page.fill(id('member-find'), 'nobody of this name')
  await page.waitForSelector(id('member-find-nobody'))
  await page.fill(id('member-find'), 'en@example')
  await page.locator(`${id('member-found')}[data-user-id="${ben.id}"] ${id('member-add')}`).click()
  await member(page, ben).waitFor()
  await page.fill(id('member-find'), 'e')
  await page.locator(`${id('member-found')}[data-user-id="${eve.id}"] ${id('member-add')}`).click()
  await member(page, eve).waitFor()
  assert.equal(await page.locator(id('group-count')).innerText(), '2 members')
  await inspect(page, 'group', true)
  await member(page, eve).locator(id('member-take')).click()
  await until('Eve is out', async () => (await hub.ask(owner, 'GET', `/groups/${group.id}`, undefined, 200)).people.map((one) => one.id).join() === ben.id)

  await page.click(id('group-menu'))
  await page.click(id('group-rename'))
  await page.fill(id('name-field'), 'Readers')
  await page.click(id('name-submit'))
  await page.getByRole('heading', { name: 'Readers' }).waitFor()
  await page.click(id('page-back'))
  await page.click(id('group-new'))
  await page.fill(id('name-field'), 'Readers')
  await page.click(id('name-submit'))
  await page.getByText('There is a group of this name').waitFor()
  await page.fill(id('name-field'), 'Writers')
  await page.click(id('name-submit'))
  await page.waitForSelector(id('group-empty'))
  await page.click(id('page-back'))
  await until('both are there', async () => (await page.locator(id('group-row')).count()) === 2)
  await inspect(page, 'groups')
  await page.fill(id('groups-filter'), 'writ')
  await until('one of them is left', async () => (await page.locator(id('group-row')).count()) === 1)
  await page.click(id('group-open'))
  await page.click(id('group-menu'))
  await page.click(id('group-remove'))
  await inspect(page, 'group-remove')
  await page.click(id('group-remove-submit'))
  await until('it is gone', async () => (await groups()).map((one) => one.name).join() === 'Readers')
  await close(page)
})

test('a member reads who is in it, and leaves', async () => {
  const [group] = await groups()
  await hub.ask(owner, 'PUT', `/groups/${group.id}/members/${owner.id}`, undefined, 204)
  const page = await openAs(browser, hub, ben, '/people/groups')
  await page.click(id('group-open'))
  await member(page, owner).waitFor()
  for (const what of ['group-menu', 'member-find', 'member-take']) assert.equal(await page.locator(id(what)).count(), 0, what)
  await inspect(page, 'group-of-a-member')
  await page.click(id('member-leave'))
  await until('he is out', async () => (await hub.ask(owner, 'GET', `/groups/${group.id}`, undefined, 200)).members === 1)
  await page.goto(`${hub.url}/people/groups/grp_00000000000000000000000000`)
  await page.waitForSelector(id('group-problem'))
  await inspect(page, 'group-gone')
  await close(page)
})

test('guests have none to see', async () => {
  await hub.ask(owner, 'PATCH', `/users/${eve.id}`, { role: 'guest' }, 200)
  const page = await openAs(browser, hub, eve)
  await page.click(id('account-menu'))
  assert.equal(await page.locator(id('go-groups')).count(), 0)
  await page.goto(`${hub.url}/people/groups`)
  await page.waitForSelector(id('groups-problem'))
  await close(page)
})
