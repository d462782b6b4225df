// Updates merged without a document, of which one has as GC what another has as an item: one peer has collected what the
// other still holds. Peers in Yjs make them by writing in types that others delete; crdt_peer must merge any choice
// of them, in any order, to the bytes of Y.mergeUpdates.
//
//   node merging.mjs [MERGES [SEED]]
//
// CRDT_PEER names the program.
import * as Y from 'yjs'
import { makeChance } from './chance.mjs'
import { OurProcess } from './ours.mjs'

const merges = Number(process.argv[2] ?? 2000)
const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 4294967296))
const { random, below, chance, pick } = makeChance(seed)
const ours = new OurProcess(process.env.CRDT_PEER)
const most = 63 // updates that are merged at once: beyond it we have an order of our own

/** Whether one update has as an item what another has as GC. */
const compete = updates => {
  const runs = updates.flatMap((bytes, number) => Y.decodeUpdate(bytes).structs.map(struct => ({ number, struct })))
  const gone = runs.filter(({ struct }) => struct instanceof Y.GC)
  return gone.some(({ number, struct: { id, length } }) => runs.some(other => other.number !== number && other.struct instanceof Y.Item &&
    other.struct.id.client === id.client && other.struct.id.clock < id.clock + length && id.clock < other.struct.id.clock + other.struct.length))
}

const filled = [
  () => Y.Array.from([1, 2, 3]),
  () => new Y.Text('abc'),
  () => new Y.Map([['k', 1]]),
  () => {
    const element = new Y.XmlElement('p')
    element.insert(0, [new Y.XmlText('xy')])
    return element
  }
]
const write = array => {
  const index = below(array.length + 1)
  const type = index < array.length ? array.get(index) : null
  if (type === null || chance(0.3)) array.insert(index, [pick(filled)()])
  else if (chance(0.3)) array.delete(index)
  else if (type instanceof Y.Array) write(type)
  else if (type instanceof Y.Text) type.insert(below(type.length + 1), 'z')
  else if (type instanceof Y.XmlElement) type.insert(0, [new Y.XmlText('q')])
  else if (type instanceof Y.Map) type.set('k', pick(filled)())
}

/** What a few peers emit while they write, and what they answer each other. */
const someUpdates = () => {
  const docs = Array.from({ length: 2 + below(3) }, (_, number) => {
    const doc = new Y.Doc({ gc: chance(0.8) })
    doc.clientID = number + 1
    return doc
  })
  const updates = []
  const vectors = [new Uint8Array([0])]
  docs.forEach(doc => doc.on('update', update => updates.push(update)))
  for (let steps = 5 + below(40); steps > 0; --steps) {
    const doc = pick(docs)
    const dice = random()
    if (dice < 0.7) doc.transact(() => write(doc.getArray('array')))
    else if (dice < 0.8) Y.applyUpdate(doc, Y.encodeStateAsUpdate(pick(docs), Y.encodeStateVector(doc)))
    else if (dice < 0.9 && updates.length > 0) Y.applyUpdate(doc, pick(updates))
    vectors.push(Y.encodeStateVector(doc))
    if (dice >= 0.9) updates.push(Y.encodeStateAsUpdate(doc, pick(vectors)))
  }
  return updates
}

const counts = { merges: 0, competing: 0 }
while (counts.merges < merges) {
  const updates = someUpdates()
  if (updates.length === 0) continue
  const inV2 = updates.map(update => Y.convertUpdateFormatV1ToV2(update))
  for (let i = 0; i < 50; ++i) {
    const chosen = Array.from({ length: 2 + below(chance(0.1) ? most - 1 : 10) }, () => below(updates.length))
    const v2 = chance(0.3)
    const own = chosen.map(number => (v2 ? inV2 : updates)[number])
    const theirs = (v2 ? Y.mergeUpdatesV2 : Y.mergeUpdates)(own)
    ++counts.merges
    if (compete(chosen.map(number => updates[number]))) ++counts.competing
    ours.merge(own, mine => {
      if (Buffer.compare(theirs, mine) === 0) return
      const hex = bytes => Buffer.from(bytes).toString('hex')
      console.log(`seed ${seed}: a merge ${v2 ? 'in V2 ' : ''}differs\n  of   ${own.map(hex).join('\n       ')}\n  yjs  ${hex(theirs)}\n  ours ${hex(mine)}`)
      process.exit(1)
    }, v2)
  }
  ours.flush()
}
ours.close()
if (counts.competing === 0) throw new Error('no updates have competed')
console.log(`${counts.merges} merges, in ${counts.competing} of them a GC and an item compete, seed ${seed}: all the same`)
