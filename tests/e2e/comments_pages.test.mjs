// Comments, suggestions and typing in the browser: two people at one document.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { id, launchBrowser } from './browser.mjs'
import { Hub, until } from './hub.mjs'
import { close, inspect, openPage } from './pages.mjs'
import { comment, editor, kText, saved, select, selected, share, shows, thread } from './two_people.mjs'

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

const together = (level, content) => share(browser, hub, [ann, ben], level, content)

test('two people talk about a place in the text, which moves with it', async () => {
  const { pages: [a, b] } = await together('write')
  await select(a, 'brown fox')
  await a.click(id('add-comment'))
  await a.locator(id('comment-text')).pressSequentially('Is it, @be')
  await a.waitForSelector(`${id('mention-option')}[data-user-id="${ben.id}"]`)
  await a.keyboard.press('Enter')
  await a.locator(id('comment-text')).pressSequentially('?')
  assert.equal(await a.inputValue(id('comment-text')), 'Is it, @Ben ?')
  await a.keyboard.press('Control+Enter')
  await thread(a).waitFor()
  assert.equal(await a.locator(`[data-mention="${ben.id}"]`).innerText(), '@Ben')
  await shows(a, 'comment-current', ['brown fox'])

  await b.waitForSelector(`${id('margin-open')}[data-count="1"]`)
  await shows(b, 'comment', ['brown fox'])
  await b.click(id('margin-open'))
  assert.equal(await thread(b).locator(id('note-author')).innerText(), 'Ann')
  await thread(b).locator(id('thread-reply')).click()
  await b.fill(id('reply-text'), 'More of a red one.')
  await b.click(id('reply-send'))
  await thread(a).locator(id('reply')).getByText('More of a red one.').waitFor()

  // Ben writes before it and in it; from the thread both are led to it, and from the text to the thread.
  await select(b, 'The quick ')
  await b.keyboard.type('Once a ')
  await select(b, 'brown')
  await b.keyboard.press('ArrowRight')
  await b.keyboard.type('ish')
  await shows(a, 'comment-current', ['brownish fox'])
  await thread(a).locator(id('thread-quote')).click()
  assert.equal(await selected(a), 'brownish fox')
  await inspect(a, 'comments')
  await a.click(id('margin-close'))
  await select(a, 'ish fox')
  await a.keyboard.press('ArrowLeft')
  await a.click(id('show-comment'))
  await until('the thread has the focus', () => a.evaluate(() => document.activeElement?.dataset.testid === 'thread'))
  await a.keyboard.press('Escape')
  assert.equal(await a.locator(id('margin')).count(), 0)
  assert.ok(await a.evaluate(() => document.activeElement?.dataset.testid === 'editor'), 'Escape leads back to the text')

  await thread(b).locator(id('thread-resolve')).click()
  await thread(b).waitFor({ state: 'detached' })
  await a.waitForSelector(`${id('margin-open')}[data-count="0"]`)
  await shows(a, 'comment', [])
  await b.click(id('show-done'))
  assert.match(await thread(b).innerText(), /Resolved by Ben/)
  await thread(b).locator(id('thread-reopen')).click()
  await a.waitForSelector(`${id('margin-open')}[data-count="1"]`)

  // The text goes, the comment stays and says so.
  await select(b, ' brownish fox')
  await b.keyboard.press('Delete')
  await b.waitForSelector(id('thread-gone'))
  assert.match(await b.locator(id('thread-gone')).innerText(), /brown fox/)
  await a.click(id('margin-open'))
  await a.waitForSelector(id('thread-gone'))
  for (const page of [a, b]) await close(page)
})

test('what is typed as soon as the cursor has moved replaces nothing', async () => {
  const { pages: [a] } = await together('write')
  await comment(a, 'brown fox', 'Is it?')
  await shows(a, 'comment-current', ['brown fox'])
  await select(a, 'brown')
  await a.waitForTimeout(100) // the editor knows of the selection
  // The letters are there before anything that the moved cursor has set off.
  await a.evaluate(() => addEventListener('keydown', ({ key }) => {
    if (key !== 'F8') return
    getSelection().collapseToEnd()
    const end = performance.now() + 400
    while (performance.now() < end);
  }, true))
  await Promise.all([a.keyboard.press('F8'), a.keyboard.type('ish')])
  await shows(a, 'comment-current', ['brownish fox'])
})

test('what one said is edited and removed, and only that, by the keyboard too', async () => {
  const { pages: [a, b] } = await together('write')
  await select(a, 'sunny')
  await a.keyboard.press('Control+Alt+KeyM')
  await a.locator(id('comment-text')).pressSequentially('Rainy!')
  await a.keyboard.press('Tab')
  await a.keyboard.press('Tab')
  await a.keyboard.press('Enter')
  await thread(a).waitFor()
  await a.click(id('comment-whole'))
  await a.fill(id('comment-text'), 'All of it is good.')
  await a.keyboard.press('Escape')
  assert.equal(await a.locator(id('composing')).count(), 0)
  await a.click(id('comment-whole'))
  await a.fill(id('comment-text'), 'All of it is good.')
  await a.click(id('comment-send'))
  await until('both', async () => (await thread(a).count()) === 2)
  assert.match(await thread(a).first().innerText(), /All of it/, 'what is of the whole document comes first')

  await thread(a).nth(1).locator(id('note-menu')).click()
  await a.click(id('note-edit'))
  await a.fill(id('edit-text'), 'Cloudy!')
  await a.click(id('edit-send'))
  await b.click(id('margin-open'))
  await b.locator(id('note-body')).getByText('Cloudy!').waitFor()
  assert.match(await thread(b).nth(1).innerText(), /edited/)
  // A writer may remove another's, but not change what it says.
  await thread(b).nth(1).locator(id('note-menu')).click()
  assert.equal(await b.locator(id('note-edit')).count(), 0)
  await b.click(id('note-remove'))
  await until('gone', async () => (await thread(a).count()) === 1)
  for (const page of [a, b]) await close(page)
})

test('what was begun is there again when its place is', async () => {
  const { pages: [a, b] } = await together('write')
  await comment(a, 'quick', 'How quick?')
  await a.click(id('comment-whole'))
  await a.fill(id('comment-text'), 'Half a thought')
  await thread(a).locator(id('thread-reply')).click()
  await a.fill(id('reply-text'), 'Half an answer')
  await a.click(id('margin-close'))
  await a.click(id('margin-open'))
  assert.deepEqual([await a.inputValue(id('comment-text')), await a.inputValue(id('reply-text'))], ['Half a thought', 'Half an answer'])
  // Left on purpose, it is gone.
  await a.click(id('comment-cancel'))
  await a.click(id('reply-cancel'))
  await a.click(id('margin-close'))
  await a.click(id('margin-open'))
  await thread(a).waitFor()
  assert.deepEqual([await a.locator(id('composing')).count(), await a.locator(id('reply-text')).count()], [0, 0])
  // What is resolved is marked no more, though it was chosen.
  await shows(a, 'comment', ['quick'])
  await thread(a).locator(id('thread-quote')).click()
  await shows(a, 'comment-current', ['quick'])
  await thread(a).locator(id('thread-resolve')).click()
  await shows(a, 'comment-current', [])
  for (const page of [a, b]) await close(page)
})

test('a comment made without a connection arrives when there is one', async () => {
  const { pages: [a, b] } = await together('write')
  await a.context().setOffline(true)
  await until('it is noticed', async () => (await a.getAttribute(id('connection-state'), 'data-state')) === 'offline' || (await a.evaluate(() => { dispatchEvent(new Event('online')); return false })))
  await comment(a, 'lazy dog', 'Said in the tunnel.')
  await thread(a).getByText('Said in the tunnel.').waitFor()
  await b.click(id('margin-open'))
  assert.equal(await thread(b).count(), 0)
  await a.context().setOffline(false)
  await thread(b).getByText('Said in the tunnel.').waitFor()
  await saved(a)
  a.errors = a.errors.filter((error) => !/ERR_INTERNET_DISCONNECTED/.test(error))
  for (const page of [a, b]) await close(page)
})

test('a suggestion is made, shown, accepted, refused and withdrawn', async () => {
  const { pages: [a, b], contentOf } = await together('write')
  await b.click(id('mode'))
  await b.click(id('mode-suggesting'))
  await b.waitForSelector(id('suggest-bar'))
  await select(b, 'quick')
  await b.keyboard.type('slow')
  // Meanwhile Ann goes on, and Ben sees it.
  await select(a, 'sunny')
  await a.keyboard.type('rainy')
  await editor(b).getByText('rainy').waitFor()
  await saved(b)
  assert.equal(await contentOf(), kText.replace('sunny', 'rainy'))
  await shows(b, 'insertion', ['slow'])
  await b.fill(id('suggest-message'), 'It is old.')
  await inspect(b, 'suggesting')
  await b.click(id('suggest-send'))
  await editor(b).getByText('The quick brown').waitFor()

  await a.waitForSelector(`${id('margin-open')}[data-count="1"]`)
  await shows(a, 'deletion', ['quick'])
  assert.equal(await a.locator(id('insertion-tag')).innerText(), 'slow')
  await a.locator(id('insertion-tag')).click()
  const card = a.locator(id('suggestion'))
  assert.match(await card.innerText(), /Ben.*It is old\./s)
  assert.deepEqual([await card.locator('del').innerText(), await card.locator('ins').innerText()], ['quick', 'slow'])
  await inspect(a, 'suggestion')
  await card.locator(id('suggestion-accept')).click()
  await card.waitFor({ state: 'detached' })
  for (const page of [a, b]) await editor(page).getByText('The slow brown fox').waitFor()
  await saved(a)
  assert.equal(await contentOf(), kText.replace('sunny', 'rainy').replace('quick', 'slow'))

  const suggest = async (from, to) => {
    await select(b, from)
    await b.keyboard.type(to)
    await b.click(id('suggest-send'))
    await card.waitFor()
  }
  await suggest('lazy', 'busy')
  await card.locator(id('suggestion-reject')).click()
  await card.waitFor({ state: 'detached' })
  await suggest('dog', 'cat')
  await b.click(id('margin-open'))
  await b.locator(id('suggestion-withdraw')).click()
  await card.waitFor({ state: 'detached' })
  assert.match(await contentOf(), /lazy dog/)

  // What was taken back again is nothing to suggest; and nothing is lost without a question.
  await select(b, 'rainy')
  await b.keyboard.type('x')
  await b.click(id('mode'))
  await b.click(id('mode-editing'))
  await b.waitForSelector(id('mode-dialog'))
  await b.click(id('mode-discard'))
  await editor(b).getByText('It was a rainy day').waitFor()
  assert.equal(await b.locator(id('suggest-bar')).count(), 0)
  await b.locator(id('toast')).first().waitFor({ state: 'detached' })
  for (const page of [a, b]) await close(page)
})

test('who types is shown as typing, for as long as it lasts', async () => {
  const { pages: [a, b] } = await together('write')
  await b.waitForSelector(id('presence-avatar'))
  await editor(a).click()
  await a.keyboard.type('x')
  await b.waitForSelector(id('typing'))
  assert.equal(await b.getAttribute(id('typing'), 'title'), 'Ann is typing')
  assert.equal(await a.locator(id('typing')).count(), 0)
  await b.locator(id('typing')).waitFor({ state: 'detached' })
  for (const page of [a, b]) await close(page)
})

/** How many changes the page keeps to send them later. */
const keptOf = (user) => new Promise((resolve, reject) => {
  const request = indexedDB.open(`concord-outbox-${user}`)
  request.onerror = () => reject(request.error)
  request.onsuccess = () => {
    const database = request.result
    const count = database.transaction('changes').objectStore('changes').count()
    count.onsuccess = () => { database.close(); resolve(count.result) }
  }
})

test('who may comment does, and changes nothing else', async () => {
  const { pages: [a, b], contentOf } = await together('comment')
  await b.waitForSelector(id('access-badge'))
  assert.deepEqual([await b.locator(id('toolbar')).count(), await b.locator(id('mode')).count(), await editor(b).getAttribute('contenteditable')], [0, 0, 'false'])
  await comment(a, 'quick', 'Ann’s')
  await comment(b, 'lazy dog', 'Ben’s')
  await saved(b)
  await until('both have both', async () => (await thread(a).count()) === 2 && (await thread(b).count()) === 2)
  await inspect(b, 'commenting')
  // Anybody's is answered; only one's own is resolved, edited and removed.
  await thread(b).nth(0).locator(id('thread-reply')).click()
  await b.fill(id('reply-text'), 'To Ann’s')
  await b.click(id('reply-send'))
  await thread(a).nth(0).locator(id('reply')).waitFor()
  const [theirs, own] = [thread(b).nth(0), thread(b).nth(1)]
  assert.deepEqual([await theirs.locator(id('thread-resolve')).count(), await own.locator(id('thread-resolve')).count()], [0, 1])
  assert.equal(await theirs.locator(id('note-menu')).count(), 1, 'of the reply, which is Ben’s')
  await own.locator(id('note-menu')).click()
  await b.click(id('note-edit'))
  await b.fill(id('edit-text'), 'Ben’s, mended')
  await b.click(id('edit-send'))
  await thread(a).getByText('Ben’s, mended').waitFor()
  await own.locator(id('thread-resolve')).click()
  await until('resolved at Ann’s', async () => (await thread(a).count()) === 1)
  await saved(b)
  assert.equal(await contentOf(), kText)

  // Without a connection too.
  await b.context().setOffline(true)
  await until('it is noticed', async () => (await b.getAttribute(id('connection-state'), 'data-state')) === 'offline' || (await b.evaluate(() => { dispatchEvent(new Event('online')); return false })))
  await comment(b, 'sunny', 'From the tunnel')
  await until('it is kept', () => b.evaluate(keptOf, ben.id))
  const address = b.url()
  await b.goto('about:blank')
  await b.context().setOffline(false)
  await b.goto(address)
  await thread(a).getByText('From the tunnel').waitFor()
  b.errors = b.errors.filter((error) => !/ERR_INTERNET_DISCONNECTED/.test(error))
  for (const page of [a, b]) await close(page)
})

test('who came by a link that lets them comment does, under the name of the link', async () => {
  const { document, pages: [a, b] } = await together('read')
  const made = await hub.ask(ann, 'POST', `/documents/${document.id}/links`, { access_level: 'comment', name: 'Printers' }, 201)
  const visitor = await openPage(browser, hub, `/link#${made.secret}`)
  await visitor.waitForSelector(id('editor'))
  await comment(visitor, 'quick', 'How quick?')
  await a.click(`${id('margin-open')}[data-count="1"]`)
  await thread(a).getByText('How quick?').waitFor()
  await thread(a).getByText('Printers').waitFor()
  await inspect(visitor, 'commenting-by-link')
  await visitor.reload()
  await visitor.click(`${id('margin-open')}[data-count="1"]`)
  await thread(visitor).locator(id('thread-resolve')).click()
  await until('resolved at Ann’s', async () => (await thread(a).count()) === 0)
  for (const page of [a, b, visitor]) await close(page)
})

test('who may suggest works on a copy, and others decide', async () => {
  const { document, pages: [a, b], contentOf } = await together('suggest')
  await b.waitForSelector(id('mode-badge'))
  await b.waitForSelector(id('suggest-bar'))
  await select(b, 'quick')
  await b.keyboard.type('slow')
  await b.click(id('suggest-send'))
  await saved(b)
  await a.waitForSelector(`${id('margin-open')}[data-count="1"]`)
  assert.equal(await contentOf(), kText)
  await b.click(id('margin-open'))
  assert.deepEqual([await b.locator(id('suggestion-accept')).count(), await b.locator(id('suggestion-withdraw')).count()], [0, 1])
  const { suggestions } = await hub.ask(ann, 'GET', `/documents/${document.id}/suggestions`, undefined, 200)
  assert.deepEqual(suggestions.map((one) => [one.author, one.state]), [[ben.id, 'open']])
  await a.click(id('margin-open'))
  await a.click(id('suggestion-accept'))
  await editor(b).getByText('The slow brown').waitFor()
  await saved(a)
  assert.match(await contentOf(), /The slow brown/)

  // Ben may comment only, from now on: what he works in changes with it.
  await hub.ask(ann, 'POST', `/documents/${document.id}/share`, { principal: ben.id, access_level: 'comment' }, 200)
  await until('Ben’s page has looked again', async () => {
    await b.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
    return (await b.locator(id('access-notice')).count()) === 1
  })
  assert.match(await b.locator(id('access-notice')).innerText(), /comment on it, but not edit/)
  await b.waitForSelector(id('access-badge'))
  await saved(b)
  await comment(b, 'lazy', 'Still heard')
  await thread(a).getByText('Still heard').waitFor()
  for (const page of [a, b]) await close(page)
})
