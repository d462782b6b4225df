// Undo managers for the peers of differential.mjs: each has one at most, for some types or the whole document.
import * as Y from 'yjs'
import { clock } from './clock.mjs'

export const makeUndoing = ({ record, uint, bytes, below, chance, nothing }) => {
  const wrote = tr => tr.deleteSet.clients.size > 0 ||
    [...tr.afterState].some(([client, after]) => (tr.beforeState.get(client) ?? 0) !== after)

  const create = peer => {
    const { doc } = peer
    const roots = [doc.getText('text'), doc.getMap('map'), doc.getArray('array')]
    const scope = 1 + below(8) // bits of roots, or 8 for the document
    const timeout = chance(0.5) ? 0 : 500
    const ignoreRemote = chance(0.3)
    const keepTypes = chance(0.15)
    peer.remoteOrigin = chance(0.5) ? 'remote' : undefined
    peer.undoManager = new Y.UndoManager(scope === 8 ? doc : roots.filter((_, i) => scope & 1 << i), {
      captureTimeout: timeout,
      ignoreRemoteMapChanges: ignoreRemote,
      captureTransaction: wrote, // Yjs would capture what changes nothing
      ...(keepTypes ? { deleteFilter: item => !(item.content instanceof Y.ContentType) } : {})
    })
    record(30, peer.number, e => {
      uint(e, scope)
      uint(e, timeout)
      uint(e, ignoreRemote ? 1 : 0)
      uint(e, keepTypes ? 1 : 0)
      uint(e, peer.remoteOrigin ? 1 : 0)
    })
  }

  const pass = ms => {
    clock.now += ms
    record(31, 0, e => uint(e, clock.now))
  }

  /// Undoes or redoes; returns the update.
  const goBack = (peer, redo) => {
    const manager = peer.undoManager
    peer.emitted = []
    const popped = redo ? manager.redo() : manager.undo()
    const update = peer.emitted[0] ?? nothing
    if (peer.emitted.length > 1) throw new Error('undoing has emitted twice')
    record(32, peer.number, e => {
      uint(e, redo ? 1 : 0)
      bytes(e, update[peer.key])
      uint(e, popped === null ? 0 : 1)
      uint(e, manager.undoStack.length)
      uint(e, manager.redoStack.length)
    })
    return update
  }

  /// One act of a peer's undo manager; returns the update that comes of it, which may be empty.
  const act = peer => {
    if (!peer.undoManager) {
      create(peer)
      return nothing
    }
    if (chance(0.2)) pass(chance(0.5) ? 100 : 600)
    if (chance(0.03)) {
      const which = 1 + below(3)
      peer.undoManager.clear((which & 1) !== 0, (which & 2) !== 0)
      record(33, peer.number, e => uint(e, which))
    }
    if (chance(0.1)) {
      peer.undoManager.stopCapturing()
      record(34, peer.number, () => {})
    }
    return goBack(peer, chance(0.4))
  }
  return { act }
}
