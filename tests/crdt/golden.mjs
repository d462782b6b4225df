// Makes golden.json: updates of every content kind as Yjs writes them, with what they read as.
//
//   node golden.mjs > golden.json
import * as Y from 'yjs'
import * as encoding from 'lib0/encoding'

const hex = bytes => Buffer.from(bytes).toString('hex')
const vectors = []
const plain = op => op.insert instanceof Y.AbstractType ? { ...op, insert: op.insert.toJSON() } : op

const vector = (name, make, { gc = true, client = 1 } = {}) => {
  const doc = new Y.Doc({ gc })
  doc.clientID = client
  const updates = []
  doc.on('update', update => updates.push(hex(update)))
  const json = make(doc) ?? {}
  vectors.push({
    name,
    gc,
    updates,
    encoded: hex(Y.encodeStateAsUpdate(doc)),
    encoded_v2: hex(Y.encodeStateAsUpdateV2(doc)),
    v1_to_v2: hex(Y.convertUpdateFormatV1ToV2(Y.encodeStateAsUpdate(doc))),
    v2_to_v1: hex(Y.convertUpdateFormatV2ToV1(Y.encodeStateAsUpdateV2(doc))),
    state_vector: hex(Y.encodeStateVector(doc)),
    delta: doc.getText('text').toDelta().map(plain),
    map: doc.getMap('map').toJSON(),
    array: doc.getArray('array').toJSON(),
    ...json
  })
}
/// A struct that no type makes any more, written by hand: client 1, clock 0, in the root `root`.
const byHand = (name, root, content) => {
  const e = encoding.createEncoder()
  for (const n of [1, 1, 1, 0]) encoding.writeVarUint(e, n)
  content(e, () => {
    encoding.writeVarUint(e, 1)
    encoding.writeVarString(e, root)
  })
  encoding.writeVarUint(e, 0)
  vector(name, doc => Y.applyUpdate(doc, encoding.toUint8Array(e)), { client: 2 })
}

vector('empty', () => {})
vector('typing is merged', doc => [...'hello'].forEach((c, i) => doc.getText('text').insert(i, c)))
vector('characters beyond ASCII', doc => doc.getText('text').insert(0, 'ä漢😀'))
vector('a split surrogate pair', doc => {
  doc.getText('text').insert(0, 'a😀b')
  doc.getText('text').insert(2, 'x')
})
vector('formats', doc => {
  doc.getText('text').insert(0, 'plain bold', { })
  doc.getText('text').format(6, 4, { bold: true, link: { href: 'https://example.org/' } })
})
vector('an embed', doc => doc.getText('text').insertEmbed(0, { image: 'a.png', size: [1, 2.5, null] }))
vector('deleted, collected', doc => {
  doc.getText('text').insert(0, 'abcdef')
  doc.getText('text').delete(2, 2)
})
vector('deleted, kept', doc => {
  doc.getText('text').insert(0, 'abcdef')
  doc.getText('text').delete(2, 2)
}, { gc: false })
vector('a map', doc => {
  const map = doc.getMap('map')
  map.set('number', 1)
  map.set('number', 2)
  map.set('gone', true)
  map.delete('gone')
  map.set('bytes', new Uint8Array([0, 255]))
})
vector('values', doc => doc.getArray('array').insert(0, [
  null, true, false, 0, -1, 63, 64, -64, 2147483647, -2147483648, 2147483648, 0.5, 0.1, 1e300, -0, '', 'text', [1, [2]],
  { a: 1, b: { c: null } }
]))
vector('nested types', doc => {
  const map = new Y.Map()
  doc.getArray('array').insert(0, [map, 'beside'])
  map.set('text', new Y.Text('inside'))
  map.set('array', Y.Array.from([1, 2]))
})
vector('GC structs', doc => {
  const map = new Y.Map()
  doc.getArray('array').insert(0, [map])
  map.set('a', 1)
  map.set('b', new Y.Text('gone with its parent'))
  doc.getArray('array').delete(0, 1)
})
vector('XML types', doc => {
  const fragment = doc.getXmlFragment('xml')
  const element = new Y.XmlElement('paragraph')
  fragment.insert(0, [element, new Y.XmlText('text'), new Y.XmlHook('hook')])
  element.setAttribute('level', '1')
  element.insert(0, [new Y.XmlText('inside')])
})
vector('a subdocument', doc => doc.getMap('map').set('doc', new Y.Doc({ guid: 'a-guid', autoLoad: true, meta: { a: 1 } })), {})
vectors.at(-1).map = { doc: { guid: 'a-guid' } }
vector('bytes', doc => doc.getMap('map').set('bytes', new Uint8Array([1, 2, 3])))
byHand('JSON content', 'array', (e, parent) => {
  encoding.writeUint8(e, 2)
  parent()
  encoding.writeVarUint(e, 3)
  for (const json of ['{"a":1}', 'undefined', '"text"']) encoding.writeVarString(e, json)
})
vectors.at(-1).array = [{ a: 1 }, null, 'text']
byHand('a skip', 'text', e => { encoding.writeUint8(e, 10); encoding.writeVarUint(e, 5) })
byHand('deleted content', 'text', (e, parent) => { encoding.writeUint8(e, 1); parent(); encoding.writeVarUint(e, 7) })

process.stdout.write('[\n' + vectors.map(v => '  ' + JSON.stringify(v)).join(',\n') + '\n]\n')
