// A world of the live test: peers in Yjs and peers in our engine, each writing on its own, and the network between them,
// which delays, reorders, duplicates, merges, cuts and loses, and parts them for a while. Only bytes go across. From time
// to time it heals, and then all peers must be the same. What happens is decided by the seed alone.
import * as Y from 'yjs'
import { inspect, isDeepStrictEqual } from 'node:util'
import { makeChance } from './chance.mjs'
import { OurPeer, YjsPeer } from './peers.mjs'

/** A difference between peers, or a broken invariant. */
export class Difference extends Error {}

const clientIds = [1, 2, 77, 127, 128, 300, 65536, 4294967295, 3000000001, 9007199254740991, 1099511627776]
const nothing = new Uint8Array([0])
const replacement = Buffer.from('\ufffd')
const same = (a, b) => Buffer.compare(a, b) === 0
const hex = bytes => bytes.length > 400 ? `${Buffer.from(bytes.subarray(0, 400)).toString('hex')}… (${bytes.length} bytes)` : Buffer.from(bytes).toString('hex')

/** Where two contents differ first, and what is there in `value`. */
const unlike = (value, other, way = 'content') => {
  const inner = value !== null && typeof value === 'object' && other !== null && typeof other === 'object'
  const name = inner && [...new Set([...Object.keys(value), ...Object.keys(other)])].find(key => !isDeepStrictEqual(value[key], other[key]))
  if (name !== undefined && inner) return unlike(value[name], other[name], `${way}[${inspect(name)}]`)
  return `${way} is ${inspect(value, { depth: 6, breakLength: 200 })}`
}

const reload = update => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  return Y.encodeStateAsUpdate(doc)
}

export class World {
  /** False once encodings differed in a way that only shadows can judge. */
  settled = true

  constructor (seed, ours, { careful = false, shadows = false, trace = null } = {}) {
    this.dice = makeChance(seed)
    this.ours = ours
    this.trace = trace
    this.counts = { operations: 0, exchanges: 0, heals: 0, normalised: 0 }
    this.turn = 0
    const { below, chance, pick, shuffled } = this.dice
    this.pairs = chance(0.15)
    this.loss = pick([0, 0.05, 0.3])
    this.delay = pick([1, 3, 12])
    this.parting = pick([0, 0.05, 0.2])
    this.bulk = pick([1, 4, 16, 60, 300, 300]) // the most operations in one transaction
    const mixed = chance(0.3)
    this.undo = chance(0.25)
    const observing = !this.undo && chance(0.25)
    this.xml = chance(0.7) // XML types, types within all types, subdocuments
    this.v2 = pick([0, 0, 0.5, 1]) // how likely it is that a peer speaks V2
    const clients = shuffled(clientIds)
    const count = pick([2, 2, 4, 4, 6, 8])
    const wanted = pick(this.bulk < 16 ? [30, 100, 200, chance(0.03) ? 4000 : 400] : [300, 800, 1500]) // operations, about
    this.phases = 1 + below(3)
    this.turns = Math.ceil(wanted / this.phases / (count * 1.6 * (1 + this.bulk) / 2))
    this.peers = Array.from({ length: count }, (_, number) => {
      const observed = observing && chance(0.5)
      const options = {
        gc: !(mixed && chance(0.4)), undo: this.undo, v2: chance(this.v2), cleanFormats: chance(0.7) || observed,
        observed, answering: observed && chance(0.3), pairs: this.pairs, xml: this.xml, dice: this.dice, ours, careful, shadows
      }
      return new (number % 2 === 0 ? YjsPeer : OurPeer)(number, clients[number], options)
    })
    this.inboxes = this.peers.map(() => [])
    this.vectors = this.peers.map(() => nothing) // what others last heard of each
    this.groups = null
  }

  /** Runs to the end, or as if it had `until` turns; throws a Difference. */
  run (until = Infinity) {
    try {
      for (let phase = 0; phase < this.phases && this.turn < until; ++phase) {
        for (let i = 0; i < this.turns && this.turn < until; ++i) this.#turn()
        this.#heal()
        this.#compare()
      }
      for (const peer of this.peers) peer.drop()
      this.ours.flush()
    } catch (error) {
      if (!(error instanceof Difference)) throw new Difference(error.message, { cause: error })
      throw error
    }
  }

  // ---- one turn: every peer reads some of its mail and writes something

  #turn () {
    ++this.turn
    const { below, chance, seed } = this.dice
    if (chance(this.parting)) this.groups = this.groups ? null : this.peers.map(() => below(2))
    const emitted = this.peers.map(() => [])
    const work = this.peers.map(peer => ({ peer, mail: this.#mail(peer), writes: chance(0.8) ? 1 + below(3) : 0, seed: seed() }))
    const perform = ({ peer, mail, writes, seed }) => {
      const emit = bytes => emitted[peer.number].push({ bytes, v2: peer.v2 })
      const chances = makeChance(seed)
      for (const update of mail) this.#apply(peer, update, emit)
      for (let i = 0; i < writes; ++i) {
        if (this.undo && chances.chance(0.3)) {
          const redo = chances.chance(0.35)
          this.trace?.(`turn ${this.turn}: ${peer.kind} ${peer.number} ${redo ? 'redoes' : 'undoes'}`)
          peer.undo(redo, emit)
          ++this.counts.operations
          continue
        }
        const count = 1 + chances.below(this.bulk)
        this.trace?.(`turn ${this.turn}: ${peer.kind} ${peer.number} writes ${count}`)
        peer.random(chances.seed(), count, emit)
        this.counts.operations += count
      }
      if (chances.chance(0.2)) peer.stateVector(vector => { this.vectors[peer.number] = vector })
    }
    for (const one of work) if (one.peer.kind === 'ours') perform(one)
    this.ours.send()
    for (const one of work) if (one.peer.kind === 'yjs') perform(one)
    this.ours.flush()
    for (const peer of this.peers) for (const update of emitted[peer.number]) this.#spread(peer, update)
    if (chance(0.1)) this.#resync()
  }

  #apply (peer, update, emit) {
    ++this.counts.exchanges
    this.trace?.(`turn ${this.turn}: ${peer.kind} ${peer.number} reads ${update.v2 ? 'V2 ' : ''}${hex(update.bytes)}`)
    peer.apply(update, emit)
  }

  /** What has come for a peer by now; sometimes merged, sometimes cut to what it had not seen a while ago. */
  #mail (peer) {
    const { below, chance, shuffled } = this.dice
    let due = []
    this.inboxes[peer.number] = this.inboxes[peer.number].filter(message => message.due > this.turn || !due.push(message.update))
    if (chance(0.1)) due = shuffled(due)
    if (due.length > 0 && chance(0.1)) due[0] = this.#convert(due[0])
    if (due.length < 2 || !chance(0.15)) return due
    const { v2 } = due[0]
    const updates = due.splice(0, 2 + below(6)).map(update => update.v2 === v2 ? update : this.#convert(update))
    const merged = this.#merge(updates, v2)
    if (!chance(0.5)) return [{ bytes: merged, v2 }, ...due]
    const since = this.vectors[peer.number]
    this.#both('the state vector of an update', merged, v2 ? Y.encodeStateVectorFromUpdateV2 : Y.encodeStateVectorFromUpdate,
      (bytes, then) => this.ours.vectorOf(bytes, then, v2))
    const cut = this.#both('a diff of an update', merged, bytes => (v2 ? Y.diffUpdateV2 : Y.diffUpdate)(bytes, since),
      (bytes, then) => this.ours.diff(bytes, since, then, v2))
    return [{ bytes: cut, v2 }, ...due]
  }

  #convert ({ bytes, v2 }) {
    const other = this.#both('an update in the other format', bytes, v2 ? Y.convertUpdateFormatV2ToV1 : Y.convertUpdateFormatV1ToV2,
      (bytes, then) => this.ours.convert(bytes, then, v2))
    return { bytes: other, v2: !v2 }
  }

  #merge (updates, v2) {
    const all = updates.map(update => update.bytes)
    return this.#both(v2 ? 'a merge in V2' : 'a merge', all, v2 ? Y.mergeUpdatesV2 : Y.mergeUpdates, (bytes, then) => this.ours.merge(bytes, then, v2))
  }

  /** What Yjs and our engine make of the same bytes, which must be the same. */
  #both (what, input, inYjs, inOurs) {
    const theirs = inYjs(input)
    const mine = this.ours.call(then => inOurs(input, then))
    if (!same(theirs, mine)) {
      throw new Difference(`${what} differs\n  of   ${[input].flat().map(hex).join('\n       ')}\n  yjs  ${hex(theirs)}\n  ours ${hex(mine)}`)
    }
    return theirs
  }

  #spread (from, update) {
    const { below, chance } = this.dice
    for (const to of this.peers) {
      if (to === from || (this.groups && this.groups[to.number] !== this.groups[from.number])) continue
      const inbox = this.inboxes[to.number]
      if (!chance(this.loss)) inbox.push({ due: this.turn + below(this.delay + 1), update })
      if (chance(0.04)) inbox.push({ due: this.turn + below(3 * this.delay), update })
    }
  }

  /** One peer asks another for what it lacks, from its state vector of now or of a while ago. */
  #resync () {
    const { chance, pick } = this.dice
    const to = pick(this.peers)
    const from = pick(this.peers)
    if (to === from) return
    const old = chance(0.5)
    const ask = vector => from.encode(vector, bytes => this.inboxes[to.number].push({ due: this.turn + 1, update: { bytes, v2: from.v2 } }), from.v2)
    if (old) ask(this.vectors[to.number])
    else to.stateVector(ask)
    this.ours.flush()
  }

  // ---- healing: all get all, until nobody has anything to add

  #heal () {
    const { chance, pick } = this.dice
    ++this.counts.heals
    this.groups = null
    const keep = chance(0.7)
    for (const peer of this.peers) {
      const inbox = this.inboxes[peer.number]
      this.inboxes[peer.number] = []
      if (keep) for (const { update } of inbox) this.#apply(peer, update, () => {})
    }
    this.ours.flush()
    for (let turn = 0; ; ++turn) {
      if (turn > 50) throw new Difference('the peers do not come to rest')
      let cleaned = false
      const transfer = (from, to) => to.stateVector(vector => from.encode(vector, bytes => {
        this.#apply(to, { bytes, v2: from.v2 }, () => { cleaned = true })
      }, from.v2))
      const hub = pick(this.peers)
      for (const peer of this.peers) if (peer !== hub) transfer(peer, hub)
      this.ours.flush()
      for (const peer of this.peers) if (peer !== hub) transfer(hub, peer)
      this.ours.flush()
      if (!cleaned) return
    }
  }

  // ---- comparing

  #compare () {
    const seen = this.peers.map(peer => {
      const one = { peer }
      peer.validate()
      peer.pending(value => { one.pending = value })
      peer.stateVector(value => { one.vector = value })
      peer.encode(nothing, value => { one.encoded = value })
      peer.encode(nothing, value => { one.encodedV2 = value }, true)
      peer.content(value => { one.content = value })
      return one
    })
    this.ours.flush()
    const name = ({ peer }) => `${peer.kind} ${peer.number}`
    const differ = (what, a, b, show) => { throw new Difference(`${what} differs\n  ${name(a)}: ${show(a)}\n  ${name(b)}: ${show(b)}`) }
    const [first] = seen
    for (const one of seen) {
      if (one.pending) throw new Difference(`${name(one)} still waits for something`)
      if (!same(one.vector, first.vector)) differ('the state vector', first, one, s => hex(s.vector))
    }
    // A pair of surrogates that one peer has cut stays whole at a peer that never did: then nothing more can be said.
    if (this.pairs && seen.some(one => Buffer.from(one.encoded).includes(replacement))) return
    for (const one of seen) {
      if (!isDeepStrictEqual(one.content, first.content)) differ('the content', first, one, s => unlike(s.content, s === one ? first.content : one.content))
    }
    this.#compareEncodings(seen, differ)
    if (this.dice.chance(0.5)) this.#compareLoaded(this.dice.pick(seen).encoded)
  }

  /**
   * Which neighbours Yjs has merged into one struct can depend on the order in which updates came, and a document
   * without garbage collection, or with an undo manager, keeps what it has seen. So where encodings differ, what they load as must be the same;
   * whether each is just what Yjs would have can then be said with shadows only.
   */
  #compareEncodings (seen, differ) {
    for (const one of seen) {
      const alike = seen.find(other => same(other.encoded, one.encoded))
      if (!same(one.encodedV2, alike.encodedV2)) differ('the encoding in V2', alike, one, s => hex(s.encodedV2))
    }
    if (seen.every(one => same(one.encoded, seen[0].encoded))) return
    ++this.counts.normalised
    const collected = seen.filter(one => one.peer.gc && !this.undo)
    if (collected.some(one => !same(one.encoded, collected[0].encoded))) this.settled = false
    const loaded = new Map()
    for (const one of seen) {
      const bytes = Buffer.from(one.encoded).toString('latin1')
      if (!loaded.has(bytes)) loaded.set(bytes, reload(one.encoded))
      one.loaded = loaded.get(bytes)
      if (!same(one.loaded, seen[0].loaded)) differ('what the encoding loads as', seen[0], one, s => hex(s.loaded))
    }
  }

  /** A new document of each engine, loaded from the same bytes. */
  #compareLoaded (encoded) {
    this.#both('a loaded document', encoded, reload, (update, then) => {
      const document = this.ours.create(1)
      this.ours.apply(document, update)
      this.ours.validate(document)
      this.ours.encode(document, nothing, then)
      this.ours.drop(document)
    })
  }
}
