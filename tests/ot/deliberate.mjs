// Where our algebra differs from quill-delta on purpose (docs/protocols/quill-delta.md says why). What quill-delta does
// is held here, so that a version of it that does otherwise is noticed; what ours does is held in src/ot's own tests.
import assert from 'node:assert/strict'

export const checkDeliberate = Delta => {
  // 1. It compares a format's value by identity when it inverts; equal values are written again.
  const same = () => ({ comment: { id: 'x' } })
  const base = new Delta().insert('a', same())
  assert.deepEqual(new Delta().retain(1, same()).invert(base).ops, [{ retain: 1, attributes: same() }])
  // 2. It works on past the end of a document; we refuse.
  assert.deepEqual(new Delta().delete(3).invert(new Delta().insert('a')).ops, [{ insert: 'a' }])
  // 3. It keeps empty attributes apart from none, where they were not written by its own methods.
  assert.equal(new Delta([{ insert: 'a', attributes: {} }]).push({ insert: 'b' }).ops.length, 2)
  // 4. It does not bring what it is given into normal form.
  assert.equal(new Delta([{ delete: 1 }, { insert: 'a' }]).ops[0].delete, 1)
  // 5. A change inside an embed needs a handler that the program brings along.
  assert.throws(() => new Delta().insert({ delta: [] }).compose(new Delta().retain({ delta: [] })), /no handlers/)
  // 6. Composing forgets whether an insertion stood behind what was deleted; our history's composition does not.
  const composed = new Delta().retain(1).insert('y').compose(new Delta().delete(1))
  assert.deepEqual(composed.ops, [{ insert: 'y' }, { delete: 1 }])
}
