// People who type into shared documents while the hub is treated badly, and what must hold afterwards: every acknowledged
// operation is there, none is torn or doubled, and in the end all clients agree with the hub.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from './hub.mjs'
import { Client } from './client.mjs'

/** mulberry32 */
export function random(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const token = (name, n) => `<${name}.${n}>`

export class Typists {
  /** Three people in each of two documents, each at the next of `nodes`. `next` is a source of numbers in [0, 1),
   *  `suffix` what tells their names from those of others. */
  static async join(hub, next, nodes = [hub], suffix = '') {
    const typists = new Typists()
    Object.assign(typists, { hub, next, people: [], documents: [], writers: [] })
    for (const name of ['Ann', 'Ben', 'Cem']) typists.people.push(await hub.register(name + suffix))
    for (let i = 0; i < 2; i++) {
      const document = await hub.createDocument(typists.people[0], { name: `typed ${i}`, content: '' })
      for (const person of typists.people.slice(1)) await hub.share(typists.people[0], document, person, 'write')
      typists.documents.push(document)
    }
    typists.writers = typists.documents.flatMap((document) =>
      typists.people.map((person, i) => ({ document, name: person.name, client: typists.client(nodes[i % nodes.length], document, person) })))
    await typists.synced()
    return typists
  }

  /** Signs in again where its token has expired, as apps do: by the clock of a node that is not right. */
  client(hub, document, person) {
    const client = new Client(hub, document, person)
    client.onExpired = async () => {
      while (!this.closed) {
        const again = await hub.logIn(person).catch(() => undefined)
        if (again) {
          client.provider.params.token = again.token
          return client.provider.connect()
        }
        await sleep(200)
      }
    }
    return client
  }

  synced() { return Promise.all(this.writers.map(({ client }) => client.synced())) }
  disconnect() { for (const { client } of this.writers) client.provider.disconnect() }
  connect() { for (const { client } of this.writers) client.provider.connect() }
  close() {
    this.closed = true
    for (const { client } of this.writers) client.close()
  }
  count(pick) { return this.writers.reduce((sum, { client }) => sum + pick(client), 0) }
  get made() { return this.count((client) => client.made) }
  get acknowledged() { return this.count((client) => client.acknowledged.size) }

  /** The document as the hub reads it, once it can: while an engine comes back it asks to be asked again. */
  read(document) {
    const unlessUnavailable = (error) => { if (!error.message.includes('answered 503')) throw error }
    return until('the hub reads', () => this.hub.read(this.people[0], document).catch(unlessUnavailable), 30_000)
  }

  /** Everyone types for so long, with a pause after each round. */
  async type(ms, pause = 2) {
    const end = Date.now() + ms
    while (Date.now() < end) {
      for (const { client, name } of this.writers) {
        if (this.next() < 0.5) continue
        const text = client.text.toString()
        const starts = [...text.matchAll(/</g)].slice(-50).map((match) => match.index)
        const at = starts.length === 0 || this.next() < 0.3 ? text.length : starts[Math.floor(this.next() * starts.length)]
        client.change((content) => content.insert(at, token(name, client.made - 1)))
      }
      await sleep(pause)
    }
  }

  /** Holds what the hub says against what it had acknowledged before the call. */
  async check(round) {
    const acknowledged = this.writers.map(({ client }) => [...client.acknowledged])
    for (const document of this.documents) {
      const { content } = await this.read(document)
      const seen = content.match(/<[^<>]*>/g) ?? []
      assert.equal(seen.join(''), content, `round ${round}: torn operations`)
      assert.equal(new Set(seen).size, seen.length, `round ${round}: doubled operations`)
      const present = new Set(seen)
      this.writers.forEach((writer, i) => {
        if (writer.document !== document) return
        for (const n of acknowledged[i]) {
          assert.ok(present.has(token(writer.name, n)), `round ${round}: ${token(writer.name, n)} was acknowledged and is lost`)
        }
      })
    }
  }

  /** Kills the hub's processes while they type, so many times; `ready` waits for more than that it answers. */
  async crash(hub, rounds, ready = async () => {}) {
    for (let round = 0; round < rounds; round++) {
      await this.type(300)
      await hub.crash()
      this.disconnect()
      await hub.spawn()
      await ready()
      await this.check(`hub ${round}`)
      this.connect()
      await this.synced()
    }
    await this.agree()
  }

  /** Who has what of a document, for people. */
  state(document) {
    return this.writers.filter((one) => one.document === document).map(({ name, client }) => {
      const seen = (client.text.toString().match(/</g) ?? []).length
      const closes = client.closes.slice(-3).map(({ code, reason }) => `${code} ${reason}`).join(', ') || 'never'
      return `${name}: ${client.acknowledged.size} of ${client.made} acknowledged, sees ${seen}, ${client.provider.synced ? 'synced' : 'not synced'}, closed ${closes}`
    }).join('; ')
  }

  /** Until everything that anyone typed is with the hub and with everyone. */
  async agree() {
    for (const document of this.documents) {
      const clients = this.writers.filter((one) => one.document === document).map(({ client }) => client)
      const made = clients.reduce((sum, client) => sum + client.made, 0)
      await until('all operations everywhere', async () => {
        const { content } = await this.read(document)
        return (content.match(/</g) ?? []).length === made && clients.every((client) => client.text.toString() === content)
      }, 20_000).catch((error) => { throw new Error(`${error.message}; ${this.state(document)}`) })
    }
    await this.check('last')
  }
}
