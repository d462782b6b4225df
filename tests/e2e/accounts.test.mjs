// Accounts over their life: invited, confirmed, their passwords changed and reset, deactivated and back.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { Hub, until } from './hub.mjs'
import { Client } from './client.mjs'
import { SmtpServer } from './smtp_server.mjs'

let hub, ann

before(async () => {
  hub = await Hub.start({ REGISTRATION: 'invitation', REQUIRE_VERIFIED_EMAIL: 'true', PUBLIC_URL: 'https://hub.example.org' })
  ann = await hub.register('Ann')
})
after(() => hub?.stop())

const call = (method, path, user, body) => hub.request(method, path, { token: user?.token, body })

async function invited(name, wanted = {}) {
  const { status, body } = await call('POST', '/invitations', ann, wanted)
  assert.equal(status, 201, JSON.stringify(body))
  const user = { email: `${name}@example.org`, password: `correct horse ${name}` }
  const made = await call('POST', '/auth/register', null, { ...user, name, invitation: body.token })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  return { ...made.body.user, ...user, token: made.body.access_token, refresh: made.body.refresh_token, invitation: body }
}

test('only who was invited makes an account, once', async () => {
  const alone = await call('POST', '/auth/register', null, { email: 'eve@example.org', password: 'correct horse' })
  assert.equal(alone.status, 403)
  assert.equal(alone.body.field, 'invitation')
  const ben = await invited('ben1', { email: 'ben1@example.org' })
  assert.equal(ben.invitation.link, `https://hub.example.org/register#${ben.invitation.token}`)
  assert.equal(ben.email_verified, true)
  const again = await call('POST', '/auth/register', null,
    { email: 'eve@example.org', password: 'correct horse', invitation: ben.invitation.token })
  assert.equal(again.status, 403)
  assert.ok(!hub.log.includes(ben.invitation.token))
})

test('until the e-mail is confirmed an account acts as a guest', async () => {
  const cat = await invited('cat')
  assert.equal(cat.email_verified, false)
  assert.equal((await call('POST', '/documents', cat, { name: 'mine' })).status, 403)
  assert.equal((await call('POST', `/users/${cat.id}/confirm`, ann)).body.email_verified, true)
  assert.equal((await call('POST', '/documents', cat, { name: 'mine' })).status, 201)
})

test('a deactivated account loses what it has open at once, and comes back', async () => {
  const dan = await invited('dan', { email: 'dan@example.org' })
  const document = await hub.createDocument(dan, { name: 'live', content: 'x' })
  const live = new Client(hub, document, dan)
  await live.synced()
  assert.equal((await call('POST', `/users/${dan.id}/deactivate`, ann)).body.active, false)
  await until('the live session to end', () => !live.provider.wsconnected)
  live.close()
  assert.equal((await call('GET', '/auth/me', dan)).status, 401)
  const refused = await call('POST', '/auth/login', null, { email: dan.email, password: dan.password })
  const unknown = await call('POST', '/auth/login', null, { email: 'nobody@example.org', password: 'x' })
  assert.equal(refused.status, 401)
  assert.equal(refused.body.detail, unknown.body.detail)
  assert.equal((await call('POST', `/users/${dan.id}/reactivate`, ann)).status, 200)
  const back = await hub.logIn(dan)
  assert.equal((await hub.read(back, document)).content, 'x')
})

test('passwords: changed by their holder, reset by a link that outlives a crash of the hub', async () => {
  const eli = await invited('eli', { email: 'eli@example.org' })
  const elsewhere = await hub.logIn(eli)
  const change = { old_password: eli.password, new_password: 'another correct horse' }
  assert.equal((await call('POST', '/auth/password', eli, change)).status, 204)
  assert.equal((await call('GET', '/auth/me', elsewhere)).status, 401)
  assert.equal((await call('GET', '/auth/me', eli)).status, 200)
  const link = await call('POST', `/users/${eli.id}/reset-link`, ann)
  assert.equal(link.status, 201)
  await hub.crash()
  await hub.spawn()
  const set = { token: link.body.token, password: 'a third correct horse' }
  assert.equal((await call('POST', '/auth/password/reset', null, set)).status, 204)
  assert.equal((await call('POST', '/auth/password/reset', null, set)).status, 403)
  assert.equal((await call('GET', '/auth/me', eli)).status, 401)
  await hub.logIn({ ...eli, password: set.password })
  const { body } = await call('GET', '/audit?limit=200', ann)
  const actions = body.events.map((one) => one.action)
  for (const action of ['invitation.made', 'account.deactivated', 'account.confirmed', 'account.password_changed', 'account.password_reset']) {
    assert.ok(actions.includes(action), action)
  }
  assert.ok(!JSON.stringify(body).includes(link.body.token))
})

test('by mail: an address is confirmed, a forgotten password is set, an invitation arrives', async () => {
  const smtp = await SmtpServer.start()
  const mailing = await Hub.start({
    REQUIRE_VERIFIED_EMAIL: 'true', PUBLIC_URL: 'https://hub.example.org/', SMTP_URL: smtp.url, MAIL_FROM: 'hub@example.org',
  })
  try {
    const ask = (method, path, user, body) => mailing.request(method, path, { token: user?.token, body })
    assert.equal((await ask('GET', '/auth/setup')).body.mail, true)
    const owner = await mailing.register('Owner')
    const fay = await mailing.register('Fay')
    assert.equal((await ask('POST', '/documents', fay, { name: 'mine' })).status, 403)
    const token = await smtp.secret(fay.email, 'confirm')
    assert.equal((await ask('POST', '/auth/email/confirm', null, { token })).status, 204)
    assert.equal((await ask('POST', '/documents', fay, { name: 'mine' })).status, 201)

    assert.equal((await ask('POST', '/auth/password/reset-request', null, { email: 'nobody@example.org' })).status, 202)
    assert.equal((await ask('POST', '/auth/password/reset-request', null, { email: fay.email })).status, 202)
    const reset = { token: await smtp.secret(fay.email, 'reset'), password: 'a new correct horse' }
    assert.equal((await ask('POST', '/auth/password/reset', null, reset)).status, 204)
    await mailing.logIn({ ...fay, password: reset.password })
    assert.ok(!smtp.mails.some((mail) => mail.to === 'nobody@example.org'))

    assert.equal((await ask('POST', '/invitations', owner, { email: 'gus@example.org' })).body.mailed, true)
    const gus = { email: 'gus@example.org', password: 'correct horse', invitation: await smtp.secret('gus@example.org', 'register') }
    assert.equal((await ask('POST', '/auth/register', null, gus)).body.user.email_verified, true)
    assert.ok(!mailing.log.includes(reset.token))
  } finally {
    await mailing.stop()
    smtp.stop()
  }
})

test('a hub that is to send mail and lacks a setting says which', async () => {
  for (const [settings, missing] of [[{ MAIL_FROM: 'hub@example.org' }, 'PUBLIC_URL'], [{ PUBLIC_URL: 'https://hub.example.org' }, 'MAIL_FROM']]) {
    await assert.rejects(Hub.start({ SMTP_URL: 'smtp://127.0.0.1:1', ...settings }), new RegExp(missing))
  }
})
