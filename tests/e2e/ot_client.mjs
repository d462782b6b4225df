// A client of operational transformation as docs/protocols/ot.md tells it: socket.io-client and quill-delta as they come
// from npm, one operation in flight, and what was typed since in a buffer.
import { io } from 'socket.io-client'
import Delta from 'quill-delta'
import { until } from './hub.mjs'

export class OtClient {
  constructor(hub, document, user, { transports = ['websocket'], name, joins = true } = {}) {
    this.document = document.id
    this.user = { name: name ?? user.name, color: '#123456' }
    this.shown = new Delta()      // what the user sees
    this.base = new Delta()       // what the hub has at `version`
    this.version = undefined
    this.client = undefined
    this.sequence = 0
    this.inFlight = null          // {op, sequence, sent}
    this.buffer = null
    this.joined = false
    this.acknowledged = []        // sequences
    this.events = []              // [name, argument] of everything else
    this.presences = new Map()    // id → user
    this.cursors = new Map()      // id → cursor
    this.rejoins = true
    // One that is closed while it opens is given up after `timeout`, 20 s unless told.
    this.socket = io(hub.url, { transports, forceNew: true, timeout: 5000, auth: { token: user.token }, reconnectionDelay: 5, reconnectionDelayMax: 100, randomizationFactor: 0 })
    if (joins) this.socket.on('connect', () => this.join())
    this.socket.on('disconnect', () => this.gone())
    this.socket.on('receive-changes', ({ document, op, version }) => document === this.document && this.take(new Delta(op.ops), version))
    this.fresh = 0                // how often the hub has told it all in one piece, since it read too slowly
    this.typing = new Set()       // ids
    this.socket.on('joined', (answer) => {
      this.fresh += 1
      if (this.inFlight) this.inFlight.sent = false
      this.takeJoin(answer)
    })
    this.socket.on('presence', ({ id, typing }) => typing ? this.typing.add(id) : this.typing.delete(id))
    this.socket.on('changes-received', ({ version, sequence }) => this.done(version, sequence))
    this.socket.on('presence', ({ id, user }) => user ? this.presences.set(id, user) : (this.presences.delete(id), this.cursors.delete(id)))
    this.socket.on('cursor', (cursor) => cursor.position === null ? this.cursors.delete(cursor.id) : this.cursors.set(cursor.id, cursor))
    this.socket.onAny((name, argument) => ['access-changed', 'refused', 'ended'].includes(name) && this.events.push([name, argument]))
    this.socket.on('ended', ({ document, code }) => {
      this.gone()
      if (document && code === 'unavailable' && this.rejoins) this.join()
    })
  }

  /** What the hub says next may come before a promise goes on: the answer is taken in the acknowledgement itself. */
  join(more = {}) {
    const request = {
      document: this.document, user: this.user,
      ...(this.client && { client: this.client }),
      ...(this.version !== undefined && { last_known_version: this.version }),
      ...(this.inFlight && { unacknowledged: this.inFlight.sequence }), ...more,
    }
    return new Promise((resolve) => this.socket.emit('join', request, (answer) => {
      this.takeJoin(answer)
      resolve(answer)
    }))
  }

  takeJoin(answer) {
    if (answer.error) {
      this.refusal = answer.error
      if (answer.error.code === 'unavailable' && this.rejoins) setTimeout(() => this.socket.connected && !this.joined && this.join(), 50)
      return
    }
    this.client = answer.client
    this.id = answer.id
    this.permission = answer.permission
    if (answer.content) this.begin(new Delta(answer.content.ops), answer)
    for (const { op, version, sequence } of answer.operations ?? [])
      sequence === undefined ? this.take(new Delta(op.ops), version) : this.done(version, sequence)
    this.version = answer.version
    this.joined = true
    this.send()
  }

  /** The whole document: what is not there yet is brought over by the difference. */
  begin(content, { version, acknowledged }) {
    if (this.version === undefined) {
      this.base = this.shown = content
      this.version = version
      return
    }
    if (acknowledged && this.inFlight) {
      this.base = this.base.compose(this.inFlight.op)
      this.acknowledged.push(this.inFlight.sequence)
      this.inFlight = null
    }
    this.take(this.base.diff(content), version)
  }

  gone() {
    this.joined = false
    this.presences.clear()
    this.cursors.clear()
    if (this.inFlight) this.inFlight.sent = false
  }

  edit(change) {
    this.shown = this.shown.compose(change)
    this.buffer = this.buffer ? this.buffer.compose(change) : change
    this.send()
  }

  send() {
    if (!this.joined) return
    if (!this.inFlight && this.buffer) {
      this.inFlight = { op: this.buffer, sequence: ++this.sequence, sent: false }
      this.buffer = null
    }
    if (!this.inFlight || this.inFlight.sent) return
    this.inFlight.sent = true
    this.socket.emit('send-changes', { document: this.document, op: this.inFlight.op, version: this.version, sequence: this.inFlight.sequence })
  }

  /** Another's change: the hub had it first, so it stands first where both insert. */
  take(change, version) {
    this.base = this.base.compose(change)
    for (const mine of [this.inFlight, this.buffer && { op: this.buffer, isBuffer: true }]) {
      if (!mine) continue
      const theirs = mine.op.transform(change, false)
      mine.op = change.transform(mine.op, true)
      if (mine.isBuffer) this.buffer = mine.op
      change = theirs
    }
    this.shown = this.shown.compose(change)
    this.version = version
  }

  done(version, sequence) {
    if (this.inFlight?.sequence !== sequence) return
    this.base = this.base.compose(this.inFlight.op)
    this.inFlight = null
    this.acknowledged.push(sequence)
    if (version > this.version) this.version = version
    this.send()
  }

  insert(at, text, attributes) { this.edit(new Delta().retain(at).insert(text, attributes)) }
  remove(at, length) { this.edit(new Delta().retain(at).delete(length)) }
  type(typing) { this.socket.emit('typing', { document: this.document, typing }) }
  moveCursor(position, length = 0) { this.socket.emit('cursor', { document: this.document, version: this.version, position, length }) }

  get text() { return this.shown.ops.map(({ insert }) => (typeof insert === 'string' ? insert : '\ufffc')).join('') }
  get settled() { return this.joined && !this.inFlight && !this.buffer }
  ready() { return until('joined', () => this.joined) }
  got(name, code) { return this.events.some(([event, { code: told, error }]) => event === name && (!code || (told ?? error?.code) === code)) }
  close() { this.rejoins = false; this.socket.disconnect() }
}
