// Who is mentioned in a comment is told by mail: over REST and in live sessions, at most once for a document in some
// minutes, and only who may read it.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import * as Y from 'yjs'
import { Hub, until } from './hub.mjs'
import { Client } from './client.mjs'
import { SmtpServer } from './smtp_server.mjs'

let hub, smtp, owner, bob, cleo, stranger, unconfirmed
const ask = (...words) => hub.ask(...words)

before(async () => {
  smtp = await SmtpServer.start()
  hub = await Hub.start({ PUBLIC_URL: 'https://hub.example.org', SMTP_URL: smtp.url, MAIL_FROM: 'hub@example.org', DOCUMENT_IDLE_MS: '500' })
  owner = await hub.register('Owner')
  ;[bob, cleo, stranger] = await Promise.all(['Bob', 'Cleo', 'Stranger'].map(confirmed))
  unconfirmed = await hub.register('Unconfirmed')
})
after(async () => {
  await hub?.stop()
  smtp?.stop()
})

async function confirmed(name) {
  const user = await hub.register(name)
  const done = await hub.request('POST', '/auth/email/confirm', { body: { token: await smtp.secret(user.email, 'confirm') } })
  assert.equal(done.status, 204)
  return user
}

/** What came for somebody about a document. */
const mailed = (user, document) => smtp.mails.filter((mail) => mail.to === user.email && mail.text.includes(`/d/${document.id}`)).map((mail) => mail.text)

async function sharedDocument(name) {
  const document = await hub.createDocument(owner, { name, content: 'the secret content' })
  for (const user of [bob, cleo, unconfirmed]) await hub.share(owner, document, user, 'write')
  return document
}

function typeId(prefix) {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
  let number = BigInt(`0x${randomBytes(16).toString('hex')}`)
  let text = ''
  for (let i = 0; i < 26; i++) { text = alphabet[Number(number & 31n)] + text; number >>= 5n }
  return `${prefix}_${text}`
}

function comment(doc, author, body, mentions) {
  doc.transact(() => {
    const entry = new Y.Map()
    doc.getMap('concord:comments').set(typeId('cmt'), entry)
    entry.set('author', author.id)
    entry.set('at', Date.now())
    entry.set('body', body)
    entry.set('mentions', mentions.map((one) => one.id))
    entry.set('replies', new Y.Map())
  })
}

test('over REST: who is mentioned is told who, where and the first line, and once only', async () => {
  const document = await sharedDocument('Minutes')
  const made = await ask(owner, 'POST', `/documents/${document.id}/comments`, { body: 'please look, Bob\nnot this line', mentions: [bob.id, owner.id, unconfirmed.id] }, 201)
  await until('the mail', () => mailed(bob, document).length > 0)
  const [text] = mailed(bob, document)
  assert.match(text, /Owner mentions you in a comment on "Minutes"/)
  assert.match(text, /please look, Bob/)
  assert.ok(text.includes(`https://hub.example.org/d/${document.id}`))
  assert.ok(!text.includes('not this line') && !text.includes('secret content'), text)
  await ask(bob, 'POST', `/documents/${document.id}/comments/${made.id}/replies`, { body: 'and you, Cleo?', mentions: [cleo.id] }, 201)
  await ask(owner, 'POST', `/documents/${document.id}/comments`, { body: 'Bob, again', mentions: [bob.id, cleo.id] }, 201)
  await until('the mail of the reply', () => mailed(cleo, document).length > 0)
  // What is told later comes later: nothing of this document can be on its way any more when that of another has come.
  const later = await sharedDocument('Later')
  await ask(owner, 'POST', `/documents/${later.id}/comments`, { body: 'here', mentions: [bob.id] }, 201)
  await until('the later mail', () => mailed(bob, later).length > 0)
  assert.deepEqual([bob, cleo, owner, unconfirmed].map((user) => mailed(user, document).length), [1, 1, 0, 0])
})

test('in a live session: the true author is named, who may not read is not told, and a restart tells nobody again', async () => {
  const document = await sharedDocument('Live')
  const client = new Client(hub, document, bob)
  try {
    await client.synced()
    client.change(() => comment(client.doc, cleo, 'as if I were Cleo', [cleo, stranger, bob]))
    await until('the mail', () => mailed(cleo, document).length > 0)
    assert.match(mailed(cleo, document)[0], /Bob mentions you in a comment on "Live"/)
  } finally {
    client.close()
  }
  await hub.crash()
  await hub.spawn()
  await ask(owner, 'GET', `/documents/${document.id}/comments`, undefined, 200)
  const later = await sharedDocument('After it')
  await ask(owner, 'POST', `/documents/${later.id}/comments`, { body: 'here', mentions: [cleo.id] }, 201)
  await until('the later mail', () => mailed(cleo, later).length > 0)
  assert.deepEqual([cleo, bob, stranger].map((user) => mailed(user, document).length), [1, 0, 0])
})
