// What a peer in Yjs that observes its types is told, in a form that can be written down for our engine
// (observing.h says how).
import * as Y from 'yjs'

const kinds = [
  [Y.XmlElement, 'element'], [Y.XmlFragment, 'fragment'], [Y.XmlText, 'xmltext'], [Y.XmlHook, 'hook'],
  [Y.Text, 'text'], [Y.Map, 'map'], [Y.Array, 'array']
]
const plain = value => {
  if (value instanceof Y.AbstractType) return { $: kinds.find(([Type]) => value instanceof Type)[1] }
  if (value instanceof Y.Doc) return { $: 'doc', guid: value.guid }
  return value
}
const plainOp = op => {
  if (op.insert === undefined || typeof op.insert === 'string') return op
  return { ...op, insert: Array.isArray(op.insert) ? op.insert.map(plain) : plain(op.insert) }
}
const guids = docs => Array.from(docs, doc => doc.guid)
const ranges = items => {
  const joined = []
  for (const { id, length } of items) {
    const last = joined[joined.length - 1]
    if (last !== undefined && last[0] === id.client && last[1] + last[2] === id.clock) last[2] += length
    else joined.push([id.client, id.clock, length])
  }
  return joined
}

const shownEvent = (how, event) => {
  const subs = event.transaction.changed.get(event.target)
  const text = event.target instanceof Y.Text
  const keys = []
  event.changes.keys.forEach(({ action, oldValue }, key) => keys.push([key, action, plain(oldValue)]))
  return {
    how,
    target: plain(event.target).$,
    path: [...event.path],
    list: subs.has(null),
    changed: [...subs].filter(sub => sub !== null),
    keys,
    delta: event.changes.delta.map(plainOp),
    added: text ? [] : ranges(event.changes.added),
    deleted: text ? [] : ranges(event.changes.deleted)
  }
}

/**
 * Reading a text event's delta is a transaction of its own in Yjs, also where it deletes no format. It then seems to
 * have made what the transactions after it made, and is emitted too; ours has no such transaction.
 */
export const isRealTransaction = t => !t.local || t.changed.size > 0 || t.deleteSet.clients.size > 0 || t.subdocsLoaded.size > 0

/**
 * Observes all roots of `doc` that are `named` ([name, type]); what was told is in `told`, what was emitted in
 * `updates` (of that emission: 'update' or 'updateV2'), until they are taken. With `answering`, the document is changed in answer to a changed array.
 */
export const observe = (doc, named, emission, answering) => {
  const observed = { told: [], updates: [] }
  for (const [name, type] of named) {
    type.observe(event => {
      observed.told.push(shownEvent(name, event))
      if (answering && name === 'array' && event.transaction.origin !== 'answer') {
        doc.transact(() => doc.getMap('map').set('answer', type.length), 'answer')
      }
    })
    type.observeDeep(events => events.forEach(event => observed.told.push(shownEvent(name + ' deep', event))))
  }
  doc.on('afterTransaction', t => {
    if (!isRealTransaction(t) || (t.deleteSet.clients.size === 0 && t.subdocsLoaded.size === 0 && ![...t.afterState].some(([client, clock]) => t.beforeState.get(client) !== clock))) return
    const deletes = []
    t.deleteSet.clients.forEach((items, client) => items.forEach(({ clock, len }) => deletes.push([client, clock, len])))
    deletes.sort((a, b) => b[0] - a[0] || a[1] - b[1])
    const inserts = []
    t.afterState.forEach((clock, client) => {
      const before = t.beforeState.get(client) ?? 0
      if (clock !== before) inserts.push([client, before, clock - before])
    })
    inserts.sort((a, b) => b[0] - a[0])
    observed.told.push({ transaction: typeof t.origin === 'string' ? t.origin : '', local: t.local, inserts, deletes, types: t.changed.size, added: guids(t.subdocsAdded), removed: guids(t.subdocsRemoved), loaded: guids(t.subdocsLoaded) })
  })
  doc.on(emission, (update, origin, _, t) => { if (isRealTransaction(t)) observed.updates.push(update) })
  return observed
}
