// A flood from one address, of connections and of clients that send next to nothing, while another address is served as ever.
import assert from 'node:assert/strict'
import http from 'node:http'
import net from 'node:net'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { Hub, until } from './hub.mjs'

const most = 40
let hub

/** A connection from `address`; `state.open` until it is closed or reset. */
const connect = (address, port = hub.port) => {
  const socket = net.connect({ host: '127.0.0.1', port, localAddress: address })
  const state = { socket, open: false, closed: false, received: '' }
  socket.on('connect', () => { state.open = true })
  socket.on('data', (text) => { state.received += text })
  socket.on('error', () => {})
  socket.on('close', () => { state.open = false; state.closed = true })
  return state
}
const metric = async (name) => {
  const { body } = await hub.request('GET', '/metrics')
  return Number(body.split('\n').find((line) => line.startsWith(name))?.split(' ').pop() ?? 0)
}
/** Requests of a good client on connections of their own, which all have to be answered. */
const serveWell = async (times) => {
  for (let i = 0; i < times; ++i) {
    const response = await new Promise((resolve, reject) => {
      http.get({ host: '127.0.0.1', port: hub.port, path: '/auth/setup', agent: false }, resolve).on('error', reject)
    })
    response.resume()
    assert.equal(response.statusCode, 200)
  }
}

before(async () => {
  hub = await Hub.start({ CONNECTIONS_PER_ADDRESS: String(most), HTTP_HEADER_TIMEOUT_MS: '3000' })
})
after(() => hub.stop())

test('slow clients of one address hold their share, and lose it when their time is over', async () => {
  const flood = Array.from({ length: 300 }, () => connect('127.0.0.2'))
  const drip = setInterval(() => {
    for (const { socket, open } of flood) if (open) socket.write('X')
  }, 100)
  try {
    for (const { socket } of flood) socket.write('GET /health HTTP/1.1\r\nHost: t\r\nSlow: ')
    await serveWell(20)
    await until('what is over the share was closed', () => flood.filter(({ closed }) => closed).length >= flood.length - most)
    await serveWell(20)
    assert.ok(await metric('concord_guard_connections_refused_total{limit="open"}') >= flood.length - most)
    await until('the slow ones are cut as well', () => flood.every(({ closed }) => closed), 30_000)
    assert.ok(flood.some(({ received }) => received.startsWith('HTTP/1.1 408')))
    const again = connect('127.0.0.2')
    again.socket.write('GET /health/live HTTP/1.1\r\nHost: t\r\n\r\n')
    await until('the address is served again', () => again.received.startsWith('HTTP/1.1 200'))
    again.socket.destroy()
  } finally {
    clearInterval(drip)
    for (const { socket } of flood) socket.destroy()
  }
})

test('live sessions that never sign in hold the same share, and end by themselves', async () => {
  const strict = await Hub.start({ CONNECTIONS_PER_ADDRESS: '20', SESSION_SIGN_IN_MS: '1000' })
  try {
    const ended = []
    let open = 0, mostOpen = 0
    for (let i = 0; i < 60; ++i) {
      const socket = new WebSocket(`${strict.ws}/documents/doc_01ke3m1b7nfh2r4t6v8x9z0a1c/sync`, { localAddress: '127.0.0.2' })
      socket.on('error', () => {})
      socket.on('open', () => {
        mostOpen = Math.max(mostOpen, ++open)
        socket.on('close', () => { --open })
      })
      socket.on('close', (code) => ended.push(code))
    }
    assert.equal((await strict.request('GET', '/auth/setup')).status, 200)
    await until('all of them have ended', () => ended.length === 60, 30_000)
    assert.ok(mostOpen <= 20, `${mostOpen}`)
    assert.ok(ended.includes(1006) && ended.includes(4401), `${ended}`)
  } finally {
    await strict.stop()
  }
})

test('connections that are opened too fast are closed, and others are served', async () => {
  const quick = await Hub.start({ CONNECTIONS_PER_SECOND_PER_ADDRESS: '10' })
  try {
    const flood = Array.from({ length: 400 }, () => connect('127.0.0.3', quick.port))
    assert.equal((await quick.request('GET', '/auth/setup')).status, 200)
    await until('most of the flood was closed', () => flood.filter(({ closed }) => closed).length >= 200)
    assert.equal((await quick.request('GET', '/auth/setup')).status, 200)
    for (const { socket } of flood) socket.destroy()
  } finally {
    await quick.stop()
  }
})
