// A peer of the live test in Yjs and one in our engine, with the same face. What a peer of ours answers comes when its
// process is flushed; that of a Yjs peer at once.
import * as Y from 'yjs'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { inspect, isDeepStrictEqual } from 'node:util'
import { asSent, makeActions, performOperation, step } from './actions.mjs'
import { isRealTransaction, observe } from './observing.mjs'
import { makeXmlActions } from './xml_actions.mjs'

const contentOfDelta = text =>
  text.toDelta().map(op => op.insert instanceof Y.AbstractType ? { ...op, insert: contentOf(op.insert) } : op)
const contentOfMap = map => {
  const out = {}
  map.forEach((member, key) => { out[key] = contentOf(member) })
  return out
}
const contentOf = value => {
  if (value instanceof Y.Doc) return { guid: value.guid, gc: value.gc, autoLoad: value.autoLoad, meta: value.meta }
  if (value instanceof Y.Text) return { kind: value instanceof Y.XmlText ? 'xmltext' : 'text', attributes: value.getAttributes(), delta: contentOfDelta(value) }
  if (value instanceof Y.XmlElement) return { element: value.nodeName, attributes: value.getAttributes(), children: value.toArray().map(contentOf) }
  if (value instanceof Y.XmlFragment) return { children: value.toArray().map(contentOf) }
  if (value instanceof Y.XmlHook) return { hook: value.hookName, members: contentOfMap(value) }
  if (value instanceof Y.Array) return value.map(contentOf)
  if (value instanceof Y.Map) return contentOfMap(value)
  return value
}

/** What crdt_peer says of a document too (content() in peer.cpp): all that its types hold. */
export const contentOfDoc = (doc, xml = doc.getXmlFragment('xml')) => ({
  text: contentOf(doc.getText('text')),
  map: contentOf(doc.getMap('map')),
  array: contentOf(doc.getArray('array')),
  xml: contentOf(xml),
  string: asSent(xml.toString()),
  subdocuments: Array.from(doc.subdocs, subdocument => subdocument.guid).sort()
})

export class YjsPeer {
  kind = 'yjs'

  constructor (number, client, { gc, dice, pairs, xml, undo, v2, observed, answering }) {
    this.number = number
    this.v2 = v2 // its own updates are in V2
    this.gc = gc
    this.doc = new Y.Doc({ gc })
    this.doc.clientID = this.client = client
    this.doc.getText('text')
    this.doc.getMap('map')
    this.doc.getArray('array')
    this.doc.getXmlFragment('xml')
    const actions = makeActions(dice, pairs)
    const moreStep = makeXmlActions(dice, { step, ...actions }, { deep: true, filling: true, loading: true })
    this.randomStep = xml ? doc => dice.chance(0.4) ? moreStep(doc) : actions.randomStep(doc) : actions.randomStep
    const { doc } = this
    const roots = [doc.getText('text'), doc.getMap('map'), doc.getArray('array'), doc.getXmlFragment('xml')]
    this.manager = undo ? new Y.UndoManager(roots, { captureTimeout: 0 }) : null
    this.emitted = []
    const emission = v2 ? 'updateV2' : 'update'
    this.doc.on(emission, (update, origin, _, transaction) => { if (!observed || isRealTransaction(transaction)) this.emitted.push(update) })
    const named = ['text', 'map', 'array', 'xml'].map((name, i) => [name, roots[i]])
    this.observed = observed ? observe(doc, named, emission, answering) : null
  }

  /** A transaction of so many random operations; `then(update)` where it changed something. */
  random (seed, count, then) {
    this.transact(() => {
      for (let i = 0; i < count; ++i) {
        let chosen = null
        while (chosen === null) chosen = this.randomStep(this.doc)
        chosen.run()
      }
    }, then)
  }

  transact (change, then) {
    this.emitted.length = 0
    this.doc.transact(change)
    if (this.emitted.length > 1 && !this.observed) throw new Error('a local transaction has emitted twice')
    this.#tell(this.emitted, then)
  }

  /** What an observer's reading or answer has changed comes as updates of its own. */
  #tell (updates, then) {
    if (updates.length > 0) then(updates.length > 1 ? (this.v2 ? Y.mergeUpdatesV2 : Y.mergeUpdates)(updates) : updates[0])
  }

  /** What observers were told, and what was emitted, since the last time. */
  takeTold () {
    const { told, updates } = this.observed
    this.observed.told = []
    this.observed.updates = []
    return [told, updates]
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
    // The first emission repeats what came; others are the cleanup of formats and what observers changed.
    this.#tell(this.emitted.slice(1), then)
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
  constructor (client, { cleanFormats, ...options }) {
    this.peer = new YjsPeer(-1, client, options)
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

  /** Which subdocuments are to be loaded is each document's own affair: nobody else can be compared with. */
  want (wanted) {
    const theirs = Array.from(this.peer.doc.subdocs).filter(subdocument => subdocument.shouldLoad).map(subdocument => subdocument.guid).sort()
    if (!isDeepStrictEqual(theirs, wanted)) throw new Error(`which subdocuments should be loaded differs\n  yjs  ${inspect(theirs)}\n  ours ${inspect(wanted)}`)
  }

  hear (told) {
    const [theirs, mine] = [this.peer.takeTold(), told].map(all => encoding.encode(encoder => encoding.writeAny(encoder, all)))
    if (Buffer.compare(theirs, mine) !== 0) throw new Error(`what observers were told differs\n  yjs  ${shown(theirs)}\n  ours ${shown(mine)}`)
  }
}
const shown = bytes => inspect(decoding.readAny(decoding.createDecoder(bytes)), { depth: 9, breakLength: 200 })

export class OurPeer {
  kind = 'ours'

  constructor (number, client, options) {
    this.number = number
    this.client = client
    this.gc = options.gc
    this.kinds = { pairs: options.pairs, xml: options.xml }
    this.v2 = options.v2
    this.ours = options.ours
    this.observed = options.observed
    this.careful = options.careful // its invariants are checked after every step
    this.document = this.ours.create(client, options)
    this.waiting = false
    this.shadow = options.shadows ? new Shadow(client, options) : null
  }

  #checked () {
    if (this.observed) this.ours.told(this.document, told => this.shadow?.hear(told))
    if (this.careful) this.ours.validate(this.document)
  }
  random (seed, count, then) {
    this.ours.random(this.document, seed, count, this.kinds, ({ update, operations }) => {
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
  content (then) {
    this.ours.wanted(this.document, wanted => this.shadow?.want(wanted))
    this.ours.content(this.document, then)
  }
  pending (then) { then(this.waiting) }
  validate () { this.ours.validate(this.document) }
  drop () { this.ours.drop(this.document) }
}
