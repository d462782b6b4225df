// A peer of the live test in Yjs and one in our engine, with the same face. What a peer of ours answers comes when its
// process is flushed; that of a Yjs peer at once.
import * as Y from 'yjs'
import * as decoding from 'lib0/decoding'
import { makeActions, performOperation } from './actions.mjs'

/** What crdt_peer says of a document too: a text as its delta, an array and a map with what is in them. */
const contentOf = value => {
  if (value instanceof Y.Text) return value.toDelta().map(op => op.insert instanceof Y.AbstractType ? { ...op, insert: op.insert.toJSON() } : op)
  if (value instanceof Y.Array) return value.map(contentOf)
  if (value instanceof Y.Map) {
    const out = {}
    value.forEach((member, key) => { out[key] = contentOf(member) })
    return out
  }
  return value
}

export const contentOfDoc = doc =>
  ({ text: contentOf(doc.getText('text')), map: contentOf(doc.getMap('map')), array: contentOf(doc.getArray('array')) })

export class YjsPeer {
  kind = 'yjs'

  constructor (number, client, { gc, dice, pairs, undo, v2 }) {
    this.number = number
    this.v2 = v2 // its own updates are in V2
    this.gc = gc
    this.doc = new Y.Doc({ gc })
    this.doc.clientID = this.client = client
    this.doc.getText('text')
    this.doc.getMap('map')
    this.doc.getArray('array')
    this.actions = makeActions(dice, pairs)
    const { doc } = this
    const roots = [doc.getText('text'), doc.getMap('map'), doc.getArray('array')]
    this.manager = undo ? new Y.UndoManager(roots, { captureTimeout: 0 }) : null
    this.emitted = []
    this.doc.on(v2 ? 'updateV2' : 'update', update => this.emitted.push(update))
  }

  /** A transaction of so many random operations; `then(update)` where it changed something. */
  random (seed, count, then) {
    this.transact(() => {
      for (let i = 0; i < count; ++i) {
        let step = null
        while (step === null) step = this.actions.randomStep(this.doc)
        step.run()
      }
    }, then)
  }

  transact (change, then) {
    this.emitted.length = 0
    this.doc.transact(change)
    if (this.emitted.length > 1) throw new Error('a local transaction has emitted twice')
    if (this.emitted.length > 0) then(this.emitted[0])
  }

  undo (redo, then) {
    this.emitted.length = 0
    if (redo) this.manager.redo()
    else this.manager.undo()
    if (this.emitted.length > 1) throw new Error('an undo has emitted twice')
    if (this.emitted.length > 0) then(this.emitted[0])
  }

  /** `then(cleanup)` where formats were cleaned after it. */
  apply ({ bytes, v2 }, then) {
    this.emitted.length = 0
    if (v2) Y.applyUpdateV2(this.doc, bytes)
    else Y.applyUpdate(this.doc, bytes)
    if (this.doc.clientID !== this.client) throw new Error('a Yjs peer has changed its client')
    // The first emission repeats what came; a second one is the cleanup of formats.
    if (this.emitted.length > 1) then(this.emitted[this.emitted.length - 1])
  }

  stateVector (then) { then(Y.encodeStateVector(this.doc)) }
  encode (since, then, v2 = false) { then((v2 ? Y.encodeStateAsUpdateV2 : Y.encodeStateAsUpdate)(this.doc, since)) }
  content (then) { then(contentOfDoc(this.doc)) }
  pending (then) { then(this.doc.store.pendingStructs !== null || this.doc.store.pendingDs !== null) }
  validate () {}
  drop () { this.doc.destroy() }
}

const hex = bytes => Buffer.from(bytes).toString('hex')
/** Yjs and our engine, given the same, must come to the same bytes. */
export class Unlike extends Error {
  constructor (what, theirs, mine) { super(`${what} differs\n  yjs  ${hex(theirs)}\n  ours ${hex(mine)}`) }
}
const demand = (what, theirs, mine) => {
  if (Buffer.compare(theirs, mine) !== 0) throw new Unlike(what, theirs, mine)
}
const nothing = new Uint8Array()

/** A Yjs document that is given all that a peer of ours is given, in the same order. */
class Shadow {
  constructor (client, { gc, cleanFormats, pairs, dice, undo, v2 }) {
    this.peer = new YjsPeer(-1, client, { gc, pairs, dice, undo, v2 })
    if (!cleanFormats) this.peer.doc.on('afterTransaction', transaction => { transaction._needFormattingCleanup = false })
  }

  write (operations, update) {
    let made = nothing
    this.peer.transact(() => {
      const decoder = decoding.createDecoder(operations)
      while (decoding.hasContent(decoder)) performOperation(this.peer.doc, decoder)
    }, emitted => { made = emitted })
    demand(`the update of a transaction (operations ${hex(operations)})`, made, update)
  }

  undo (redo, update) {
    let made = nothing
    this.peer.undo(redo, emitted => { made = emitted })
    demand(`the update of ${redo ? 'a redo' : 'an undo'}`, made, update)
  }

  read (update, cleanup) {
    let made = nothing
    this.peer.apply(update, emitted => { made = emitted })
    demand('the cleanup after an update', made, cleanup)
  }
}

export class OurPeer {
  kind = 'ours'

  constructor (number, client, options) {
    this.number = number
    this.client = client
    this.gc = options.gc
    this.pairs = options.pairs
    this.v2 = options.v2
    this.ours = options.ours
    this.careful = options.careful // its invariants are checked after every step
    this.document = this.ours.create(client, options)
    this.waiting = false
    this.shadow = options.shadows ? new Shadow(client, options) : null
  }

  #checked () { if (this.careful) this.ours.validate(this.document) }
  random (seed, count, then) {
    this.ours.random(this.document, seed, count, this.pairs, ({ update, operations }) => {
      this.shadow?.write(operations, update)
      if (update.length > 0) then(update)
    })
    this.#checked()
  }
  undo (redo, then) {
    this.ours.undo(this.document, redo, update => {
      this.shadow?.undo(redo, update)
      if (update.length > 0) then(update)
    })
    this.#checked()
  }
  apply (update, then) {
    this.ours.apply(this.document, update.bytes, ({ pending, cleanup }) => {
      this.waiting = pending
      this.shadow?.read(update, cleanup)
      if (cleanup.length > 0) then(cleanup)
    }, update.v2)
    this.#checked()
  }
  stateVector (then) { this.ours.stateVector(this.document, then) }
  encode (since, then, v2 = false) {
    this.ours.encode(this.document, since, update => {
      this.shadow?.peer.encode(since, theirs => demand('the encoded state', theirs, update), v2)
      then(update)
    }, v2)
  }
  content (then) { this.ours.content(this.document, then) }
  pending (then) { then(this.waiting) }
  validate () { this.ours.validate(this.document) }
  drop () { this.ours.drop(this.document) }
}
