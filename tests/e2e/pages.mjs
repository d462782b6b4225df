// What tests of the app's pages share: signing in, looking at a page in all sizes, and asking axe about it.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { id, shots } from './browser.mjs'
import { until } from './hub.mjs'

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const widths = [360, 768, 1280, 1600]
const themes = ['light', 'dark']

/** A page of a browser of its own; what goes wrong in it is in `errors`. */
export async function openPage(browser, hub, path = '/sign-in') {
  const context = await browser.newContext({ viewport: { width: 1280, height: 844 } })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  page.errors = []
  page.on('pageerror', (error) => page.errors.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) page.errors.push(message.text())
  })
  await page.goto(hub.url + path)
  return page
}

/** The same, signed in, at `path`. */
export async function openAs(browser, hub, user, path = '/') {
  const page = await openPage(browser, hub)
  await page.fill(id('sign-in-email'), user.email)
  await page.fill(id('sign-in-password'), user.password)
  await page.click(id('sign-in-submit'))
  await page.waitForSelector(id('account-menu'))
  if (path !== '/') await page.goto(hub.url + path)
  return page
}

const looks = [['light', 1280], ['dark', 1280], ['light', 390], ['dark', 390]]

/** A page as it looks in both themes, wide and narrow; then as it was. */
export async function photograph(page, name, fullPage = false) {
  if (!shots) return
  const before = page.viewportSize()
  for (const [theme, width] of looks) {
    await page.setViewportSize({ width, height: 844 })
    await page.evaluate((value) => { document.documentElement.dataset.theme = value }, theme)
    await page.screenshot({ path: `${shots}/${name}-${theme}-${width}.png`, fullPage, animations: 'disabled' })
  }
  await page.evaluate(() => { document.documentElement.dataset.theme = 'light' })
  await page.setViewportSize(before)
}

/** Nothing went wrong in it; and away. */
export async function close(page) {
  assert.deepEqual(page.errors, [])
  await page.context().close()
}

/**
 * What stands there now is whole from 360 to 1600 px, and axe finds nothing to object to, light and dark. Photographed
 * where screenshots are wanted.
 */
export async function inspect(page, name, fullPage = false) {
  const before = page.viewportSize()
  await page.evaluate(axe)
  for (const theme of themes) {
    await page.evaluate((value) => { document.documentElement.dataset.theme = value }, theme)
    for (const width of widths) {
      await page.setViewportSize({ width, height: 844 })
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${name}: cut off at ${width} px`)
      if (shots) await page.screenshot({ path: `${shots}/${name}-${theme}-${width}.png`, fullPage, animations: 'disabled' })
    }
    await page.setViewportSize(before)
    const found = await until('what moves has come to rest', async () => {
      const running = await page.evaluate(() => document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity && one.playState === 'running').length)
      return running === 0 && page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
    })
    const said = found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' | ')}`)
    assert.deepEqual(said, [], `${name}, ${theme}`)
  }
  await page.evaluate(() => { document.documentElement.dataset.theme = 'light' })
}
