// Yjs's own random-test harness (yjs/testHelper), with one of its five users in our engine. Its connector lets only
// messages of the sync protocol pass; at the end it compares all users, struct by struct.
//
//   node harness.mjs [TESTS [SEED]]      so many runs of applyRandomTests for each list of actions
//
// The actions are of the kind that Yjs's tests of its types have; each is written in the form of operations.h and done
// by Yjs (performOperation) or by crdt_peer. CRDT_PEER names that program.
import * as encoding from 'lib0/encoding'
import * as decoding from 'lib0/decoding'
import * as prng from 'lib0/prng'
import * as syncProtocol from 'y-protocols/sync'
import * as Y from 'yjs'
import { applyRandomTests, TestConnector, TestYInstance } from 'yjs/testHelper'
import { isDeepStrictEqual } from 'node:util'
import { performOperation } from './actions.mjs'
import { OurProcess } from './ours.mjs'
import { contentOfDoc } from './peers.mjs'

const tests = Number(process.argv[2] ?? 20)
const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 4294967296))
const ours = new OurProcess(process.env.CRDT_PEER)
const counts = { actions: 0, messages: 0, ourActions: 0, ourMessages: 0 }
const ourUser = 2
const { writeVarUint: uint, writeVarString: string, writeAny: any } = encoding
const written = write => {
  const encoder = encoding.createEncoder()
  write(encoder)
  return encoding.toUint8Array(encoder)
}

// ---- our user towards the connector

/**
 * A user whose document is in crdt_peer. What is inherited from Y.Doc stays empty until the harness compares: then it is
 * loaded from the bytes of our document, so that its structs are compared as those of the others.
 */
class OurInstance extends TestYInstance {
  constructor (connector, client) {
    super(connector, client)
    this.document = ours.create(client, { cleanFormats: true })
    this.seen = []
    Object.defineProperty(this, 'updates', { get: () => this.#load() })
  }

  #load () {
    if (this.store.clients.size === 0) {
      ours.validate(this.document)
      this.encoded = ours.call(then => ours.encode(this.document, new Uint8Array([0]), then))
      this.content = ours.call(then => ours.content(this.document, then))
      this.seen.forEach(update => this.#demandDiff(update))
      this.clientID = 2 ** 32 // as a reader; another one of the same client would be asked to change
      Y.applyUpdate(this, this.encoded)
    }
    return this.seen
  }

  /** A diff of what was received, cut by both engines. */
  #demandDiff (update) {
    const since = Y.encodeStateVectorFromUpdate(this.seen[0])
    const mine = ours.call(then => ours.diff(update, since, then))
    if (Buffer.compare(mine, Y.diffUpdate(update, since)) !== 0) throw new Error('a diff of an update differs')
  }

  on (name, listener) {
    // The listener that would put what Yjs emits on the wire: here nothing but our document speaks.
    if (name === 'update') return listener
    return super.on(name, listener)
  }

  connect () {
    if (this.document === undefined) return // called by the constructor above us; createY connects
    if (this.tc.onlineConns.has(this)) return
    this.tc.onlineConns.add(this)
    const mine = written(e => { uint(e, 0); encoding.writeVarUint8Array(e, ours.call(then => ours.stateVector(this.document, then))) })
    this.broadcast(mine)
    this.tc.onlineConns.forEach(other => {
      if (other !== this) this._receive(written(e => syncProtocol.writeSyncStep1(e, other)), other)
    })
  }

  broadcast (message) {
    if (this.tc.onlineConns.has(this)) this.tc.onlineConns.forEach(other => { if (other !== this) other._receive(message, this) })
  }

  emit2 (update) {
    this.seen.push(update)
    this.broadcast(written(e => { uint(e, 2); encoding.writeVarUint8Array(e, update) }))
  }

  /** One message of the sync protocol; the answer, if there is one. */
  read (message) {
    ++counts.ourMessages
    const decoder = decoding.createDecoder(message)
    const kind = decoding.readVarUint(decoder)
    const body = decoding.readVarUint8Array(decoder)
    if (kind === 0) {
      const update = ours.call(then => ours.encode(this.document, body, then))
      return written(e => { uint(e, 1); encoding.writeVarUint8Array(e, update) })
    }
    this.seen.push(body)
    const { cleanup } = ours.call(then => ours.apply(this.document, body, then))
    if (cleanup.length > 0) this.emit2(cleanup)
    return null
  }
}

const createY = TestConnector.prototype.createY
TestConnector.prototype.createY = function (client) {
  if (client !== ourUser) return createY.call(this, client)
  const user = new OurInstance(this, client)
  user.connect()
  return user
}
/** As the connector does it, but that a message to our user is read by our user. */
TestConnector.prototype.flushRandomMessage = function () {
  const waiting = [...this.onlineConns].filter(user => user.receiving.size > 0)
  if (waiting.length === 0) return false
  const receiver = prng.oneOf(this.prng, waiting)
  const [sender, messages] = prng.oneOf(this.prng, [...receiver.receiving])
  const message = messages.shift()
  if (messages.length === 0) receiver.receiving.delete(sender)
  ++counts.messages
  let reply
  if (receiver instanceof OurInstance) {
    reply = receiver.read(message)
  } else {
    const encoder = encoding.createEncoder()
    syncProtocol.readSyncMessage(decoding.createDecoder(message), encoder, receiver, receiver.tc)
    reply = encoding.length(encoder) > 0 ? encoding.toUint8Array(encoder) : null
  }
  if (reply) sender._receive(reply, receiver)
  return true
}

// ---- actions

/** Does operations as one transaction; each of them `[kind, root, steps, write]`. */
const perform = (user, operations) => {
  ++counts.actions
  const roots = ['text', 'map', 'array']
  const steps = operations.map(([kind, root, way, write]) => ({
    write: e => {
      uint(e, kind)
      uint(e, root)
      string(e, roots[root])
      uint(e, way.length)
      for (const step of way) typeof step === 'number' ? (uint(e, 0), uint(e, step)) : (uint(e, 1), string(e, step))
      write(e)
    }
  }))
  if (user instanceof OurInstance) {
    ++counts.ourActions
    const update = ours.call(then => ours.operations(user.document, steps, then))
    if (update.length > 0) user.emit2(update)
    return
  }
  user.transact(() => {
    for (const step of steps) performOperation(user, decoding.createDecoder(written(step.write)))
  })
}
const lengths = user => user instanceof OurInstance
  ? ours.call(then => ours.lengths(user.document, then))
  : { text: user.getText('text').length, array: user.getArray('array').length }

const styles = [{ bold: true }, { bold: null }, { italic: true }, { italic: null }, { color: '#888' }, {}]
let unique = 0
const textActions = [
  (user, gen) => { // typing
    const at = prng.int32(gen, 0, lengths(user).text)
    perform(user, [[0, 0, [], e => { uint(e, at); string(e, `${unique++}${prng.word(gen, 0, 8)}`) }]])
  },
  (user, gen) => { // with a style
    const at = prng.int32(gen, 0, lengths(user).text)
    perform(user, [[1, 0, [], e => { uint(e, at); string(e, `${unique++}${prng.utf16Rune(gen)}`); any(e, prng.oneOf(gen, styles)) }]])
  },
  (user, gen) => { // an image
    const at = prng.int32(gen, 0, lengths(user).text)
    perform(user, [[2, 0, [], e => { uint(e, at); any(e, { image: `${unique++}.png` }); any(e, prng.oneOf(gen, styles)) }]])
  },
  (user, gen) => { // erasing
    const { text } = lengths(user)
    const at = prng.int32(gen, 0, text)
    const count = Math.min(text - at, prng.int32(gen, 1, 3))
    perform(user, [[3, 0, [], e => { uint(e, at); uint(e, count) }]])
  },
  (user, gen) => { // styling
    const { text } = lengths(user)
    const at = prng.int32(gen, 0, text)
    const count = Math.min(text - at, prng.int32(gen, 1, 8))
    perform(user, [[4, 0, [], e => { uint(e, at); uint(e, count); any(e, prng.oneOf(gen, styles)) }]])
  },
  (user, gen) => { // a paragraph, as an editor says it
    const { text } = lengths(user)
    const at = prng.int32(gen, 0, text)
    const delta = [{ insert: `${unique++}\n` }, { insert: prng.word(gen, 1, 5), attributes: prng.oneOf(gen, styles) }, { insert: '\n', attributes: { header: 1 } }]
    perform(user, [[5, 0, [], e => { uint(e, 0); any(e, at > 0 ? [{ retain: at }, ...delta] : delta) }]])
  }
]
const arrayActions = [
  (user, gen) => {
    const at = prng.int32(gen, 0, lengths(user).array)
    const values = Array.from({ length: prng.int32(gen, 1, 4) }, () => unique++)
    perform(user, [[0, 2, [], e => { uint(e, at); any(e, values) }]])
  },
  (user, gen) => { // an array in an array, filled at once
    const at = prng.int32(gen, 0, lengths(user).array)
    perform(user, [[5, 2, [], e => uint(e, at)], [0, 2, [at], e => { uint(e, 0); any(e, [1, 2, unique++, 4]) }]])
  },
  (user, gen) => { // a map in an array
    const at = prng.int32(gen, 0, lengths(user).array)
    perform(user, [
      [4, 2, [], e => uint(e, at)], [0, 2, [at], e => { string(e, 'some'); any(e, unique++) }],
      [0, 2, [at], e => { string(e, 'some'); any(e, 42) }], [2, 2, [at], e => string(e, 'text')],
      [0, 2, [at, 'text'], e => { uint(e, 0); string(e, 'in a map') }]
    ])
  },
  (user, gen) => {
    const { array } = lengths(user)
    if (array === 0) return
    const at = prng.int32(gen, 0, array - 1)
    const count = prng.int32(gen, 1, Math.min(2, array - at))
    perform(user, [[2, 2, [], e => { uint(e, at); uint(e, count) }]])
  },
  (user, gen) => {
    perform(user, [[1, 2, [], e => { uint(e, 0); any(e, [`${unique++}`, prng.bool(gen)]) }]])
  }
]
const keyOf = gen => prng.oneOf(gen, ['one', 'two'])
const mapActions = [
  (user, gen) => perform(user, [[0, 1, [], e => { string(e, keyOf(gen)); any(e, prng.utf16String(gen)) }]]),
  (user, gen) => { // an array under a key
    const key = keyOf(gen)
    perform(user, [[4, 1, [], e => string(e, key)], [0, 1, [key], e => { uint(e, 0); any(e, [1, 2, 3, 4]) }]])
  },
  (user, gen) => { // a map under a key
    const key = keyOf(gen)
    perform(user, [[3, 1, [], e => string(e, key)], [0, 1, [key], e => { string(e, 'deep'); any(e, unique++) }]])
  },
  (user, gen) => perform(user, [[1, 1, [], e => string(e, keyOf(gen))]])
]

// ---- runs

const lists = { text: textActions, array: arrayActions, map: mapActions, all: [...textActions, ...arrayActions, ...mapActions] }
let runs = 0
console.error = () => {} // the harness says each time that its protocol has no V2
for (let number = 0; number < tests; ++number) {
  for (const [name, actions] of Object.entries(lists)) {
    for (const iterations of [6, 40, 120, 300]) {
      const own = (seed + number * 16 + iterations) >>> 0
      try {
        const { users } = applyRandomTests({ prng: prng.create(own) }, actions, iterations)
        const [first] = users
        const mine = users[ourUser]
        if (!isDeepStrictEqual(mine.content, contentOfDoc(first))) throw new Error('the content of our user differs')
        // Yjs's users are compared struct by struct, so they would send the same bytes; and so must ours.
        if (Buffer.compare(mine.encoded, Y.encodeStateAsUpdate(first)) !== 0) throw new Error('the encoding of our user differs')
        ours.drop(mine.document)
        ++runs
      } catch (error) {
        console.log(`${name}, ${iterations} iterations, seed ${own}: ${error.stack}`)
        process.exit(1)
      }
    }
  }
}
ours.flush()
ours.close()
console.log(`${runs} runs of yjs's random tests with one of five users ours, seed ${seed}: ${counts.actions} actions (${counts.ourActions} ours), ` +
  `${counts.messages} messages (${counts.ourMessages} to ours): all the same`)
