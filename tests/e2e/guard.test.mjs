// Rates and delays, and who calls behind a proxy, against the real program.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { Hub, until } from './hub.mjs'

let hub

const statuses = async (count, ask) => {
  const seen = {}
  for (let i = 0; i < count; ++i) {
    const { status } = await ask(i)
    seen[status] = (seen[status] ?? 0) + 1
  }
  return seen
}
const from = (address) => ({ headers: { 'x-forwarded-for': address } })

before(async () => {
  hub = await Hub.start({
    USER_RATE_PER_MINUTE: '60', ANONYMOUS_RATE_PER_MINUTE: '30', SIGN_IN_RATE_PER_MINUTE: '0',
    TRUSTED_PROXIES: '127.0.0.0/8', ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1',
  })
})
after(() => hub.stop())

test('answers tell the rate, and over it they are 429 until it is time', async () => {
  const first = await hub.request('GET', '/auth/setup', from('203.0.113.1'))
  assert.equal(first.headers.get('ratelimit-policy'), '"anonymous";q=30;w=60')
  assert.equal(first.headers.get('ratelimit'), '"anonymous";r=29;t=2')
  assert.equal(first.headers.get('ratelimit-limit'), '30')
  const seen = await statuses(60, () => hub.request('GET', '/auth/setup', from('203.0.113.1')))
  assert.ok(seen[200] >= 29 && seen[429] > 0, JSON.stringify(seen))
  const over = await until('it is over its rate', async () => {
    const answer = await hub.request('GET', '/auth/setup', from('203.0.113.1'))
    return answer.status === 429 && answer
  })
  assert.equal(over.body.code, 'rate_limited')
  assert.ok(Number(over.headers.get('retry-after')) >= 1)
  assert.equal((await hub.request('GET', '/auth/setup', from('203.0.113.2'))).status, 200)
  assert.equal((await hub.request('GET', '/health/ready', from('203.0.113.1'))).status, 200)
  await until('its rate has come back', async () =>
    (await hub.request('GET', '/auth/setup', from('203.0.113.1'))).status === 200)
})

test('a user has one rate, with agents and live sessions, and others have theirs', async () => {
  const ada = await hub.register('ada')
  const ben = await hub.register('ben')
  const document = await hub.createDocument(ada, { name: 'notes' })
  const { body: agent } = await hub.request('POST', '/agents', {
    token: ada.token, body: { name: 'Robot', scopes: [{ thing: '*', permission: 'read' }] },
  })
  const asked = (token) => hub.request('GET', `/documents/${document.id}`, { token })
  await statuses(80, (i) => asked(i % 2 ? ada.token : agent.token))
  await until('the user is over the rate', async () => (await asked(ada.token)).status === 429)
  await until('so is the agent', async () => (await asked(agent.token)).status === 429)
  assert.equal((await hub.request('GET', '/auth/me', { token: ben.token })).status, 200)
  const live = (token) => new Promise((resolve) => {
    const socket = new WebSocket(`${hub.ws}/documents/${document.id}/sync?token=${token}`)
    socket.on('unexpected-response', (_, response) => { resolve(response.statusCode); socket.terminate() })
    socket.on('upgrade', (response) => resolve(response.headers['ratelimit-policy']))
    socket.on('open', () => socket.terminate())
    socket.on('error', () => {})
  })
  assert.equal(await live(ben.token), '"user";q=60;w=60')
  await until('no live session is opened over the rate', async () => (await live(ada.token)) === 429)
})

test('guessing at a password is slowed down, and the user is not locked out', async () => {
  const cleo = await hub.register('cleo')  // from 127.0.0.1
  const enter = (address, email, password) =>
    hub.request('POST', '/auth/login', { ...from(address), body: { email, password } })
  for (const email of ['nobody@example.org', cleo.email]) {
    await until(`the delay for ${email} has grown`, async () => {
      const { status, headers } = await enter('198.51.100.7', email, 'a guess')
      assert.ok(status === 401 || status === 429, status)
      return status === 429 && Number(headers.get('retry-after')) >= 8
    }, 60_000)
  }
  assert.equal((await enter('198.51.100.7', cleo.email, cleo.password)).status, 429)
  assert.equal((await hub.request('POST', '/auth/login', { body: { email: cleo.email, password: cleo.password } })).status, 200)
})

test('nobody but a trusted proxy is believed', async () => {
  const strict = await Hub.start({ ANONYMOUS_RATE_PER_MINUTE: '20' })
  try {
    const seen = await statuses(40, (i) => strict.request('GET', '/auth/setup', from(`203.0.113.${i}`)))
    assert.ok(seen[429] > 0, JSON.stringify(seen))
  } finally {
    await strict.stop()
  }
})

test('without settings the rates are the documented ones', async () => {
  const plain = await Hub.start({ USER_RATE_PER_MINUTE: '', ANONYMOUS_RATE_PER_MINUTE: '' })
  try {
    const dora = await plain.register('dora')
    const policy = async (method, path, more) =>
      (await plain.request(method, path, more)).headers.get('ratelimit-policy')
    assert.equal(await policy('GET', '/documents', { token: dora.token }), '"user";q=1000;w=60')
    assert.equal(await policy('GET', '/auth/setup'), '"anonymous";q=500;w=60')
    assert.equal(await policy('POST', '/auth/login', { body: {} }), '"sign-in";q=100;w=60')
  } finally {
    await plain.stop()
  }
})
