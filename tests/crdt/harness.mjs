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
let allInYjs = false // for a look at what Yjs's users come to alone
let created = [] // the users of the running test
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
    this.document = ours.create(client, { cleanFormats: true, xmlElement: true })
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
  const user = client !== ourUser || allInYjs ? createY.call(this, client) : new OurInstance(this, client)
  if (user instanceof OurInstance) user.connect()
  created.push(user)
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
  const roots = ['text', 'map', 'array', null, 'xml']
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

const contentOf = user => contentOfDoc(user, user.get('xml', Y.XmlElement)) // which is what the harness has it be
const xmlOf = user => (user instanceof OurInstance ? ours.call(then => ours.content(user.document, then)) : contentOf(user)).xml

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
const root = 4
/** A random node below the root, or the root, that is `wanted`: its way and what contentOf says of it; or null. */
const nodeOf = (user, gen, wanted) => {
  const found = []
  const walk = (node, way) => {
    if (wanted(node)) found.push({ node, way })
    node.children?.forEach((child, index) => walk(child, [...way, index]))
  }
  walk(xmlOf(user), [])
  return found.length > 0 ? prng.oneOf(gen, found) : null
}
const isElement = node => node.element !== undefined
const isText = node => node.delta !== undefined
const isHook = node => node.hook !== undefined
const unitsOf = text => text.delta.reduce((sum, { insert }) => sum + (typeof insert === 'string' ? insert.length : 1), 0)
const newType = (e, kind, name = '') => { uint(e, kind); string(e, name) }
const tags = ['p', 'h1', 'Blockquote']
const xmlActions = [
  (user, gen) => { // a paragraph with a text, at once
    const { node, way } = nodeOf(user, gen, isElement)
    const at = prng.int32(gen, 0, node.children.length)
    perform(user, [
      [103, root, way, e => { uint(e, at); newType(e, 3, prng.oneOf(gen, tags)) }], [103, root, [...way, at], e => { uint(e, 0); newType(e, 6) }],
      [0, root, [...way, at, 0], e => { uint(e, 0); string(e, `${unique++}${prng.word(gen, 0, 5)}`) }]
    ])
  },
  (user, gen) => { // a node behind another
    const { node, way } = nodeOf(user, gen, isElement)
    const at = prng.int32(gen, 0, node.children.length)
    perform(user, [[104, root, way, e => { uint(e, at); newType(e, prng.oneOf(gen, [3, 4, 5, 6]), 'other') }]])
  },
  (user, gen) => {
    const { node, way } = nodeOf(user, gen, isElement)
    if (node.children.length === 0) return
    const at = prng.int32(gen, 0, node.children.length - 1)
    const count = prng.int32(gen, 1, Math.min(2, node.children.length - at))
    perform(user, [[105, root, way, e => { uint(e, at); uint(e, count) }]])
  },
  (user, gen) => { // an attribute, set or removed
    const { way } = nodeOf(user, gen, node => isElement(node) || isText(node))
    const name = prng.oneOf(gen, ['id', 'class', 'level'])
    if (prng.bool(gen)) perform(user, [[106, root, way, e => { string(e, name); any(e, prng.oneOf(gen, [unique++, `${unique++}`, true, { a: 1 }])) }]])
    else perform(user, [[107, root, way, e => string(e, name)]])
  },
  (user, gen) => { // typing in a text
    const found = nodeOf(user, gen, isText)
    if (found === null) return
    const at = prng.int32(gen, 0, unitsOf(found.node))
    perform(user, [[1, root, found.way, e => { uint(e, at); string(e, `${unique++}`); any(e, prng.oneOf(gen, styles)) }]])
  },
  (user, gen) => { // styling or erasing there
    const found = nodeOf(user, gen, isText)
    if (found === null) return
    const units = unitsOf(found.node)
    const at = prng.int32(gen, 0, units)
    const count = Math.min(4, units - at)
    if (count === 0) return
    if (prng.bool(gen)) perform(user, [[3, root, found.way, e => { uint(e, at); uint(e, count) }]])
    else perform(user, [[4, root, found.way, e => { uint(e, at); uint(e, count); any(e, prng.oneOf(gen, styles)) }]])
  },
  (user, gen) => { // members of a hook: a value, a type, a subdocument
    const found = nodeOf(user, gen, isHook)
    if (found === null) return
    const [kind, write] = prng.oneOf(gen, [
      [0, e => any(e, unique++)], [101, e => newType(e, 3, 'held')], [109, e => { string(e, `guid-${unique++}`); any(e, { autoLoad: true }) }]
    ])
    perform(user, [[kind, root, found.way, e => { string(e, keyOf(gen)); write(e) }]])
  },
  (user, gen) => { // XML in an array, a map and a text
    const { text, array } = lengths(user)
    perform(user, [
      [100, 2, [], e => { uint(e, prng.int32(gen, 0, array)); newType(e, 3, 'in-array') }], [101, 1, [], e => { string(e, keyOf(gen)); newType(e, 6) }],
      [102, 0, [], e => { uint(e, prng.int32(gen, 0, text)); newType(e, 3, 'in-text'); any(e, prng.oneOf(gen, styles)) }]
    ])
  }
]

// ---- runs

const lists = {
  text: textActions, array: arrayActions, map: mapActions, xml: xmlActions,
  all: [...textActions, ...arrayActions, ...mapActions, ...xmlActions]
}
let runs = 0
let unlike = 0
console.error = () => {} // the harness says each time that its protocol has no V2

/** One test, after which the harness has compared its users. */
const run = (actions, iterations, seed) => {
  created = []
  unique = 0
  return applyRandomTests({ prng: prng.create(seed) }, actions, iterations).users
}

/**
 * Where elements were deleted while others wrote in them, Yjs's users can differ in which neighbours are merged into one
 * struct, and the harness is not content with them alone either.
 */
const failsInYjs = (actions, iterations, seed) => {
  allInYjs = true
  try {
    run(actions, iterations, seed)
    return false
  } catch {
    return true
  } finally {
    allInYjs = false
  }
}

const demandSame = (actions, iterations, seed) => {
  let users
  let compared = true
  try {
    users = run(actions, iterations, seed)
  } catch (error) {
    users = created
    compared = false
    if (!failsInYjs(actions, iterations, seed)) throw error
    ++unlike
  }
  const mine = users[ourUser]
  const theirs = users[0]
  if (!isDeepStrictEqual(mine.content, contentOf(theirs))) throw new Error('the content of our user differs')
  // Where the harness has compared Yjs's users struct by struct, they would send the same bytes; and so must ours.
  const alike = compared ? encoded => encoded : reloaded
  if (Buffer.compare(alike(mine.encoded), alike(Y.encodeStateAsUpdate(theirs))) !== 0) throw new Error('the encoding of our user differs')
  ours.drop(mine.document)
  ++runs
}
const reloaded = encoded => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, encoded)
  return Y.encodeStateAsUpdate(doc)
}

for (let number = 0; number < tests; ++number) {
  for (const [name, actions] of Object.entries(lists)) {
    for (const iterations of [6, 40, 120, 300]) {
      const own = (seed + number * 16 + iterations) >>> 0
      try {
        demandSame(actions, iterations, own)
      } catch (error) {
        console.log(`${name}, ${iterations} iterations, seed ${own}: ${error.stack}`)
        process.exit(1)
      }
    }
  }
}
ours.flush()
ours.close()
console.log(`${runs} runs of yjs's random tests with one of five users ours (in ${unlike} of them Yjs's users alone differ too), seed ${seed}: ` +
  `${counts.actions} actions (${counts.ourActions} ours), ${counts.messages} messages (${counts.ourMessages} to ours): all the same`)
