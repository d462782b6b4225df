// A document as its one writer sees it: a real Yjs document, in which every edit types a word that names its number.
import * as Y from 'yjs'

export class Writing {
  #doc = new Y.Doc()
  #edits = 0

  get text() { return this.#doc.getText('content').toString() }
  /** The number of the next edit. */
  get next() { return this.#edits + 1 }

  /** The update of a first text of about `bytes` bytes, which counts as an edit. */
  begin(bytes, words = 'The quick brown fox jumps over the lazy dog. ') {
    return this.#edit(words.repeat(Math.ceil(bytes / words.length)))
  }

  /** The updates of the next edits: each types "~000001 " and so on at the text's end. */
  edits(count) { return Array.from({ length: count }, () => this.#edit('')) }

  #edit(words) {
    let update
    this.#doc.once('update', (bytes) => { update = bytes })
    this.#edits += 1
    const text = this.#doc.getText('content')
    text.insert(text.length, `${words}~${String(this.#edits).padStart(6, '0')} `)
    return update
  }
}

/** The text of the document that these updates make up. */
export function textOf(updates) {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc.getText('content').toString()
}
