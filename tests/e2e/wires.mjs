// Wires between a node and what it talks to, which a test can cut: nothing passes then, and nobody is told.
import { connect, createServer } from 'node:net'

/** Listens on a port of its own and passes on to another, both ways. */
export class Wire {
  static async to(port) {
    const wire = new Wire()
    wire.pairs = new Set()
    wire.isCut = false
    wire.server = createServer((from) => wire.pass(from, connect(port, '127.0.0.1')))
    await new Promise((resolve) => wire.server.listen(0, '127.0.0.1', resolve))
    wire.port = wire.server.address().port
    return wire
  }

  pass(from, to) {
    const pair = [from, to]
    this.pairs.add(pair)
    const end = () => {
      if (this.isCut) return // as without a network: the other side hears nothing of it
      from.destroy()
      to.destroy()
      this.pairs.delete(pair)
    }
    for (const [one, other] of [pair, [to, from]]) {
      one.on('error', () => {}).once('close', end)
      one.on('data', (bytes) => {
        if (this.isCut) return // lost; the connection is of no use any more, and ends when the wire is whole
        if (!other.write(bytes)) one.pause()
      })
      other.on('drain', () => one.resume())
    }
  }

  cut() { this.isCut = true }

  /** Whole again, for new connections: what was sent on the old ones is lost. */
  heal() {
    this.isCut = false
    for (const pair of this.pairs) for (const socket of pair) socket.destroy()
    this.pairs.clear()
  }

  close() {
    this.heal()
    this.server.close()
  }
}
