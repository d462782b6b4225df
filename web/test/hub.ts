import type { AddressInfo } from 'node:net';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebSocket, WebSocketServer } from 'ws';
import * as awarenessProtocol from 'y-protocols/awareness';
import * as syncProtocol from 'y-protocols/sync';
import * as Y from 'yjs';
import type { Socket } from '../src/live/sync_connection';

interface Connection {
  socket: WebSocket;
  token: string | null;
  counted: number;
  acknowledged: number;
  clients: Set<number>;
  texts: string[];
}

/**
 * The hub's side of a live session for the tests: a real WebSocket server with y-protocols, one document, and knobs for
 * what the tests need to see: when it acknowledges, whom it lets in, when it falls silent and when it goes away.
 */
export class TestHub {
  doc = new Y.Doc();
  awareness = new awarenessProtocol.Awareness(this.doc);
  /** Tokens that are let in. */
  tokens = new Set(['good']);
  writable = true;
  /** Off: nothing is acknowledged until `acknowledge` is called. */
  acknowledges = true;
  /** On: whatever comes is read and nothing is answered any more. */
  silent = false;
  /** Closes with this code as soon as somebody has proved who they are. */
  turnAway: number | null = null;
  /** What it says then. */
  turnAwayReason = '';
  /** Closes with this code at the next change that comes in. */
  refuseChange: number | null = null;
  connections: Connection[] = [];
  accepted = 0;
  private server: WebSocketServer | null = null;
  private port = 0;

  constructor() {
    this.awareness.setLocalState(null);
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      for (const connection of this.connections) if (connection !== origin) this.send(connection, 0, (e) => syncProtocol.writeUpdate(e, update));
    });
    this.awareness.on('update', ({ added, updated, removed }: Record<string, number[]>) => {
      const changed = [...(added ?? []), ...(updated ?? []), ...(removed ?? [])];
      for (const connection of this.connections) this.sendAwareness(connection, changed);
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/documents/doc_1/sync?ack=1`;
  }

  get text(): string {
    return this.doc.getText('content').toString();
  }

  /** Listens, on the same port as before if there was one. */
  async start(): Promise<void> {
    const server = (this.server = new WebSocketServer({ host: '127.0.0.1', port: this.port }));
    server.on('connection', (socket) => this.accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('listening', resolve);
      server.once('error', reject);
    });
    this.port = (server.address() as AddressInfo).port;
  }

  /** Goes away without a word, as a killed process does. The document stays as it was. */
  async kill(): Promise<void> {
    const server = this.server;
    this.server = null;
    for (const client of server?.clients ?? []) client.terminate();
    this.connections = [];
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    awarenessProtocol.removeAwarenessStates(this.awareness, [...this.awareness.getStates().keys()], null);
  }

  acknowledge(connection = this.connections[0], count = connection?.counted ?? 0): void {
    if (!connection) throw new Error('nobody is connected');
    connection.acknowledged = count;
    this.send(connection, 8, (e) => encoding.writeVarUint(e, count));
  }

  sendRaw(bytes: Uint8Array): void {
    for (const connection of this.connections) connection.socket.send(bytes);
  }

  close(code: number): void {
    for (const connection of [...this.connections]) connection.socket.close(code);
  }

  private accept(socket: WebSocket): void {
    this.accepted++;
    socket.binaryType = 'arraybuffer';
    const connection: Connection = { socket, token: null, counted: 0, acknowledged: 0, clients: new Set(), texts: [] };
    socket.on('message', (data, isBinary) => {
      if (isBinary) this.receive(connection, new Uint8Array(data as ArrayBuffer));
      else this.receiveText(connection, Buffer.from(data as ArrayBuffer).toString());
    });
    socket.on('close', () => {
      this.connections = this.connections.filter((other) => other !== connection);
      awarenessProtocol.removeAwarenessStates(this.awareness, [...connection.clients], null);
    });
  }

  private receiveText(connection: Connection, text: string): void {
    connection.texts.push(text);
    const { type, token } = JSON.parse(text) as { type: string; token: string };
    if (type === 'watch') return;
    if (!this.tokens.has(token)) return connection.socket.close(4401);
    const first = connection.token === null;
    connection.token = token;
    if (!first) return;
    if (this.turnAway !== null) return connection.socket.close(this.turnAway, this.turnAwayReason);
    this.connections.push(connection);
    if (this.writable) this.send(connection, 0, (e) => syncProtocol.writeSyncStep1(e, this.doc));
    this.sendAwareness(connection, [...this.awareness.getStates().keys()]);
  }

  private receive(connection: Connection, message: Uint8Array): void {
    if (connection.token === null) return connection.socket.close(4401);
    const decoder = decoding.createDecoder(message);
    const type = decoding.readVarUint(decoder);
    if (this.silent) return;
    if (type === 0) this.receiveSync(connection, decoder);
    if (type === 1) {
      const update = decoding.readVarUint8Array(decoder);
      const inner = decoding.createDecoder(update);
      for (let left = decoding.readVarUint(inner); left > 0; left--) {
        connection.clients.add(decoding.readVarUint(inner));
        decoding.readVarUint(inner);
        decoding.readVarString(inner);
      }
      awarenessProtocol.applyAwarenessUpdate(this.awareness, update, connection);
    }
    if (type === 3) this.sendAwareness(connection, [...this.awareness.getStates().keys()]);
  }

  private receiveSync(connection: Connection, decoder: decoding.Decoder): void {
    const isStep1 = decoding.peekVarUint(decoder) === syncProtocol.messageYjsSyncStep1;
    if (!isStep1 && (!this.writable || this.refuseChange !== null)) {
      return connection.socket.close(this.writable ? (this.refuseChange ?? 1011) : 4403, 'not taken');
    }
    const reply = encoding.createEncoder();
    encoding.writeVarUint(reply, 0);
    syncProtocol.readSyncMessage(decoder, reply, this.doc, connection);
    if (isStep1) return connection.socket.send(encoding.toUint8Array(reply));
    connection.counted++;
    if (this.acknowledges) this.acknowledge(connection);
  }

  private sendAwareness(connection: Connection, clients: number[]): void {
    this.send(connection, 1, (e) =>
      encoding.writeVarUint8Array(e, awarenessProtocol.encodeAwarenessUpdate(this.awareness, clients)));
  }

  private send(connection: Connection, type: number, write: (encoder: encoding.Encoder) => void): void {
    if (this.silent || connection.socket.readyState !== WebSocket.OPEN) return;
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, type);
    write(encoder);
    connection.socket.send(encoding.toUint8Array(encoder));
  }
}

export const openNodeSocket = (url: string): Socket => new WebSocket(url) as unknown as Socket;

/** Waits until something is so, or fails with what it was waiting for. */
export async function until(what: string, test: () => boolean, timeoutMs = 5_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!test()) {
    if (Date.now() > deadline) throw new Error(`timed out waiting: ${what}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
