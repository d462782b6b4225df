// The longest tasks of the app's page (Long Tasks API: what held it up for 50 ms or more) at a document of letters that were
// each put in at a random place, with open suggestions: while these come, while somebody types, and when one is accepted.
import { setTimeout as sleep } from 'node:timers/promises'
import { Report } from '../common/report.mjs'
import { id, launchBrowser } from '../../tests/e2e/browser.mjs'
import { Client } from '../../tests/e2e/client.mjs'
import { Hub, until } from '../../tests/e2e/hub.mjs'
import { openAs } from '../../tests/e2e/pages.mjs'

const report = new Report()
if (report.rest.includes('--help')) {
  console.log('--letters N (100000): the length of the document\n--suggestions N (3)\n--seconds N (45): how long is typed')
  process.exit(0)
}
const option = (name, otherwise) => {
  const at = report.rest.indexOf(`--${name}`)
  return at < 0 ? otherwise : Number(report.rest[at + 1])
}
const letters = option('letters', 100_000)
const suggestions = option('suggestions', 3)
const seconds = option('seconds', 45)
const patience = 180_000

let state = 1
const random = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}

const hub = await Hub.start()
const browser = await launchBrowser()
try {
  await hub.register('Olga')
  const ann = await hub.register('Ann')
  const document = await hub.createDocument(ann, { name: 'Long', doc_type: 'plain_text', content: '' })
  const writer = new Client(hub, document, ann)
  await writer.synced()
  for (let made = 0; made < letters; made += 10_000) {
    writer.change((text) => {
      for (let n = made; n < Math.min(letters, made + 10_000); n++) text.insert(random(text.length + 1), n % 60 ? String.fromCharCode(97 + random(26)) : '\n')
    })
  }
  await until('all is with the hub', () => writer.acknowledged.size === writer.made, patience)
  writer.close()

  const page = await openAs(browser, hub, ann)
  page.setDefaultTimeout(patience)
  await page.addInitScript(() => {
    globalThis.tasks = []
    new PerformanceObserver((list) => { for (const { startTime, duration } of list.getEntries()) globalThis.tasks.push({ startTime, duration }) }).observe({ type: 'longtask', buffered: true })
  })
  /** What held the page up since the last time that this was asked. */
  let since = 0
  const held = async (work) => {
    await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve, 100)) }))
    const [tasks, now] = await page.evaluate((from) => [globalThis.tasks.filter((one) => one.startTime >= from).map((one) => one.duration), performance.now()], since)
    since = now
    report.add({ work: `${work}: longest task`, value: Math.max(0, ...tasks), unit: 'ms' })
    report.add({ work: `${work}: all beyond 50 ms`, value: tasks.reduce((sum, one) => sum + one - 50, 0), unit: 'ms' })
  }

  await page.goto(`${hub.url}/d/${document.id}`)
  await page.waitForSelector(id('editor'))
  await page.waitForSelector(`${id('connection-state')}[data-state="saved"]`)
  await page.click(id('margin-open'))
  await sleep(2_000)
  await held('opening it')

  const type = async () => {
    await page.click(id('editor'), { position: { x: 20, y: 60 } })
    const end = Date.now() + seconds * 1_000
    while (Date.now() < end) {
      await page.keyboard.type('word ')
      await sleep(200)
    }
    await page.waitForSelector(`${id('connection-state')}[data-state="saved"]`)
  }
  await type()
  await held(`typing for ${seconds} s, no suggestions`)

  for (let n = 0; n < suggestions; n++) {
    const { content, version } = await hub.ask(ann, 'GET', `/documents/${document.id}?format=text`, undefined, 200)
    const at = Math.floor((content.length * (n + 1)) / (suggestions + 1))
    await hub.ask(ann, 'POST', `/documents/${document.id}/suggestions`, { content: `${content.slice(0, at)}SUGGESTED${content.slice(at + 5)}`, version, message: 'so' }, 201)
  }
  const shown = () => page.locator(`${id('suggestion')} ins`).count()
  await until('all suggestions are shown', async () => (await shown()) >= suggestions, patience)
  await sleep(1_000)
  await held(`${suggestions} suggestions come`)

  await type()
  await held(`typing for ${seconds} s beside them`)

  await page.locator(id('suggestion-accept')).first().click()
  await until('it is accepted', async () => (await page.locator(id('suggestion-accept')).count()) < suggestions, patience)
  await sleep(1_000)
  await held('accepting one')
  report.finish()
} finally {
  await browser.close()
  await hub.stop()
}
