// A program outside that hears a hub's events: kafkajs, in a group of its own, from the beginning on. What it hears is held against
// the schema of docs/protocols/events.md, doubles are dropped as the page says, and every key has its numbers without a gap.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import Ajv from 'ajv/dist/2020.js'
import kafkajs from 'kafkajs'
import { until } from './hub.mjs'

export const TOPICS = ['document-events', 'collaboration-events', 'user-events']

const schema = JSON.parse(await readFile(new URL('../../docs/protocols/events.schema.json', import.meta.url), 'utf8'))
const fits = new Ajv({ allErrors: true, strict: false, validateFormats: false }).compile(schema)

export class Listener {
  static async start(brokers, prefix = '') {
    const listener = new Listener()
    listener.messages = []   // all, doubles too
    listener.events = []     // each once, in the order of its key
    listener.last = new Map()
    listener.wrong = []
    listener.partitions = new Map()
    const client = new kafkajs.Kafka({ clientId: 'listener', brokers: brokers.split(','), logLevel: kafkajs.logLevel.NOTHING, retry: { initialRetryTime: 100, retries: 50, maxRetryTime: 2000 } })
    const topics = TOPICS.map((topic) => prefix + topic)
    const admin = client.admin()
    await admin.connect()
    await until('the topics are there', async () => {
      const there = await admin.listTopics()
      return topics.every((topic) => there.includes(topic))
    }, 120_000)
    await admin.disconnect()
    listener.consumer = client.consumer({ groupId: `listener-${process.pid}-${Date.now()}`, sessionTimeout: 20_000, maxWaitTimeInMs: 200 })
    await listener.consumer.connect()
    await listener.consumer.subscribe({ topics, fromBeginning: true })
    await listener.consumer.run({ eachMessage: async ({ topic, partition, message }) => listener.hear(topic.slice(prefix.length), partition, String(message.key), String(message.value)) })
    return listener
  }

  hear(topic, partition, key, text) {
    this.messages.push(text)
    const event = JSON.parse(text)
    if (!fits(event)) this.wrong.push(`${text}: ${JSON.stringify(fits.errors.filter(({ keyword }) => keyword !== 'oneOf').slice(0, 5))}`)
    if (event.topic !== topic || event.key !== key) this.wrong.push(`${text} came in ${topic} under ${key}`)
    const place = `${topic} ${key}`
    if ((this.partitions.get(place) ?? partition) !== partition) this.wrong.push(`${place} is in two partitions`)
    this.partitions.set(place, partition)
    const { sequence, id } = this.last.get(place) ?? { sequence: 0, id: new Map() }
    if (event.sequence <= sequence) {
      if (id.get(event.sequence) !== event.id) this.wrong.push(`${text} is a double of ${id.get(event.sequence)}`)
      return
    }
    if (event.sequence !== sequence + 1) this.wrong.push(`${place} goes from ${sequence} to ${event.sequence}`)
    this.last.set(place, { sequence: event.sequence, id: id.set(event.sequence, event.id) })
    this.events.push(event)
  }

  /** Those of a key, or of a type, or both. */
  of({ key, type }) {
    return this.events.filter((event) => (!key || event.key === key) && (!type || event.type === type))
  }

  async heard(which, pick = () => true, ms = 60_000) {
    return until(`an event of ${JSON.stringify(which)}`, () => this.of(which).find(pick), ms)
  }

  /** Nothing that came was against the page. */
  check() { assert.deepEqual(this.wrong, []) }

  /** While the broker is there; else it waits for it. */
  async stop() { await this.consumer.disconnect() }
}
