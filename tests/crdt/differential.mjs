// Peers in Yjs do random things, exchange their updates with delays, losses and partitions, and write down each step
// with its outcome for crdt_replay, which does the same with our engine and compares to the byte.
//
//   node differential.mjs OPERATIONS SEED > records
import './clock.mjs'
import * as Y from 'yjs'
import * as encoding from 'lib0/encoding'
import { writeSync } from 'node:fs'
import { asSent, makeActions, step } from './actions.mjs'
import { makeChance } from './chance.mjs'
import { makeHistory } from './history.mjs'
import { isRealTransaction, observe } from './observing.mjs'
import { makeUndoing } from './undoing.mjs'
import { makeXmlActions } from './xml_actions.mjs'

const operations = Number(process.argv[2] ?? 2000)
const seed = Number(process.argv[3] ?? 1)

const dice = makeChance(seed)
const { random, below, chance, pick } = dice
const mixed = makeActions(dice)
const exact = makeActions(dice, true, true)
const withMore = actions => {
  const moreStep = makeXmlActions(dice, { step, ...actions })
  return doc => chance(0.3) ? moreStep(doc) : actions.randomStep(doc)
}
const stepOf = new Map([[mixed, withMore(mixed)], [exact, withMore(exact)]])

// ---- records

let buffered = []
let bufferedBytes = 0
const flush = () => {
  const all = Buffer.concat(buffered)
  for (let at = 0; at < all.length;) at += writeAll(all, at)
  buffered = []
  bufferedBytes = 0
}
const writeAll = (bytes, at) => {
  try {
    return writeSync(1, bytes, at)
  } catch (error) {
    if (error.code === 'EAGAIN') return 0
    if (error.code === 'EPIPE') process.exit(1)
    throw error
  }
}
let records = 0
const record = (kind, document, write) => {
  ++records
  const encoder = encoding.createEncoder()
  encoding.writeUint8(encoder, kind)
  encoding.writeVarUint(encoder, document)
  write(encoder)
  const body = encoding.toUint8Array(encoder)
  const head = Buffer.alloc(4)
  head.writeUInt32LE(body.length)
  buffered.push(head, body)
  bufferedBytes += body.length + 4
  if (bufferedBytes > 1 << 20) flush()
}
const { writeVarUint: uint, writeVarString: string, writeVarUint8Array: bytes, writeAny: any } = encoding

// ---- peers

// What goes between peers is an update in both formats, of which each takes the one it speaks.
const both = (v1, v2) => ({ v1, v2 })
const nothing = both(new Uint8Array(), new Uint8Array())
const encodeFor = (doc, since) => both(Y.encodeStateAsUpdate(doc, since), Y.encodeStateAsUpdateV2(doc, since))
const formats = [{
  key: 'v1', merge: Y.mergeUpdates, diff: Y.diffUpdate, stateVector: Y.encodeStateVectorFromUpdate,
  convert: Y.convertUpdateFormatV1ToV2
}, {
  key: 'v2', merge: Y.mergeUpdatesV2, diff: Y.diffUpdateV2, stateVector: Y.encodeStateVectorFromUpdateV2,
  convert: Y.convertUpdateFormatV2ToV1
}]

class Peer {
  constructor (number, client, gc, v2, observed = false, answering = false) {
    this.number = number
    this.key = v2 ? 'v2' : 'v1'
    this.doc = new Y.Doc({ gc })
    this.doc.clientID = client
    this.doc.getText('text')
    this.doc.getMap('map')
    this.doc.getArray('array')
    this.doc.getXmlFragment('xml')
    this.inbox = []
    this.emitted = []
    this.snapshots = []
    this.positions = []
    this.undoes = !observed && chance(0.6)
    this.doc.on('update', (update, origin, doc, t) => { if (isRealTransaction(t)) this.emitted.push(both(update)) })
    this.doc.on('updateV2', (update, origin, doc, t) => { if (isRealTransaction(t)) this.emitted.at(-1).v2 = update })
    record(0, number, e => {
      uint(e, client)
      uint(e, (gc ? 1 : 0) | 2 | (v2 ? 4 : 0) | (observed ? 8 : 0) | (answering ? 16 : 0))
    })
    const { doc } = this
    const roots = [['text', doc.getText('text')], ['map', doc.getMap('map')], ['array', doc.getArray('array')], ['xml', doc.getXmlFragment('xml')]]
    this.observed = observed ? observe(doc, roots, v2 ? 'updateV2' : 'update', answering) : null
  }

  /** What the last transaction has told its observers and emitted. */
  recordObserved () {
    if (this.observed === null) return
    const { told, updates } = this.observed
    record(40, this.number, e => {
      bytes(e, anyBytes(told))
      uint(e, updates.length)
      updates.forEach(update => bytes(e, update))
    })
    this.observed.told = []
    this.observed.updates = []
  }

  transact (plan) {
    this.emitted = []
    const show = records + 1 === Number(process.env.SHOW_RECORD) // for a look at what a record does
    if (show) console.error(showItems(this.doc.getText('text')))
    this.doc.transact(() => plan.forEach(step => step.run()))
    if (show) console.error(plan.map(step => step.show?.() ?? ''), showItems(this.doc.getText('text')))
    if (this.emitted.length > 1 && this.observed === null) throw new Error('a local transaction has emitted twice')
    const update = joined(this.emitted)
    record(1, this.number, e => {
      uint(e, plan.length)
      plan.forEach(step => step.write(e))
      bytes(e, update[this.key])
    })
    this.recordObserved()
    return update
  }

  apply (update) {
    this.emitted = []
    const client = this.doc.clientID
    const show = records + 1 === Number(process.env.SHOW_RECORD)
    if (show) console.error(showItems(this.doc.getText('text')))
    if (this.key === 'v1') Y.applyUpdate(this.doc, update.v1, this.remoteOrigin)
    else Y.applyUpdateV2(this.doc, update.v2, this.remoteOrigin)
    if (show) Y.logUpdate(update.v1)
    if (show) console.error(showItems(this.doc.getText('text')))
    if (this.doc.clientID !== client) throw new Error('a peer has changed its client')
    // The first emission repeats what came; others are the cleanup of formats and what observers changed.
    const cleanup = joined(this.emitted.slice(1))
    record(2, this.number, e => { bytes(e, update[this.key]); bytes(e, cleanup[this.key]) })
    this.recordObserved()
    return cleanup
  }

  compare () {
    const doc = this.doc
    record(3, this.number, e => {
      bytes(e, Y.encodeStateVector(doc))
      bytes(e, Y.encodeStateAsUpdate(doc))
      bytes(e, Y.encodeStateAsUpdateV2(doc))
      string(e, JSON.stringify(doc.getText('text').toDelta().map(plainOp)))
      bytes(e, anyBytes(plainJson(doc.getMap('map').toJSON())))
      bytes(e, anyBytes(plainJson(doc.getArray('array').toJSON())))
      string(e, doc.getText('text').toString())
    })
    record(41, this.number, e => {
      string(e, doc.getXmlFragment('xml').toString())
      string(e, JSON.stringify(doc.getXmlFragment('xml').querySelectorAll('DIV').map(element => asSent(element.toString()))))
      string(e, JSON.stringify(Array.from(doc.getXmlFragment('xml').createTreeWalker(() => true), siblings)))
      string(e, JSON.stringify(Array.from(doc.subdocs, subdocument => subdocument.guid).sort()))
    })
  }
}
/** A shared type reads as its JSON, a subdocument as its guid. */
const plainJson = value => {
  if (value instanceof Y.AbstractType) return plainJson(value.toJSON())
  if (value instanceof Y.Doc) return { guid: value.guid }
  if (typeof value === 'string') return asSent(value)
  if (Array.isArray(value)) return value.map(plainJson)
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plainJson(member)]))
}
const named = node => node?.nodeName ?? node?.hookName ?? ''
const siblings = node => [named(node.prevSibling), named(node), named(node.nextSibling), named(node.parent), node.parent.length]
const joined = updates => updates.length > 1
  ? { v1: Y.mergeUpdates(updates.map(update => update.v1)), v2: Y.mergeUpdatesV2(updates.map(update => update.v2)) }
  : updates[0] ?? nothing
const anyBytes = value => { const e = encoding.createEncoder(); any(e, value); return encoding.toUint8Array(e) }
const plainOp = op => op.insert instanceof Y.AbstractType ? { ...op, insert: plainJson(op.insert) } : op

const showItems = type => {
  const shown = []
  for (let item = type._start; item !== null; item = item.right) {
    const content = item.content
    shown.push(`${item.id.client}:${item.id.clock}+${item.length}${item.deleted ? ' deleted' : ''} ` +
      JSON.stringify(content.str ?? content.embed ?? (content.key !== undefined ? [content.key, content.value] : content.constructor.name)))
  }
  return shown.join('\n')
}

const undoing = makeUndoing({ record, uint, bytes, below, chance, nothing })
const history = makeHistory({ record, uint, string, bytes, anyBytes, plainJson, plainOp, pick, below, chance, randomTarget: mixed.randomTarget })

// ---- the network

const clientIds = [1, 2, 77, 300, 4294967295, 3000000001, 9007199254740991, 1099511627776]
const log = [] // every update that was ever emitted
let peers = []
let done = 0

const round = () => {
  const shuffled = [...clientIds].sort(() => random() - 0.5)
  const count = 2 + below(4)
  // Values that V1 changes on the way are told only where all speak V2: else a struct is one thing here and another
  // there, and which of the two a peer takes depends on what came first.
  const actions = chance(0.3) ? exact : mixed
  peers = Array.from({ length: count }, (_, i) => new Peer(i, shuffled[i], chance(0.75), actions === exact || chance(0.5),
    chance(0.5), chance(0.3)))
  log.length = 0
  const steps = 20 + below(120)
  for (let i = 0; i < steps && done < operations; ++i) {
    const peer = pick(peers)
    const dice = random()
    if (dice < 0.08 && peer.undoes) {
      spread(peer, undoing.act(peer))
    } else if (dice < 0.55) {
      const plan = actions.randomPlan(peer.doc, chance(0.8) ? 1 : 1 + below(5), stepOf.get(actions))
      spread(peer, peer.transact(plan))
      done += plan.length
    } else if (dice < 0.9) {
      receive(peer)
    } else if (dice < 0.94) {
      peer.compare()
    } else if (dice < 0.96) {
      const other = pick(peers)
      const since = Y.encodeStateVector(other.doc)
      const update = encodeFor(peer.doc, since)
      record(4, peer.number, e => { bytes(e, since); bytes(e, update.v1); bytes(e, update.v2) })
      other.inbox.push(update)
    } else if (dice < 0.98) {
      history.remember(peer, peers, log.length > 0 ? pick(log).v1 : undefined)
    } else {
      withoutDocument(peer)
    }
  }
  heal()
}
const spread = (from, update) => {
  if (update.v1.length === 0) return
  log.push(update)
  for (const peer of peers) {
    if (peer === from) continue
    if (chance(0.9)) peer.inbox.push(update) // the rest is lost until the peers heal
    if (chance(0.05)) peer.inbox.push(update)
  }
}
const receive = peer => {
  if (peer.inbox.length === 0) return
  if (chance(0.1)) peer.inbox.sort(() => random() - 0.5)
  for (let n = 1 + below(4); n > 0 && peer.inbox.length > 0; --n) {
    const [update] = peer.inbox.splice(chance(0.8) ? 0 : below(peer.inbox.length), 1)
    spread(peer, peer.apply(update))
  }
}
const withoutDocument = peer => {
  if (log.length < 2) return
  const updates = Array.from({ length: 2 + below(5) }, () => pick(log))
  const since = Y.encodeStateVector(peer.doc)
  const merged = both()
  const cut = both()
  formats.forEach(({ key, merge, diff, stateVector, convert }, format) => {
    const own = updates.map(update => update[key])
    merged[key] = merge(own)
    record(5, 0, e => { uint(e, format); uint(e, own.length); own.forEach(u => bytes(e, u)); bytes(e, merged[key]) })
    cut[key] = diff(merged[key], since)
    record(6, 0, e => { uint(e, format); bytes(e, merged[key]); bytes(e, since); bytes(e, cut[key]) })
    record(7, 0, e => { uint(e, format); bytes(e, merged[key]); bytes(e, stateVector(merged[key])) })
    for (const update of [own[0], merged[key], cut[key]]) {
      record(8, 0, e => { uint(e, format); bytes(e, update); bytes(e, convert(update)) })
    }
  })
  if (chance(0.5)) peer.inbox.push(merged)
  if (chance(0.5)) peer.inbox.push(cut)
}
/// All get all, until nobody has anything to add; then all are the same.
const heal = () => {
  for (let turn = 0; ; ++turn) {
    if (turn > 50) throw new Error('the peers do not come to rest')
    let cleaned = false
    for (const peer of peers) while (peer.inbox.length > 0) spread(peer, peer.apply(peer.inbox.shift()))
    for (const from of peers) {
      for (const to of peers) {
        if (from === to) continue
        const since = Y.encodeStateVector(to.doc)
        const update = encodeFor(from.doc, since)
        record(4, from.number, e => { bytes(e, since); bytes(e, update.v1); bytes(e, update.v2) })
        const cleanup = to.apply(update)
        if (cleanup.v1.length > 0) {
          cleaned = true
          spread(to, cleanup)
        }
      }
    }
    if (!cleaned && peers.every(peer => peer.inbox.length === 0)) break
  }
  const [first] = peers
  for (const peer of peers) {
    peer.compare()
    // A pair of surrogates that one peer has cut stays whole at a peer that never did; else all show the same.
    const cut = peers.some(other => other.doc.getText('text').toString().includes('\ufffd'))
    const delta = doc => JSON.stringify(doc.getText('text').toDelta().map(plainOp))
    if (!cut && delta(peer.doc) !== delta(first.doc)) {
      throw new Error(`the Yjs peers themselves differ: ${delta(peer.doc)} and ${delta(first.doc)}`)
    }
  }
}

while (done < operations) round()
flush()
