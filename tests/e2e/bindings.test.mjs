// Editors of others, as their makers bind them to Yjs, each in two real browsers at once: Tiptap over Hocuspocus's
// provider, CodeMirror and Quill over y-websocket's. Their pages are of another origin than the hub.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { build } from 'esbuild'
import * as Y from 'yjs'
import { launchBrowser } from './browser.mjs'
import { HocuspocusConnection } from './hocuspocus_client.mjs'
import { Hub, until } from './hub.mjs'

const editors = {
  tiptap: `
    import { Editor } from '@tiptap/core'
    import StarterKit from '@tiptap/starter-kit'
    import Collaboration from '@tiptap/extension-collaboration'
    import { HocuspocusProvider } from '@hocuspocus/provider'
    import * as Y from 'yjs'
    const { hub, room, token } = window.wanted
    const doc = new Y.Doc()
    const provider = new HocuspocusProvider({ url: hub + '/hocuspocus', name: room, token, document: doc })
    window.editor = new Editor({
      element: document.querySelector('#editor'),
      extensions: [StarterKit.configure({ undoRedo: false }), Collaboration.configure({ document: doc })],
    })
    window.isSaved = () => provider.isSynced && provider.unsyncedChanges === 0
    window.textOf = () => window.editor.getText({ blockSeparator: '\\n' })
    window.htmlOf = () => window.editor.getHTML()`,
  codemirror: `
    import { EditorView, basicSetup } from 'codemirror'
    import { yCollab } from 'y-codemirror.next'
    import { WebsocketProvider } from 'y-websocket'
    import * as Y from 'yjs'
    const { hub, room, token } = window.wanted
    const doc = new Y.Doc()
    const provider = new WebsocketProvider(hub, room, doc, { params: { token } })
    const text = doc.getText('content')
    const view = new EditorView({
      doc: text.toString(), parent: document.querySelector('#editor'),
      extensions: [basicSetup, yCollab(text, provider.awareness, { undoManager: new Y.UndoManager(text) })],
    })
    window.isSaved = () => provider.synced
    window.textOf = () => view.state.doc.toString()`,
  quill: `
    import Quill from 'quill'
    import QuillCursors from 'quill-cursors'
    import { QuillBinding } from 'y-quill'
    import { WebsocketProvider } from 'y-websocket'
    import * as Y from 'yjs'
    Quill.register('modules/cursors', QuillCursors)
    const { hub, room, token } = window.wanted
    const doc = new Y.Doc()
    const provider = new WebsocketProvider(hub, room, doc, { params: { token } })
    const quill = new Quill('#editor', { theme: 'snow', modules: { cursors: true, toolbar: false, history: { userOnly: true } } })
    new QuillBinding(doc.getText('content'), quill, provider.awareness)
    window.quill = quill
    window.isSaved = () => provider.synced
    window.textOf = () => quill.getText()`,
}

let hub, browser, pages, people
const bundles = {}

before(async () => {
  for (const [name, contents] of Object.entries(editors)) {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: import.meta.dirname ?? new URL('.', import.meta.url).pathname },
      bundle: true, write: false, format: 'iife', define: { 'process.env.NODE_ENV': '"production"' },
    })
    bundles[name] = outputFiles[0].text
  }
  pages = createServer((request, response) => {
    const [, name, file] = request.url.split('?')[0].split('/')
    response.setHeader('content-type', file ? 'text/javascript' : 'text/html; charset=utf-8')
    response.end(file ? bundles[name] : `<!doctype html><title>${name}</title><div id="editor"></div><script src="/${name}/editor.js"></script>`)
  })
  await new Promise((resolve) => pages.listen(0, '127.0.0.1', resolve))
  hub = await Hub.start({ ALLOWED_ORIGINS: origin() })
  people = [await hub.register('Ann'), await hub.register('Ben')]
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await hub?.stop()
  pages?.close()
})

const origin = () => `http://127.0.0.1:${pages.address().port}`

/** The editor on the document, in a browser of the person's own. */
async function open(name, document, person) {
  const context = await browser.newContext()
  const page = await context.newPage()
  page.errors = []
  page.on('pageerror', (error) => page.errors.push(String(error)))
  await page.addInitScript((wanted) => { window.wanted = wanted }, { hub: hub.ws, room: document.id, token: person.token })
  await page.goto(`${origin()}/${name}`)
  await until(`${name} is there`, () => page.evaluate(() => window.isSaved?.()))
  return page
}

const textOf = (page) => page.evaluate(() => window.textOf())

/** Two people type at once, word by word; both texts are the same in the end, and hold every word once. */
async function typeAtOnce(name) {
  const document = await hub.createDocument(people[0], { name })
  await hub.share(people[0], document, people[1], 'write')
  const [ann, ben] = await Promise.all(people.map((person) => open(name, document, person)))
  const field = '[contenteditable=true]'
  await Promise.all([ann, ben].map((page) => page.focus(field)))
  const words = Array.from({ length: 12 }, (_, i) => i)
  await Promise.all([
    (async () => { for (const i of words) await ann.keyboard.type(`ann${i} `, { delay: 5 }) })(),
    (async () => { for (const i of words) await ben.keyboard.type(`ben${i} `, { delay: 5 }) })(),
  ])
  const typed = words.map((i) => `ann${i} ben${i} `).join('').replaceAll(' ', '').length
  await until('convergence', async () => {
    const [a, b] = await Promise.all([textOf(ann), textOf(ben)])
    return a === b && a.replace(/\s/g, '').length === typed
  })
  const text = await textOf(ann)
  assert.deepEqual([...text.replace(/\s/g, '')].sort(), [...words.map((i) => `ann${i}ben${i}`).join('')].sort())
  return { document, ann, ben, text, field }
}

test('CodeMirror over y-websocket: two browsers, and what they typed over REST', async () => {
  const { document, ann, ben, text } = await typeAtOnce('codemirror')
  await until('the text over REST', async () => (await hub.read(people[0], document)).content === text)
  const { version } = await hub.read(people[0], document)
  await hub.ask(people[0], 'PUT', `/documents/${document.id}?format=text`, { content: `# REST\n${text}`, version }, 200)
  await until('what REST wrote', async () => (await textOf(ben)) === `# REST\n${text}`)
  await until('a cursor', () => ann.evaluate(() => document.querySelectorAll('.cm-ySelectionCaret').length === 1))
  assert.deepEqual([...ann.errors, ...ben.errors], [])
})

test('Quill over y-websocket: two browsers, with formats, and what they typed over REST', async () => {
  const { document, ann, ben, text } = await typeAtOnce('quill')
  await ann.evaluate(() => window.quill.formatText(0, 4, { bold: true }, 'user'))
  await until('the format', () => ben.evaluate(() => window.quill.getContents(0, 4).ops[0].attributes?.bold === true))
  // Quill shows a line feed at the end of what it is given; the binding keeps it out of the text, or in it as its own.
  await until('the text over REST', async () => (await hub.read(people[0], document)).content.trimEnd() === text.trimEnd())
  const { content } = await hub.read(people[0], document, 'delta')
  assert.deepEqual(content[0].attributes, { bold: true })
  assert.equal(content[0].insert.length, 4)
  assert.deepEqual([...ann.errors, ...ben.errors], [])
})

test('Tiptap over Hocuspocus: two browsers and a client without an editor', async () => {
  const { document, ann, ben, text } = await typeAtOnce('tiptap')
  await ann.evaluate(() => window.editor.chain().selectAll().toggleBold().run())
  await until('the format', async () => /^<p><strong>/.test(await ben.evaluate(() => window.htmlOf())))
  await until('everything is durable', () => ann.evaluate(() => window.isSaved()))
  // What was durable is there after a crash, for who was never there before.
  await hub.crash()
  await hub.spawn()
  const connection = new HocuspocusConnection(hub)
  const client = connection.open(document, people[0].token)
  await client.synced()
  const fragment = client.doc.getXmlFragment('default')
  const lines = text.split('\n')
  assert.equal(fragment.toString(), lines.map((line) => `<paragraph><bold>${line}</bold></paragraph>`).join(''))
  const paragraph = new Y.XmlElement('paragraph')
  paragraph.insert(0, [new Y.XmlText('from elsewhere')])
  fragment.push([paragraph])
  await until('the paragraph, once both are back', async () =>
    (await Promise.all([ann, ben].map(textOf))).every((now) => now === `${text}\nfrom elsewhere`), 30_000)
  assert.deepEqual([...ann.errors, ...ben.errors], [])
  connection.close()
})
