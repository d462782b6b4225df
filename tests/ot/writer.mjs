// Writes records of Deltas; the layout is at the head of replay.cpp.

/** A value as the one text that equal values have: members sorted by name at every depth. */
export const canonical = value => {
  if (Array.isArray(value)) return '[' + value.map(canonical).join(',') + ']'
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  return '{' + Object.keys(value).sort().map(key => JSON.stringify(key) + ':' + canonical(value[key])).join(',') + '}'
}

const kinds = { retain: 0, insert: 1, embed: 2, delete: 3 }

export class Writer {
  constructor (sink) {
    this.sink = sink
    this.buffer = Buffer.alloc(1 << 20)
    this.at = 0
    this.start = 0
  }

  room (bytes) {
    if (this.at + bytes <= this.buffer.length) return
    const larger = Buffer.alloc(2 * this.buffer.length + bytes)
    this.buffer.copy(larger, 0, 0, this.at)
    this.buffer = larger
  }

  begin () {
    this.start = this.at
    this.number(0)
  }

  end () {
    this.buffer.writeUInt32LE(this.at - this.start - 4, this.start)
    if (this.at < 1 << 19) return
    this.finish()
  }

  finish () {
    this.sink(this.buffer.subarray(0, this.at))
    this.at = 0
  }

  number (value) {
    this.room(4)
    this.at = this.buffer.writeUInt32LE(value, this.at)
  }

  string (value) {
    const bytes = Buffer.byteLength(value)
    this.number(bytes)
    this.room(bytes)
    this.at += this.buffer.write(value, this.at)
  }

  units (value) {
    this.number(value.length)
    this.room(2 * value.length)
    this.at += this.buffer.write(value, this.at, 'utf16le')
  }

  delta ({ ops }) {
    this.number(ops.length)
    for (const op of ops) this.operation(op)
  }

  operation (op) {
    if (op.delete !== undefined) {
      this.number(kinds.delete)
      this.number(op.delete)
    } else if (op.retain !== undefined) {
      this.number(kinds.retain)
      this.number(op.retain)
    } else if (typeof op.insert === 'string') {
      this.number(kinds.insert)
      this.units(op.insert)
    } else {
      this.number(kinds.embed)
      this.string(canonical(op.insert))
    }
    const attributes = Object.entries(op.attributes ?? {})
    this.number(attributes.length)
    for (const [key, value] of attributes) {
      this.string(key)
      this.string(canonical(value))
    }
  }
}
