// A real Yjs client: y-websocket's provider as it comes, of version 3 or 2, with a socket that notes what was sent and acknowledged.
import * as provider3 from 'y-websocket'
import * as provider2 from 'y-websocket-2'
import WebSocket from 'ws'
import * as Y from 'yjs'
import * as decoding from 'lib0/decoding'
import { until } from './hub.mjs'

const kSync = 0
const kAuth = 2
const kSaved = 8
const kAccess = 9

export class Client {
  constructor(hub, document, user, { ack = true, access = false, room, version = 3 } = {}) {
    this.doc = new Y.Doc()
    this.text = this.doc.getText('content')
    this.made = 0            // operations of ours so far
    this.acknowledged = new Set()
    this.onWire = []         // of this connection: per sync message of step 1 or 2, the operations it carries
    this.closes = []
    const client = this
    class NotingSocket extends WebSocket {
      constructor(...words) {
        super(...words)
        client.onWire = []
        this.on('close', (code, reason) => {
          client.closes.push({ code, reason: String(reason) })
          if (code === 4401) client.onExpired?.()
        })
      }
      send(data, ...rest) {
        client.noteSent(data)
        super.send(data, ...rest)
      }
    }
    const { WebsocketProvider } = version === 2 ? provider2 : provider3
    this.provider = new WebsocketProvider(room ? hub.ws : `${hub.ws}/documents`, room ?? `${document.id}/sync`, this.doc, {
      WebSocketPolyfill: NotingSocket,
      disableBc: true,
      params: { token: user.token, ...(ack ? { ack: '1' } : {}), ...(access ? { access: '1' } : {}) },
      maxBackoffTime: 200,
    })
    this.denied = []         // why, each time
    this.levels = []         // what the hub said that it may do
    this.provider.messageHandlers[kAuth] = (_encoder, decoder) => { decoding.readVarUint(decoder); this.denied.push(decoding.readVarString(decoder)) }
    this.provider.messageHandlers[kAccess] = (_encoder, decoder) => this.levels.push(decoding.readVarString(decoder))
    this.provider.messageHandlers[kSaved] = (_encoder, decoder) => this.noteSaved(decoding.readVarUint(decoder))
  }

  noteSent(data) {
    const decoder = decoding.createDecoder(new Uint8Array(data))
    if (decoding.readVarUint(decoder) !== kSync) return
    const step = decoding.readVarUint(decoder)
    if (step === 1) this.onWire.push(Array.from({ length: this.made }, (_, i) => i))  // all we ever made
    if (step === 2) this.onWire.push([this.made - 1])
  }

  noteSaved(count) {
    for (const operations of this.onWire.slice(0, count)) for (const n of operations) this.acknowledged.add(n)
  }

  /** One operation: one transaction of ours. */
  change(edit) {
    this.made += 1
    this.doc.transact(() => edit(this.text))
  }

  synced() { return until('synced', () => this.provider.synced) }
  close() { this.provider.destroy(); this.doc.destroy() }
}
