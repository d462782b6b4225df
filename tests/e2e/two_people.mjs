// What tests of two people at one document in the browser share.
import { id } from './browser.mjs'
import { until } from './hub.mjs'
import { openAs } from './pages.mjs'

export const kText = 'The quick brown fox jumps over the lazy dog.\nIt was a sunny day.\n'

/** A document of the first that the second has with this access, open at both. */
export async function share(browser, hub, [owner, other], level, content = kText) {
  const document = await hub.createDocument(owner, { name: 'Plan', content })
  await hub.ask(owner, 'POST', `/documents/${document.id}/share`, { principal: other.id, access_level: level }, 200)
  const pages = await Promise.all([owner, other].map((who) => openAs(browser, hub, who, `/d/${document.id}`)))
  for (const page of pages) {
    await page.waitForSelector(id('editor'))
    await page.waitForSelector(`${id('connection-state')}[data-state="saved"]`)
  }
  return { document, pages, contentOf: async () => (await hub.ask(owner, 'GET', `/documents/${document.id}?format=text`, undefined, 200)).content }
}

/** Selects the first of these words in the editor, as a person does. */
export async function select(page, words) {
  await page.evaluate((wanted) => {
    const root = document.querySelector('[data-testid="editor"]')
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const at = node.data.indexOf(wanted)
      if (at < 0) continue
      root.focus()
      getSelection().setBaseAndExtent(node, at, node, at + wanted.length)
      return
    }
    throw new Error(`“${wanted}” is not in the text`)
  }, words)
}
export const selected = (page) => page.evaluate(() => String(getSelection()))
const marked = (page, name) => page.evaluate((key) => [...(CSS.highlights.get(key) ?? [])].map(String), `concord-${name}`)
export const shows = async (page, name, words) => {
  let found
  await until(`${name} marks ${JSON.stringify(words)}`, async () => {
    found = await marked(page, name)
    return JSON.stringify(found) === JSON.stringify(words)
  }).catch((error) => { throw new Error(`${error.message}; it marks ${JSON.stringify(found)}`) })
}
export const editor = (page) => page.locator(id('editor'))
export const thread = (page) => page.locator(id('thread'))
export const saved = (page) => page.waitForSelector(`${id('connection-state')}[data-state="saved"]`)

export async function comment(page, words, body) {
  await select(page, words)
  await page.click(id('add-comment'))
  await page.fill(id('comment-text'), body)
  await page.click(id('comment-send'))
}
