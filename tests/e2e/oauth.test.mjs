// Signing in by a provider of identity, over HTTP: who is let in, to which account, and what a false issuer or a false
// browser comes to. oauth_pages.test.mjs has the pages, and the certified issuer.
import test, { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { FalseIssuer } from './false_issuer.mjs'
import { GitHubServer } from './github_server.mjs'
import { Hub } from './hub.mjs'
import { oneTimeCode } from './one_time_code.mjs'

const quick = { SIGN_IN_RATE_PER_MINUTE: '0', REGISTER_RATE_PER_MINUTE: '0', ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1' }
const at = (name, { url, client }) => ({
  [`OAUTH_${name}_ISSUER`]: url, [`OAUTH_${name}_CLIENT_ID`]: client.client_id, [`OAUTH_${name}_CLIENT_SECRET`]: client.client_secret,
})

let issuer, other, github, hub, owner
before(async () => {
  [issuer, other, github] = await Promise.all([FalseIssuer.listen(), FalseIssuer.listen(), GitHubServer.listen()])
  hub = await Hub.start((url) => ({
    ...quick, PUBLIC_URL: url, OAUTH_PROVIDERS: 'acme,other,github', OAUTH_ACME_LABEL: 'Acme Corp',
    ...at('ACME', issuer), ...at('OTHER', other), ...at('GITHUB', github),
  }))
  owner = await hub.register('Owner')
})
after(async () => {
  await hub?.stop()
  for (const one of [issuer, other, github]) one?.stop()
})

/** Somebody's browser, as far as it is needed: it keeps its cookie and follows nothing by itself. */
class Browser {
  constructor(at = hub) { this.hub = at }

  async go(path, options = {}) {
    const response = await fetch(this.hub.url + path, {
      redirect: 'manual', ...options, headers: { ...(this.cookie ? { cookie: this.cookie } : {}), ...options.headers },
    })
    const set = response.headers.get('set-cookie')
    if (set) this.setCookie = set
    if (set) this.cookie = set.split(';')[0]
    return response
  }
  async depart(provider = 'acme') {
    const response = await this.go(`/auth/oauth/${provider}`)
    assert.equal(response.status, 303)
    return response.headers.get('location')
  }
  /** Where the callback leads to. */
  async arrive(answer, provider = 'acme') {
    const response = await this.go(`/auth/oauth/${provider}/callback?${new URLSearchParams(answer)}`)
    assert.equal(response.status, 303)
    assert.equal(response.headers.get('cache-control'), 'no-store')
    return response.headers.get('location')
  }
  async post(path, body, token) {
    const response = await this.go(path, {
      method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    })
    return { status: response.status, body: await response.json() }
  }
  finish(page, more = {}) {
    return this.post('/auth/login/oauth', { ticket: ticketOf(page), ...more })
  }
  /** All of it, at the issuer as the person `claims` names. */
  async signIn(claims, { at = issuer, provider = 'acme', ...more } = {}) {
    return this.finish(await this.arrive(at.authorize(await this.depart(provider), claims), provider), more)
  }
  /** Connects an account of whoever is signed in; answers the page and what the claim was answered. */
  async connect(user, claims, proof = { password: user.password }) {
    const begun = await this.post('/auth/me/oauth/acme', proof, user.token)
    assert.equal(begun.status, 200, JSON.stringify(begun.body))
    const page = await this.arrive(issuer.authorize(begun.body.location, claims))
    return { page, answer: await this.post('/auth/me/oauth', { ticket: ticketOf(page) }, user.token) }
  }
}

const ticketOf = (page) => {
  const found = /^\/(sign-in|account)#oauth=([\w-]{43})$/.exec(page)
  assert.ok(found, page)
  return found[2]
}
const person = (name) => ({ sub: `sub-${name}`, email: `${name}@acme.example`, name })
const waysIn = (token) => hub.ask({ token }, 'GET', '/auth/me/oauth', undefined, 200)
async function lastEvents(action) {
  const { events } = await hub.ask(owner, 'GET', '/audit?limit=1000', undefined, 200)
  return events.filter((one) => one.action === action)
}

test('the services are told in their order', async () => {
  const { body } = await hub.request('GET', '/auth/oauth')
  assert.deepEqual(body.providers, [{ name: 'acme', label: 'Acme Corp' }, { name: 'other', label: 'Other' }, { name: 'github', label: 'GitHub' }])
  assert.equal((await hub.request('GET', '/auth/oauth/nobody')).status, 404)
})

test('the browser goes out with PKCE, state and nonce, and is known by a short cookie', async () => {
  const browser = new Browser()
  const asked = new URL(await browser.depart()).searchParams
  assert.equal(asked.get('response_type'), 'code')
  assert.equal(asked.get('code_challenge_method'), 'S256')
  assert.equal(asked.get('redirect_uri'), `${hub.url}/auth/oauth/acme/callback`)
  for (const name of ['state', 'nonce', 'code_challenge']) assert.match(asked.get(name), /^[\w-]{43}$/)
  assert.match(browser.setCookie, /^concord-oauth=[\w-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/)
})

test('a first sign-in makes an account, the next is the same, whatever became of the e-mail', async () => {
  const first = await new Browser().signIn(person('ada'))
  assert.equal(first.status, 201, JSON.stringify(first.body))
  assert.equal(first.body.user.email, 'ada@acme.example')
  assert.equal(first.body.user.name, 'ada')
  assert.equal(first.body.user.role, 'member')
  assert.equal(first.body.user.email_verified, true)
  const again = await new Browser().signIn({ ...person('ada'), email: 'renamed@acme.example' })
  assert.equal(again.status, 200)
  assert.equal(again.body.user.id, first.body.user.id)
  assert.deepEqual((await waysIn(again.body.access_token)).password, false)
  assert.equal((await lastEvents('account.registered'))[0].detail.provider, 'acme')
  assert.equal((await lastEvents('session.opened'))[0].detail.provider, 'acme')
  for (const secret of [issuer.client.client_secret, first.body.refresh_token]) assert.ok(!hub.log.includes(secret))
  // There is no password that fits.
  for (const password of ['', 'x']) assert.notEqual((await hub.request('POST', '/auth/login', { body: { email: 'ada@acme.example', password } })).status, 200)
})

test('another subject is somebody else, also with the name of another issuer', async () => {
  const acme = await new Browser().signIn(person('same'))
  const there = await new Browser().signIn({ ...person('same'), email: 'same@other.example' }, { at: other, provider: 'other' })
  assert.equal(there.status, 201)
  assert.notEqual(acme.body.user.id, there.body.user.id)
})

test('what the issuer says has to hold, claim by claim', async (t) => {
  const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const now = Math.floor(Date.now() / 1000)
  const cases = {
    'a wrong nonce': (token) => { token.claims.nonce = 'x'.repeat(43) },
    'no nonce': (token) => { delete token.claims.nonce },
    'another audience': (token) => { token.claims.aud = 'somebody-else' },
    'two audiences without a party': (token) => { token.claims.aud = [token.claims.aud, 'somebody-else'] },
    'another party': (token) => { token.claims.azp = 'somebody-else' },
    'another issuer': (token) => { token.claims.iss = other.url },
    'it is over': (token) => { token.claims.exp = now - 120 },
    'it is of tomorrow': (token) => { token.claims.iat = now + 86_400 },
    'no subject': (token) => { delete token.claims.sub },
    'the hash of another access token': (token) => { token.claims.at_hash = 'x'.repeat(22) },
    'no signature': (token) => { token.header.alg = 'none' },
    'a signature by the secret': (token) => { token.header = { alg: 'HS256' } },
    'a signature by the public key': (token) => {
      token.header.alg = 'HS256'
      token.secret = issuer.key.publicKey.export({ type: 'spki', format: 'pem' })
    },
    'the key of another': (token) => { token.key = foreign.privateKey },
    'the key of another, by a name that is not known': (token) => { token.key = foreign.privateKey; token.header.kid = 'two' },
    'the key of another, brought along': (token) => { token.key = foreign.privateKey; token.header.jwk = foreign.publicKey.export({ format: 'jwk' }) },
  }
  for (const [name, twist] of Object.entries(cases)) {
    await t.test(name, async () => {
      issuer.twist = (token) => { twist(token); return token }
      try {
        const browser = new Browser()
        assert.equal(await browser.arrive(issuer.authorize(await browser.depart(), person('eve'))), '/sign-in#oauth-problem=answer')
      } finally {
        issuer.twist = (token) => token
      }
    })
  }
  assert.ok(issuer.asked.filter((path) => path === '/keys').length <= 2, 'keys are not asked for each time')
  const refused = (await lastEvents('session.opened')).filter((one) => one.outcome === 'refused')
  assert.ok(refused.some((one) => one.detail.reason === 'acme: answer: nonce'), JSON.stringify(refused[0]))
})

test('an answer works once, in the browser it began in, at the callback of whom it was asked of', async () => {
  const ben = new Browser()
  const eve = new Browser()
  await eve.depart()
  const answer = issuer.authorize(await ben.depart(), person('ben'))
  assert.equal(await eve.arrive(answer), '/sign-in#oauth-problem=expired', 'the state of another browser')
  assert.equal(await new Browser().arrive(answer), '/sign-in#oauth-problem=expired', 'no cookie')
  assert.equal(await ben.arrive(answer, 'other'), '/sign-in#oauth-problem=expired', 'a mix-up')
  assert.equal(await ben.arrive({ ...answer, state: 'x'.repeat(43) }), '/sign-in#oauth-problem=expired')
  const page = await ben.arrive(answer)
  assert.equal(await ben.arrive(answer), '/sign-in#oauth-problem=expired', 'a replay')
  const stolen = await eve.finish(page)
  assert.equal(stolen.status, 401, 'a ticket in another browser')
  assert.equal((await ben.finish(page)).status, 201)
  assert.equal((await ben.finish(page)).status, 401, 'a ticket works once')
})

test('a code that was used, or that another began, gives nothing', async () => {
  const ben = new Browser()
  const first = issuer.authorize(await ben.depart(), person('code'))
  ticketOf(await ben.arrive(first))
  const second = new URL(await ben.depart()).searchParams.get('state')
  assert.equal(await ben.arrive({ code: first.code, state: second }), '/sign-in#oauth-problem=answer', 'used')
  const eves = issuer.authorize(await new Browser().depart(), person('eve'))
  const third = new URL(await ben.depart()).searchParams.get('state')
  assert.equal(await ben.arrive({ code: eves.code, state: third }), '/sign-in#oauth-problem=answer', 'PKCE binds it to who began')
})

test('an answer that names another issuer is not taken to the one that was asked', async () => {
  const browser = new Browser()
  const answer = other.authorize(await browser.depart('other'), person('mixed'))
  const before = other.asked.filter((path) => path === '/token').length
  assert.equal(await browser.arrive({ ...answer, iss: issuer.url }, 'other'), '/sign-in#oauth-problem=answer')
  assert.equal(other.asked.filter((path) => path === '/token').length, before, 'the code was shown to nobody')
  const right = other.authorize(await browser.depart('other'), { ...person('mixed'), email: 'mixed@other.example' })
  assert.equal((await browser.finish(await browser.arrive({ ...right, iss: other.url }, 'other'))).status, 201)
})

test('errors of a provider come back as such, and an attempt is over then', async () => {
  const browser = new Browser()
  const stateOf = async () => new URL(await browser.depart()).searchParams.get('state')
  const state = await stateOf()
  assert.equal(await browser.arrive({ error: 'access_denied', state }), '/sign-in#oauth-problem=denied')
  assert.equal(await browser.arrive({ error: 'access_denied', state }), '/sign-in#oauth-problem=expired')
  assert.equal(await browser.arrive({ error: 'server_error', error_description: '<b>x</b>', state: await stateOf() }), '/sign-in#oauth-problem=provider')
  assert.equal(await browser.arrive({ state: await stateOf() }), '/sign-in#oauth-problem=provider')
})

test('a browser has eight attempts open, the newest', async () => {
  const browser = new Browser()
  const going = []
  for (let i = 0; i < 9; i++) going.push(issuer.authorize(await browser.depart(), person('many')))
  assert.equal(await browser.arrive(going[0]), '/sign-in#oauth-problem=expired')
  ticketOf(await browser.arrive(going[1]))
  ticketOf(await browser.arrive(going[8]))
})

test('an e-mail that has an account is never taken for it; whoever has the account connects it', async () => {
  const cat = await hub.register('Cat')
  const claims = { sub: 'sub-cat', email: cat.email.toUpperCase(), name: 'Not Cat' }
  const refused = await new Browser().signIn(claims)
  assert.equal(refused.status, 409)
  assert.match(refused.body.detail, /sign in to it, and connect Acme Corp/)
  const browser = new Browser()
  assert.equal((await browser.post('/auth/me/oauth/acme', { password: 'wrong' }, cat.token)).status, 403)
  assert.equal((await browser.post('/auth/me/oauth/acme', { password: cat.password })).status, 401)
  const { page, answer } = await browser.connect(cat, claims)
  assert.match(page, /^\/account#/)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  assert.deepEqual(answer.body.connections.map(({ provider, label, email }) => ({ provider, label, email })), [{ provider: 'acme', label: 'Acme Corp', email: claims.email }])
  const signedIn = await new Browser().signIn(claims)
  assert.equal(signedIn.status, 200)
  assert.equal(signedIn.body.user.id, cat.id)
  assert.equal((await lastEvents('account.provider_connected'))[0].actor, cat.id)

  const dan = await hub.register('Dan')
  const taken = await new Browser().connect(dan, claims)
  assert.equal(taken.answer.status, 409, 'it is Cat’s')
  const gone = await hub.request('DELETE', '/auth/me/oauth/acme', { token: cat.token, body: { password: cat.password } })
  assert.equal(gone.status, 204)
  assert.equal((await hub.request('DELETE', '/auth/me/oauth/acme', { token: cat.token, body: { password: cat.password } })).status, 404)
  assert.equal((await new Browser().signIn(claims)).status, 409)
})

test('a ticket that connects is for who began it, and signs nobody in', async () => {
  const fay = await hub.register('Fay')
  const gus = await hub.register('Gus')
  const browser = new Browser()
  const begun = await browser.post('/auth/me/oauth/acme', { password: fay.password }, fay.token)
  const page = await browser.arrive(issuer.authorize(begun.body.location, person('fay')))
  assert.equal((await browser.finish(page)).status, 401)
  assert.equal((await browser.post('/auth/me/oauth', { ticket: ticketOf(page) }, gus.token)).status, 401)
  assert.equal((await browser.post('/auth/me/oauth', { ticket: ticketOf(page) }, fay.token)).status, 200)
  const signing = new Browser()
  const sign = await signing.arrive(issuer.authorize(await signing.depart(), person('gus')))
  assert.equal((await signing.post('/auth/me/oauth', { ticket: ticketOf(sign) }, gus.token)).status, 401, 'a sign-in connects nothing')
})

test('the last way in stays, until there is a password', async () => {
  const hal = (await new Browser().signIn(person('hal'))).body
  const call = (method, path, body) => hub.request(method, path, { token: hal.access_token, body })
  const refused = await call('DELETE', '/auth/me/oauth/acme', {})
  assert.equal(refused.status, 409)
  assert.match(refused.body.detail, /set a password first/)
  assert.equal((await call('POST', '/auth/second-factor/totp', { password: 'x' })).status, 403)
  assert.equal((await call('POST', '/auth/second-factor/totp', {})).status, 200, 'signed in moments ago')
  assert.equal((await call('POST', '/auth/password', { new_password: 'short' })).status, 400)
  assert.equal((await call('POST', '/auth/password', { new_password: 'long enough for Hal' })).status, 204)
  assert.equal((await call('POST', '/auth/password', { new_password: 'another one of Hal’s' })).status, 403, 'there is an old one now')
  assert.equal((await call('DELETE', '/auth/me/oauth/acme', {})).status, 204, 'signed in moments ago')
  assert.equal((await hub.request('POST', '/auth/login', { body: { email: 'hal@acme.example', password: 'long enough for Hal' } })).status, 200)
})

test('a second step is asked for after the provider, too', async () => {
  const ian = await hub.register('Ian')
  assert.equal((await new Browser().connect(ian, person('ian'))).answer.status, 200)
  const made = await hub.request('POST', '/auth/second-factor/totp', { token: ian.token, body: { password: ian.password } })
  const on = await hub.request('POST', '/auth/second-factor/totp/confirm', { token: ian.token, body: { code: oneTimeCode(made.body.secret) } })
  assert.equal(on.status, 200)
  const step = await new Browser().signIn(person('ian'))
  assert.equal(step.status, 200)
  assert.equal(step.body.access_token, undefined)
  assert.ok(step.body.second_factor.includes('totp'))
  const done = await hub.request('POST', '/auth/login/second-factor', { body: { ticket: step.body.ticket, code: oneTimeCode(made.body.secret, 1) } })
  assert.equal(done.status, 200)
  assert.equal(done.body.user.id, ian.id)
})

test('a deactivated account stays out, and agents connect nothing', async () => {
  const jo = (await new Browser().signIn(person('jo'))).body
  const { token } = await hub.makeAgent({ token: jo.access_token }, [{ thing: '*', permission: 'read' }])
  assert.equal((await new Browser().post('/auth/me/oauth/acme', {}, token)).status, 403)
  assert.equal((await hub.request('POST', `/users/${jo.user.id}/deactivate`, { token: owner.token })).status, 200)
  const refused = await new Browser().signIn(person('jo'))
  assert.equal(refused.status, 403)
  assert.match(refused.body.detail, /deactivated/)
})

test('an account needs an e-mail, and what is not vouched for is not confirmed', async () => {
  const { email: _, ...without } = person('kim')
  assert.equal((await new Browser().signIn(without)).status, 403)
  const made = await new Browser().signIn({ ...person('kim'), email_verified: false })
  assert.equal(made.status, 201)
  assert.equal(made.body.user.email_verified, false)
})

test('GitHub tells by its API: the number is the key, the verified primary address the e-mail', async () => {
  const octo = { id: 583231, login: 'octo', name: null, emails: [
    { email: 'old@example.org', primary: false, verified: true }, { email: 'octo@example.org', primary: true, verified: true }] }
  const made = await new Browser().signIn(octo, { at: github, provider: 'github' })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  assert.equal(made.body.user.email, 'octo@example.org')
  assert.equal(made.body.user.name, 'octo')
  const again = await new Browser().signIn({ ...octo, login: 'renamed', emails: [] }, { at: github, provider: 'github' })
  assert.equal(again.status, 200)
  assert.equal(again.body.user.id, made.body.user.id)
  const unverified = { id: 7, login: 'x', emails: [{ email: 'x@example.org', primary: true, verified: false }] }
  assert.equal((await new Browser().signIn(unverified, { at: github, provider: 'github' })).status, 403)
  const browser = new Browser()
  await browser.depart('github')
  const state = new URL(await browser.depart('github')).searchParams.get('state')
  assert.equal(await browser.arrive({ code: 'unknown', state }, 'github'), '/sign-in#oauth-problem=answer')
})

test('a provider that does not answer is told as such; another begins anew after a restart', async () => {
  const lost = await FalseIssuer.listen()
  lost.stop()
  const away = await Hub.start((url) => ({ ...quick, PUBLIC_URL: url, OAUTH_PROVIDERS: 'acme,lost', ...at('ACME', issuer), ...at('LOST', lost) }))
  try {
    const response = await fetch(`${away.url}/auth/oauth/lost`, { redirect: 'manual' })
    assert.equal(response.headers.get('location'), '/sign-in#oauth-problem=unanswered')
    // The first account is the owner's, and what is under way bears a crash.
    const browser = new Browser(away)
    const answer = issuer.authorize(await browser.depart(), person('first'))
    await away.crash()
    await away.spawn()
    const made = await browser.finish(await browser.arrive(answer))
    assert.equal(made.status, 201)
    assert.equal(made.body.user.role, 'owner')
  } finally {
    await away.stop()
  }
})

test('who may make an account is said by the settings', async () => {
  const invited = await Hub.start((url) => ({ ...quick, PUBLIC_URL: url, OAUTH_PROVIDERS: 'acme', REGISTRATION: 'invitation', ...at('ACME', issuer) }))
  try {
    const first = await invited.register('First')
    const refused = await new Browser(invited).signIn(person('lea'))
    assert.equal(refused.status, 403)
    assert.match(refused.body.detail, /invitation/)
    const { body } = await invited.request('POST', '/invitations', { token: first.token, body: { role: 'guest' } })
    const invitation = body.token
    const made = await new Browser(invited).signIn(person('lea'), { invitation })
    assert.equal(made.status, 201, JSON.stringify([body, made.body]))
    assert.equal(made.body.user.role, 'guest')
  } finally {
    await invited.stop()
  }
  const none = await Hub.start((url) => ({ ...quick, PUBLIC_URL: url, OAUTH_PROVIDERS: 'acme', OAUTH_REGISTRATION: 'false', ...at('ACME', issuer) }))
  try {
    await none.register('First')
    const refused = await new Browser(none).signIn(person('mia'))
    assert.equal(refused.status, 403)
    assert.match(refused.body.detail, /connect it on your account page/)
  } finally {
    await none.stop()
  }
})
