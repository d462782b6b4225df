// What peers do with their past, for differential.mjs: snapshots and relative positions, taken and read back later.
import * as Y from 'yjs'
import { writeTarget } from './actions.mjs'

export const makeHistory = ({ record, uint, string, bytes, anyBytes, plainJson, plainOp, pick, below, chance, randomTarget }) => {
  /** As a handle of ours shows it: one of an element that was deleted since is empty, where Yjs still tells its name. */
  const held = value => value instanceof Y.XmlElement && value._item.deleted ? '' : plainJson(value)

  const takeSnapshot = peer => {
    const snapshot = Y.snapshot(peer.doc)
    peer.snapshots.push(snapshot)
    record(20, peer.number, e => { bytes(e, Y.encodeSnapshot(snapshot)); bytes(e, Y.encodeSnapshotV2(snapshot)) })
  }

  const describers = [
    undefined,
    (type, id) => ({ user: id.client, type }),
    (type, id) => ({ type, at: [id.client, id.clock] })
  ]
  const writeVersion = (e, snapshot) => {
    uint(e, snapshot ? 1 : 0)
    if (snapshot) bytes(e, Y.encodeSnapshot(snapshot))
  }
  const readSnapshot = peer => {
    const { doc, snapshots } = peer
    const shown = chance(0.85) ? pick(snapshots) : undefined
    const previous = chance(0.6) ? pick(snapshots) : undefined
    const describe = below(describers.length)
    const delta = doc.getText('text').toDelta(shown, previous, describers[describe]).map(plainOp)
    record(21, peer.number, e => {
      writeVersion(e, shown)
      writeVersion(e, previous)
      uint(e, describe)
      string(e, JSON.stringify(delta))
    })
    const version = pick(snapshots)
    const values = Y.typeListToArraySnapshot(doc.getArray('array'), version).map(held)
    const members = Y.typeMapGetAllSnapshot(doc.getMap('map'), version)
    for (const key in members) members[key] = held(members[key])
    record(22, peer.number, e => {
      writeVersion(e, version)
      bytes(e, anyBytes(values))
      bytes(e, anyBytes(members))
    })
    const xml = doc.getXmlFragment('xml')
    record(27, peer.number, e => {
      writeVersion(e, version)
      bytes(e, anyBytes(Y.typeListToArraySnapshot(xml, version).map(held)))
      const elements = Array.from(xml.createTreeWalker(node => node instanceof Y.XmlElement))
      uint(e, elements.length)
      for (const element of elements) {
        const attributes = element.getAttributes(version)
        bytes(e, anyBytes(attributes))
        bytes(e, anyBytes(Object.keys(attributes).map(name => Y.typeMapGetSnapshot(element, name, version))))
      }
    })
  }

  const restore = peer => {
    const snapshot = pick(peer.snapshots)
    const gc = chance(0.5)
    const restored = Y.createDocFromSnapshot(peer.doc, snapshot, new Y.Doc({ gc }))
    record(23, peer.number, e => {
      bytes(e, Y.encodeSnapshot(snapshot))
      uint(e, gc ? 1 : 0)
      bytes(e, Y.encodeStateAsUpdate(restored))
      bytes(e, Y.encodeStateAsUpdateV2(restored)) // which has the values as they were
    })
  }

  const contains = (peer, update) => {
    const snapshot = peer.snapshots.length > 0 && chance(0.5) ? pick(peer.snapshots) : Y.snapshot(peer.doc)
    const now = Y.snapshotContainsUpdate(Y.snapshot(peer.doc), update)
    record(24, peer.number, e => {
      bytes(e, Y.encodeSnapshot(snapshot))
      bytes(e, update)
      uint(e, Y.snapshotContainsUpdate(snapshot, update) ? 1 : 0)
      uint(e, now ? 1 : 0)
    })
  }

  const takePosition = peer => {
    const target = randomTarget(peer.doc)
    const { type } = target
    const index = type instanceof Y.Map ? 0 : below(type.length + 2)
    const assoc = pick([0, 0, 1, -1, -1, -64, 1000])
    const position = Y.createRelativePositionFromTypeIndex(type, index, assoc)
    const json = JSON.stringify(Y.relativePositionToJSON(position))
    peer.positions.push(json)
    record(25, peer.number, e => {
      writeTarget(e, target)
      uint(e, index)
      bytes(e, anyBytes(assoc))
      bytes(e, Y.encodeRelativePosition(position))
      string(e, json)
    })
  }

  /// Asks a peer where a position is that any of them has taken; in its JSON, which tells more than its bytes.
  const resolvePosition = (peer, from) => {
    const json = pick(from.positions)
    const position = Y.createRelativePositionFromJSON(JSON.parse(json))
    const follow = chance(0.5)
    const found = Y.createAbsolutePositionFromRelativePosition(position, peer.doc, follow)
    record(26, peer.number, e => {
      string(e, json)
      uint(e, follow ? 1 : 0)
      uint(e, found === null ? 0 : found.type._item?.deleted ? 1 : 2)
      if (found === null) return
      uint(e, found.index)
      string(e, JSON.stringify(Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(found.type, 0, -1))))
    })
  }

  /// One act on the past of a peer; `update` is any that was emitted.
  const remember = (peer, peers, update) => {
    if (update !== undefined && chance(0.3)) contains(peer, update)
    if (chance(0.5)) return takePosition(peer)
    const from = pick(peers)
    if (from.positions.length > 0) resolvePosition(peer, from)
    if (peer.doc.gc) return
    if (peer.snapshots.length === 0 || chance(0.4)) return takeSnapshot(peer)
    if (chance(0.75)) readSnapshot(peer)
    else restore(peer)
  }
  return { remember }
}
