// Every route by every kind of caller: who is let in, and how the others are sent away. The routes are those of
// /openapi.json, which is held against what is served (src/gateway/openapi_test.cpp); one without a row here fails.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Hub } from './hub.mjs'

// Callers, in the order of a row's columns. The document and the folder are the owner's; the guest and the reader may read
// them, the writer may write. `agent` is the owner's and may read both, `stray` is the stranger's and may write whatever the
// stranger may. A visitor (below) came by a link to it that lets read.
const callers = ['nobody', 'guest', 'stranger', 'reader', 'writer', 'owner', 'admin', 'hub', 'agent', 'stray']
const yes = 'yes' // let in: any answer but 401, 403, 404 and 5xx

const everybody = Array(10).fill(yes)
const users = [401, yes, yes, yes, yes, yes, yes, yes, 403, 403]
const principals = [401, yes, yes, yes, yes, yes, yes, yes, yes, yes]
const insiders = [401, 403, yes, yes, yes, yes, yes, yes, 403, 403]
const admins = [401, 403, 403, 403, 403, 403, yes, yes, 403, 403]
const makers = [401, 403, yes, yes, yes, yes, yes, yes, 403, yes] // the agent may make nothing outside its scope
const readers = [401, yes, 404, yes, yes, yes, 404, 404, yes, 404]
const writers = [401, 403, 404, 403, yes, yes, 404, 404, 403, 404]
const owners = [401, 403, 404, 403, 403, yes, 404, 404, 403, 404]
const keepers = owners // of links: who may share
const missing = [401, 403, 404, 403, 403, 404, 404, 404, 403, 404]
const ownersOfAgents = [401, 404, 404, 404, 404, yes, 404, 404, 403, 403]

// Route: [who, body, what {names} of the path stand for].
const password = 'correct horse battery'
const rows = {
  'POST /auth/register': [everybody, () => ({ email: `x${Math.random()}@example.org`, password })],
  'POST /auth/login': [everybody, () => ({ email: users_.owner.email, password: users_.owner.password })],
  'POST /auth/login/second-factor': [Array(10).fill(401), () => ({ ticket: 'unknown', code: '123456' })],
  'POST /auth/login/passkey/options': [everybody, () => ({})],
  'POST /auth/login/passkey': [Array(10).fill(401), () => ({ credential: { id: 'AAEC', clientDataJSON: 'e30', authenticatorData: 'AAEC', signature: 'AAEC' } })],
  'POST /auth/passkeys/options': [[401, ...Array(9).fill(403)], () => ({ password: 'not the one' })],
  'POST /auth/passkeys': [[401, ...Array(9).fill(403)], () => ({ name: 'x', credential: { id: 'AAEC', clientDataJSON: 'e30', attestationObject: 'oA' } })],
  'PATCH /auth/passkeys/{passkey}': [[401, ...Array(7).fill(404), 403, 403], () => ({ name: 'x' }), { passkey: 'x' }],
  'DELETE /auth/passkeys/{passkey}': [[401, ...Array(9).fill(403)], () => ({ password: 'not the one' }), { passkey: 'x' }],
  'GET /auth/second-factor': [users],
  'POST /auth/second-factor/totp': [[401, ...Array(9).fill(403)], () => ({ password: 'not the one' })],
  'POST /auth/second-factor/totp/confirm': [users, () => ({ code: '123456' })],
  'DELETE /auth/second-factor/totp': [[401, ...Array(9).fill(403)], () => ({ password: 'not the one', code: '123456' })],
  'POST /auth/second-factor/recovery-codes': [[401, ...Array(9).fill(403)], () => ({ password: 'not the one', code: '123456' })],
  'POST /auth/refresh': [Array(10).fill(401), () => ({ refresh_token: 'rt_unknown' })],
  'POST /auth/logout': [everybody, () => ({ refresh_token: 'rt_unknown' })],
  'GET /auth/me': [users],
  'PATCH /auth/me': [users, () => ({ name: 'renamed' })],
  'GET /auth/me/export': [users],
  'DELETE /auth/me': [[401, ...Array(9).fill(403)], () => ({ password: 'not the one' })],
  'POST /auth/password': [users, (who) => ({ old_password: who.password ?? 'x', new_password: who.password ?? 'long enough' })],
  'POST /auth/password/reset': [Array(10).fill(403), () => ({ token: 'x'.repeat(43), password })],
  // The hub of this test sends no mail.
  'POST /auth/password/reset-request': [Array(10).fill(403), () => ({ email: users_.owner.email })],
  'POST /auth/email/confirm': [Array(10).fill(403), () => ({ token: 'x'.repeat(43) })],
  'POST /auth/email/confirm-request': [[401, ...Array(9).fill(403)]],
  'GET /auth/sessions': [users],
  'DELETE /auth/sessions': [users],
  'DELETE /auth/sessions/{session}': [[401, 404, 404, 404, 404, 404, 404, 404, 403, 403], null, { session: 'ses_00000000000000000000000000' }],
  'GET /auth/setup': [everybody],
  // The hub of this test knows no service.
  'GET /auth/oauth': [everybody],
  'GET /auth/oauth/{provider}': [Array(10).fill(404), null, { provider: 'github' }],
  'GET /auth/oauth/{provider}/callback': [Array(10).fill(404), null, { provider: 'github' }],
  'POST /auth/login/oauth': [Array(10).fill(401), () => ({ ticket: 'unknown' })],
  'GET /auth/me/oauth': [users],
  'POST /auth/me/oauth': [[401, 401, 401, 401, 401, 401, 401, 401, 403, 403], () => ({ ticket: 'unknown' })],
  'POST /auth/me/oauth/{provider}': [[401, 404, 404, 404, 404, 404, 404, 404, 403, 403], () => ({}), { provider: 'github' }],
  'DELETE /auth/me/oauth/{provider}': [[401, 404, 404, 404, 404, 404, 404, 404, 403, 403], () => ({}), { provider: 'github' }],
  'POST /groups': [admins, () => ({ name: `g${Math.random()}` })],
  'GET /groups': [insiders],
  'GET /groups/{group}': [insiders],
  'PATCH /groups/{group}': [admins, () => ({ name: `g${Math.random()}` })],
  'DELETE /groups/{group}': [admins],
  'PUT /groups/{group}/members/{user}': [admins],
  'DELETE /groups/{group}/members/{user}': [admins],
  'GET /users': [admins],
  'PATCH /users/{user}': [admins, () => ({ role: 'member' })],
  'POST /users/{user}/confirm': [admins],
  'POST /users/{user}/reset-link': [admins],
  'POST /users/{user}/deactivate': [admins],
  'POST /users/{user}/reactivate': [admins],
  'DELETE /users/{user}/second-factor': [admins],
  'POST /invitations': [admins, () => ({ role: 'member' })],
  'GET /invitations': [admins],
  'DELETE /invitations/{invitation}': [admins],
  'GET /agents': [users],
  'POST /agents': [users, () => ({ name: 'x', scopes: [{ thing: '*', permission: 'read' }] })],
  'GET /agents/{agent}': [ownersOfAgents],
  'PATCH /agents/{agent}': [ownersOfAgents, () => ({ name: 'y' })],
  'POST /agents/{agent}/token': [ownersOfAgents],
  'DELETE /agents/{agent}': [ownersOfAgents],
  'POST /auth/keys': [admins, () => ({})],
  'GET /services': [admins],
  'POST /services': [admins, () => ({ name: 'x', audiences: ['search'] })],
  'POST /services/{service}/secret': [admins.map((x) => (x === yes ? 404 : x)), null, { service: 'svc_00000000000000000000000000' }],
  'DELETE /services/{service}': [admins.map((x) => (x === yes ? 404 : x)), null, { service: 'svc_00000000000000000000000000' }],
  'POST /auth/service-token': [Array(10).fill(401), () => ({ service: 'svc_00000000000000000000000000', secret: 'x', audience: 'search' })],
  'POST /auth/introspect': [Array(10).fill(401), () => ({ token: 'x' })],
  'GET /.well-known/jwks.json': [everybody],
  'GET /documents': [principals],
  'POST /documents': [makers, () => ({ name: 'x' })],
  'GET /documents/{id}': [readers],
  'PUT /documents/{id}': [writers, () => ({ content: 'x', version: 0 })],
  'PATCH /documents/{id}': [writers, () => ({ name: 'y' })],
  'DELETE /documents/{id}': [owners],
  'GET /documents/{id}/share': [readers],
  'POST /documents/{id}/share': [owners, () => ({ principal: users_.stranger.id, access_level: 'read' })],
  'DELETE /documents/{id}/share/{principal}': [owners],
  'GET /documents/{id}/history': [readers],
  'GET /documents/{id}/versions': [readers],
  'GET /documents/{id}/versions/{version}': [readers],
  'PUT /documents/{id}/versions/{version}': [writers, () => ({ name: 'z' })],
  'DELETE /documents/{id}/versions/{version}': [[401, 403, 404, 403, 404, 404, 404, 404, 403, 404]], // none has a name
  'GET /documents/{id}/versions/{version}/changes': [readers],
  'POST /documents/{id}/versions/{version}/restore': [writers],
  // The comment and its reply are the owner's.
  'GET /documents/{id}/comments': [readers],
  'POST /documents/{id}/comments': [writers, () => ({ body: 'x' })],
  'GET /documents/{id}/comments/{comment}': [readers],
  'PATCH /documents/{id}/comments/{comment}': [owners, () => ({ body: 'x' })],
  'DELETE /documents/{id}/comments/{comment}': [writers],
  'POST /documents/{id}/comments/{comment}/resolve': [writers],
  'POST /documents/{id}/comments/{comment}/reopen': [writers],
  'POST /documents/{id}/comments/{comment}/replies': [writers, () => ({ body: 'x' })],
  'PATCH /documents/{id}/comments/{comment}/replies/{reply}': [owners, () => ({ body: 'x' })],
  'DELETE /documents/{id}/comments/{comment}/replies/{reply}': [writers],
  'GET /documents/{id}/suggestions': [readers],
  'POST /documents/{id}/suggestions': [writers, () => ({ content: 'x', version: 1 })],
  'GET /documents/{id}/suggestions/{suggestion}': [readers],
  'POST /documents/{id}/suggestions/{suggestion}/accept': [writers],
  'DELETE /documents/{id}/suggestions/{suggestion}': [writers],
  'GET /documents/{id}/presence': [readers],
  'GET /documents/{id}/sync': [everybody], // tells that it is a WebSocket; sync.test.mjs holds who may open one
  // What the protocol refuses; ot.test.mjs holds who may join what.
  'GET /socket.io/': [everybody],
  'POST /socket.io/': [everybody],
  'GET /hocuspocus': [everybody], // tells that it is a WebSocket; hocuspocus.test.mjs holds who may open documents by one
  'GET /folders': [principals],
  'POST /folders': [makers, () => ({ name: 'x' })],
  'GET /folders/{id}': [readers],
  'PATCH /folders/{id}': [writers, () => ({ name: 'y' })],
  'DELETE /folders/{id}': [owners],
  'GET /folders/{id}/share': [readers],
  'POST /folders/{id}/share': [owners, () => ({ principal: users_.stranger.id, access_level: 'read' })],
  'DELETE /folders/{id}/share/{principal}': [owners],
  'GET /documents/{id}/links': [keepers],
  'POST /documents/{id}/links': [keepers, () => ({ access_level: 'read' })],
  'DELETE /documents/{id}/links/{link}': [missing, null, { link: 'agt_00000000000000000000000000' }],
  'GET /folders/{id}/links': [keepers],
  'POST /folders/{id}/links': [keepers, () => ({ access_level: 'read' })],
  'DELETE /folders/{id}/links/{link}': [missing, null, { link: 'agt_00000000000000000000000000' }],
  'POST /links/open': [Array(10).fill(404), () => ({ secret: 'clk_unknown' })],
  'POST /mcp': [principals, () => ({ jsonrpc: '2.0', id: 1, method: 'ping' })],
  'GET /audit': [admins],
  'GET /locks': [admins],
  'GET /shards': [admins],
  'POST /shards/{shard}/split': [[401, 403, 403, 403, 403, 403, 404, 404, 403, 403], null, { shard: '99' }], // there is none
  'DELETE /locks/{lock}': [[401, 403, 403, 403, 403, 403, 404, 404, 403, 403]], // there is none
  'GET /health': [everybody],
  'GET /health/live': [everybody],
  'GET /health/ready': [everybody],
  'GET /metrics': [everybody], // of this machine
  'GET /openapi.json': [everybody],
}

/** What a visitor may; the rest is for accounts, or for everybody. */
const byLink = ['GET /documents', 'GET /documents/{id}', 'GET /documents/{id}/comments', 'GET /documents/{id}/comments/{comment}', 'GET /folders', 'GET /folders/{id}']
const ofVisitor = (route, expected) => {
  if (byLink.includes(route)) return yes
  return expected[0] === 401 && expected.some((one) => one !== 401) ? 403 : expected[0]
}

let hub
const users_ = {}
const ask = (...words) => hub.ask(...words)

before(async () => {
  hub = await Hub.start({
    SIGN_IN_RATE_PER_MINUTE: '0', SIGN_IN_DELAY_MAX_SECONDS: '0', REGISTER_RATE_PER_MINUTE: '0', ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1',
    SESSIONS_PER_USER: '10000',  // each row signs in
  })
  for (const name of ['hub', 'admin', 'owner', 'writer', 'reader', 'stranger', 'guest', 'other'])
    users_[name] = await hub.register(name)
  await ask(users_.hub, 'PATCH', `/users/${users_.admin.id}`, { role: 'admin' }, 200)
  await ask(users_.hub, 'PATCH', `/users/${users_.guest.id}`, { role: 'guest' }, 200)
  users_.nobody = {}
})
after(() => hub.stop())

/** What one call needs, made anew for it: some calls leave nothing behind. */
async function fixture() {
  const { owner, writer, reader, guest, stranger, other } = users_
  const folder = await ask(owner, 'POST', '/folders', { name: 'f' }, 201)
  const document = await hub.createDocument(owner, { name: 'd', content: 'one' })
  for (const path of [`/folders/${folder.id}/share`, `/documents/${document.id}/share`])
    for (const [to, level] of [[writer, 'write'], [reader, 'read'], [guest, 'read'], [other, 'read']])
      await ask(owner, 'POST', path, { principal: to.id, access_level: level }, 200)
  const suggestion = await ask(owner, 'POST', `/documents/${document.id}/suggestions`, { content: 'two', version: 1 }, 201)
  const comment = await ask(owner, 'POST', `/documents/${document.id}/comments`, { body: 'why?' }, 201)
  const { replies } = await ask(owner, 'POST', `/documents/${document.id}/comments/${comment.id}/replies`, { body: 'so' }, 201)
  const group = await ask(users_.hub, 'POST', '/groups', { name: `g${Math.random()}` }, 201)
  await ask(users_.hub, 'PUT', `/groups/${group.id}/members/${other.id}`, undefined, 204)
  const invitation = await ask(users_.hub, 'POST', '/invitations', {}, 201)
  const scopes = [folder, document].map(({ id }) => ({ thing: id, permission: 'read' }))
  const agent = await ask(owner, 'POST', '/agents', { name: 'a', scopes }, 201)
  const stray = await ask(stranger, 'POST', '/agents', { name: 's', scopes: [{ thing: '*', permission: 'write' }] }, 201)
  return {
    ids: { group: group.id, user: other.id, agent: agent.id, principal: other.id, version: 1, suggestion: suggestion.id,
      comment: comment.id, reply: replies[0].id,
      invitation: invitation.id },
    folder, document, agent, stray,
    end: async () => {
      await hub.request('DELETE', `/agents/${agent.id}`, { token: users_.owner.token })
      await ask(users_.stranger, 'DELETE', `/agents/${stray.id}`, undefined, 204)
      await hub.request('DELETE', `/invitations/${invitation.id}`, { token: users_.hub.token })
    },
  }
}

async function visitor(thing) {
  const { secret } = await ask(users_.owner, 'POST', `/${thing.id.startsWith('fld_') ? 'folders' : 'documents'}/${thing.id}/links`, { access_level: 'read' }, 201)
  return ask({}, 'POST', '/links/open', { secret }, 200)
}

async function verdict(method, pattern, caller, body, ids) {
  const made = await fixture()
  const names = { id: pattern.startsWith('/folders') ? made.folder.id : made.document.id, ...made.ids, ...ids }
  const path = pattern.replace(/\{(\w+)\}/g, (_, name) => names[name])
  const who = caller === 'visitor' ? await visitor(pattern.startsWith('/folders') ? made.folder : made.document) : made[caller] ?? users_[caller]
  const session = caller in users_ && caller !== 'nobody' ? await hub.logIn(who) : who
  const route = `${method} ${pattern}`
  const { status } = await hub.request(method, path, { token: session.token, body: body?.(who) })
  const endsOthers = ['DELETE /auth/sessions', 'POST /auth/password'].includes(route)
  if (endsOthers && status < 300) users_[caller] = await hub.logIn(who)
  await made.end()
  return status === 401 || status === 403 || status === 404 || status >= 500 ? status : yes
}

test('every route has a row, and every row a route', async () => {
  const { paths } = (await hub.request('GET', '/openapi.json')).body
  const routes = Object.entries(paths).flatMap(([path, item]) =>
    ['get', 'post', 'put', 'patch', 'delete'].filter((m) => m in item).map((m) => `${m.toUpperCase()} ${path}`))
  assert.deepEqual(routes.toSorted(), Object.keys(rows).toSorted())
})

for (const [route, [expected, body, ids]] of Object.entries(rows)) {
  test(route, async () => {
    const [method, pattern] = route.split(' ')
    const answers = {}
    const wanted = { visitor: ofVisitor(route, expected) }
    answers.visitor = await verdict(method, pattern, 'visitor', body, ids)
    for (const [i, caller] of callers.entries()) {
      answers[caller] = await verdict(method, pattern, caller, body, ids)
      wanted[caller] = expected[i]
    }
    assert.deepEqual(answers, wanted)
  })
}
