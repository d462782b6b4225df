// Real Hocuspocus clients: @hocuspocus/provider as it comes, over sockets that note how they were closed.
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import * as provider3 from 'hocuspocus-provider-3'
import WebSocket from 'ws'
import * as Y from 'yjs'
import * as encoding from 'lib0/encoding'
import { until } from './hub.mjs'

export const providers = { 4: { HocuspocusProvider, HocuspocusProviderWebsocket }, 3: provider3 }

/** One socket of a version's, for any number of documents. */
export class HocuspocusConnection {
  constructor(hub, { version = 4, ...more } = {}) {
    this.version = version
    this.closes = []
    this.received = []  // messages, whole
    const connection = this
    class NotingSocket extends WebSocket {
      constructor(...words) {
        super(...words)
        connection.ws = this
        this.on('close', (code, reason) => connection.closes.push({ code, reason: String(reason) }))
        this.on('message', (data) => connection.received.push(new Uint8Array(data)))
      }
    }
    this.socket = new providers[version].HocuspocusProviderWebsocket({
      url: `${hub.ws}/hocuspocus`, WebSocketPolyfill: NotingSocket, delay: 50, minDelay: 50, maxDelay: 300, ...more,
    })
    this.clients = []
  }

  /** A provider for the document on this socket. `token` may be a function. */
  open(document, token, more = {}) {
    const client = new HocuspocusClient(this, document, token, more)
    this.clients.push(client)
    return client
  }

  close() {
    for (const client of this.clients) client.provider.destroy()
    this.socket.destroy()
  }
}

export class HocuspocusClient {
  constructor(connection, document, token, more) {
    this.doc = new Y.Doc()
    this.text = this.doc.getText('content')
    this.denied = []
    this.scopes = []
    this.closes = []  // of the document
    this.stateless = []
    this.unsynced = []
    this.provider = new providers[connection.version].HocuspocusProvider({
      websocketProvider: connection.socket,
      name: document.id,
      document: this.doc,
      token,
      onAuthenticated: () => this.scopes.push(this.provider.authorizedScope),
      onAuthenticationFailed: ({ reason }) => this.denied.push(reason),
      onStateless: ({ payload }) => this.stateless.push(payload),
      onUnsyncedChanges: ({ number }) => this.unsynced.push(number ?? this.provider.unsyncedChanges),
      onClose: ({ event }) => this.closes.push(event.reason),
      ...more,
    })
    this.provider.attach()
  }

  synced() { return until('synced', () => this.provider.isSynced && this.provider.unsyncedChanges === 0) }
  change(edit) { this.doc.transact(() => edit(this.text)) }
  saved() { return until('saved', () => this.provider.unsyncedChanges === 0) }
}

/** A bare message: the document's key, then what `write` writes. */
export const message = (key, write) =>
  encoding.encode((e) => {
    encoding.writeVarString(e, key)
    write(e)
  })
