import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as awarenessProtocol from 'y-protocols/awareness';
import * as authProtocol from 'y-protocols/auth';
import * as syncProtocol from 'y-protocols/sync';
import * as Y from 'yjs';
import { Store } from '../lib/store';
import { Backoff, readCloseReason } from './backoff';

/**
 * One document's live session with the hub, over y-protocols in a WebSocket.
 *
 * Messages are a varuint type and its payload: 0 sync, 1 awareness, 2 auth, 3 query-awareness and, because the URL
 * asks for it with ?ack=1, 8 `saved`: a varuint n, saying that the first n sync messages of kind step 2 or update
 * which the hub got on this connection are durable. `?access=1` asks for 9 `access`: what this session may do from now on.
 *
 * What "saved" rests on. Every local change gets a sequence number. Every counted message that leaves notes the number
 * of the newest change that is in it or in one before it; `saved n` makes the note of message n the newest durable
 * change. Local changes are sent only after the hub's step 1 has been answered: that answer holds everything the hub
 * lacks, so also what was typed while there was no connection. A hub that must not be written to sends no step 1, and
 * then nothing counted ever leaves.
 */

const enum Message { Sync = 0, Awareness = 1, Auth = 2, QueryAwareness = 3, Saved = 8, Access = 9 }

export type Phase =
  /** The first attempt is under way. */
  | 'connecting'
  /** Connected, and the document has everything the hub had. */
  | 'online'
  /** Not connected; the next attempt is scheduled or under way. */
  | 'offline'
  /** Given up, see `stopped`. */
  | 'stopped';

export type StopReason =
  | 'signed_out' | 'forbidden' | 'not_found'
  /** The hub refused an unsaved change again and again: too large, or malformed. */
  | 'refused'
  | 'closed';

export interface SyncState {
  readonly phase: Phase;
  /** The document has been in step with the hub at least once. */
  readonly synced: boolean;
  /** There are local changes which the hub has not acknowledged as durable. */
  readonly unsaved: boolean;
  readonly stopped: StopReason | null;
  /** What the hub said when it closed the connection or refused a change. */
  readonly detail: string;
}

/** The part of the browser's WebSocket that is used; `ws` in Node has it too. */
export interface Socket {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
}

export interface SyncOptions {
  url: string;
  doc: Y.Doc;
  awareness: awarenessProtocol.Awareness;
  /** A usable access token; `rejected` is one that the hub has refused. Rejects with `isSignedOut` when there is none. */
  token: (rejected?: string) => Promise<string>;
  isSignedOut: (error: unknown) => boolean;
  openSocket: (url: string) => Socket;
  /** What this session may do has changed. */
  onAccess?: () => void;
  random?: () => number;
  timing?: Partial<SyncTiming>;
}

export interface SyncTiming {
  retryMinMs: number;
  retryMaxMs: number;
  /** From opening the socket to being in step with the hub. */
  handshakeMs: number;
  /** Silence after which the hub is asked for a sign of life; shorter while an acknowledgement is awaited. */
  quietMs: number;
  quietUnsavedMs: number;
  /** How long it has to answer. */
  answerMs: number;
  awarenessMs: number;
  /** About how long to wait where the user has too many sessions open: only closing one helps. */
  crowdedMs: number;
}

const kTiming: SyncTiming = {
  retryMinMs: 300, retryMaxMs: 5_000, handshakeMs: 15_000, quietMs: 25_000, quietUnsavedMs: 8_000, answerMs: 8_000, awarenessMs: 50, crowdedMs: 15_000,
};
/** With more than this waiting in the socket, changes are merged instead of queued one by one. */
const kHighWaterBytes = 256 * 1024;
const kDrainPollMs = 50;
/** A hub that keeps closing over what we send is believed after this many times. */
const kMaxRefusals = 3;
const kOpen = 1;

export class SyncConnection {
  readonly state = new Store<SyncState>({ phase: 'connecting', synced: false, unsaved: false, stopped: null, detail: '' });

  private readonly timing: SyncTiming;
  private readonly random: () => number;
  private readonly backoff: Backoff;
  private socket: Socket | null = null;
  /** Grows with every attempt and at the end, so that what an older attempt still has under way finds out. */
  private attempt = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private handshakeTimer: ReturnType<typeof setTimeout> | undefined;
  private heartbeatTimer: ReturnType<typeof setTimeout> | undefined;
  private drainTimer: ReturnType<typeof setTimeout> | undefined;
  private awarenessTimer: ReturnType<typeof setTimeout> | undefined;

  private newestChange = 0;
  private durableChange = 0;
  /** For each counted message not yet acknowledged, the newest change it covers. */
  private notes: number[] = [];
  private acknowledged = 0;
  private answeredStepOne = false;
  private backlog: Uint8Array[] = [];

  private passive = false;
  private usedToken: string | undefined;
  private rejectedToken: string | undefined;
  private tokenRefusals = 0;
  private refusals = 0;
  private lastHeard = 0;
  private probedAt = 0;
  private detail = '';

  constructor(private readonly options: SyncOptions) {
    this.timing = { ...kTiming, ...options.timing };
    this.random = options.random ?? Math.random;
    this.backoff = new Backoff(this.timing.retryMinMs, this.timing.retryMaxMs, options.random);
    options.doc.on('update', this.onDocUpdate);
    options.awareness.on('update', this.onAwarenessUpdate);
  }

  /** Starts, or starts again after a stop. Does nothing while an attempt is under way or a connection exists. */
  connect(): void {
    if (this.socket || this.state.get().phase === 'online') return;
    clearTimeout(this.retryTimer);
    if (this.state.get().stopped) {
      this.refusals = 0;
      this.state.patch({ phase: 'offline', stopped: null });
    }
    void this.open();
  }

  /** Looks now whether the hub is there: to be called when the network or the page comes back. */
  nudge(): void {
    const { phase, stopped } = this.state.get();
    if (stopped) return;
    if (phase === 'online') this.probe();
    else if (!this.socket) this.connect();
  }

  /** Counts what the document holds already as changes made here that the hub may lack. */
  touch(): void {
    this.newestChange++;
    this.publish({});
  }

  /** Hands the hub a newer token for this session. */
  renew(token: string): void {
    this.usedToken = token;
    if (this.socket?.readyState === kOpen) this.socket.send(JSON.stringify({ type: 'auth', token }));
  }

  /** While nobody looks, news now and then and no presence will do. */
  watch(passive: boolean): void {
    if (passive === this.passive) return;
    this.passive = passive;
    if (this.socket?.readyState === kOpen) this.sendWatch(this.socket);
  }

  /** Ends the session; what is unsaved stays unsaved. */
  destroy(): void {
    this.options.doc.off('update', this.onDocUpdate);
    this.options.awareness.off('update', this.onAwarenessUpdate);
    const socket = this.socket;
    if (socket?.readyState === kOpen) {
      this.options.awareness.setLocalState(null);
      this.sendAwareness();
    }
    this.detach();
    socket?.close(1000);
    this.stop('closed');
  }

  // --- one attempt ---------------------------------------------------------------------------------------------

  private async open(): Promise<void> {
    const attempt = ++this.attempt;
    let token: string;
    try {
      token = await this.options.token(this.rejectedToken);
    } catch (error) {
      if (attempt !== this.attempt) return;
      if (this.options.isSignedOut(error)) this.stop('signed_out');
      else this.retryLater();
      return;
    }
    if (attempt !== this.attempt) return;
    this.usedToken = token;

    let socket: Socket;
    try {
      socket = this.options.openSocket(this.options.url);
    } catch {
      this.retryLater();
      return;
    }
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    this.detail = '';
    this.notes = [];
    this.backlog = [];
    this.acknowledged = 0;
    this.answeredStepOne = false;
    this.handshakeTimer = setTimeout(() => this.lost(), this.timing.handshakeMs);

    socket.onopen = () => this.greet(socket);
    socket.onmessage = (event) => this.received(socket, event.data);
    socket.onerror = () => {};
    socket.onclose = (event) => this.closed(event.code, event.reason);
  }

  private greet(socket: Socket): void {
    this.heard();
    socket.send(JSON.stringify({ type: 'auth', token: this.usedToken }));
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, Message.Sync);
    syncProtocol.writeSyncStep1(encoder, this.options.doc);
    socket.send(encoding.toUint8Array(encoder));
    if (this.passive) this.sendWatch(socket);
    this.showPresence();
  }

  private sendWatch(socket: Socket): void {
    socket.send(JSON.stringify({ type: 'watch', passive: this.passive }));
  }

  private received(socket: Socket, data: unknown): void {
    this.heard();
    if (!(data instanceof ArrayBuffer)) return;
    try {
      const decoder = decoding.createDecoder(new Uint8Array(data));
      switch (decoding.readVarUint(decoder)) {
        case Message.Sync:
          this.receivedSync(socket, decoder);
          break;
        case Message.Awareness:
          awarenessProtocol.applyAwarenessUpdate(this.options.awareness, decoding.readVarUint8Array(decoder), this);
          break;
        case Message.Auth:
          authProtocol.readAuthMessage(decoder, this.options.doc, (_doc, reason) => (this.detail = reason));
          break;
        case Message.QueryAwareness:
          this.sendAwareness();
          break;
        case Message.Access:
          this.options.onAccess?.();
          break;
        case Message.Saved:
          this.receivedSaved(decoding.readVarUint(decoder));
          break;
      }
    } catch (error) {
      // Not something to go on with: what follows could build on what was not understood.
      console.error('A message from the hub could not be read', error);
      this.lost();
    }
  }

  private receivedSync(socket: Socket, decoder: decoding.Decoder): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, Message.Sync);
    const failures: Error[] = [];
    const kind = syncProtocol.readSyncMessage(decoder, encoder, this.options.doc, this, (error) => failures.push(error));
    if (failures[0]) throw failures[0];
    if (kind === syncProtocol.messageYjsSyncStep1) {
      this.sendCounted(socket, encoding.toUint8Array(encoder));
      this.answeredStepOne = true;
    } else if (kind === syncProtocol.messageYjsSyncStep2 && this.state.get().phase !== 'online') {
      this.nowOnline();
    }
  }

  private nowOnline(): void {
    clearTimeout(this.handshakeTimer);
    this.backoff.reset();
    this.rejectedToken = undefined;
    this.tokenRefusals = 0;
    this.scheduleHeartbeat();
    this.publish({ phase: 'online', synced: true, stopped: null, detail: '' });
  }

  private receivedSaved(count: number): void {
    if (count <= this.acknowledged) return;
    if (count > this.acknowledged + this.notes.length) {
      throw new Error(`saved ${count}, but only ${this.acknowledged + this.notes.length} were sent`);
    }
    const covered = this.notes[count - this.acknowledged - 1] as number;
    this.notes.splice(0, count - this.acknowledged);
    this.acknowledged = count;
    if (covered > this.durableChange) {
      this.durableChange = covered;
      this.refusals = 0;
    }
    this.publish({});
  }

  // --- sending -------------------------------------------------------------------------------------------------

  private readonly onDocUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === this) return;
    this.newestChange++;
    this.publish({});
    const socket = this.socket;
    if (!socket || socket.readyState !== kOpen || !this.answeredStepOne) return;
    if (this.backlog.length > 0 || socket.bufferedAmount > kHighWaterBytes) {
      this.backlog.push(update);
      this.drainTimer ??= setTimeout(this.drain, kDrainPollMs);
      return;
    }
    this.sendUpdate(socket, update);
  };

  private readonly drain = (): void => {
    this.drainTimer = undefined;
    const socket = this.socket;
    if (!socket || socket.readyState !== kOpen || this.backlog.length === 0) return;
    if (socket.bufferedAmount > kHighWaterBytes) {
      this.drainTimer = setTimeout(this.drain, kDrainPollMs);
      return;
    }
    const merged = Y.mergeUpdates(this.backlog);
    this.backlog = [];
    this.sendUpdate(socket, merged);
  };

  private sendUpdate(socket: Socket, update: Uint8Array): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, Message.Sync);
    syncProtocol.writeUpdate(encoder, update);
    this.sendCounted(socket, encoding.toUint8Array(encoder));
  }

  private sendCounted(socket: Socket, message: Uint8Array): void {
    this.notes.push(this.newestChange);
    socket.send(message);
  }

  private readonly onAwarenessUpdate = (
    changes: { added: number[]; updated: number[]; removed: number[] }, origin: unknown,
  ): void => {
    if (origin === this) return;
    const own = this.options.awareness.clientID;
    if (![...changes.added, ...changes.updated, ...changes.removed].includes(own)) return;
    this.awarenessTimer ??= setTimeout(() => this.sendAwareness(), this.timing.awarenessMs);
  };

  /** Sends this client's presence under a newer clock: the hub and the others may hold that it has left. */
  private showPresence(): void {
    const local = this.options.awareness.getLocalState();
    if (local === null) return;
    this.options.awareness.setLocalState(local);
    this.sendAwareness();
  }

  private sendAwareness(): void {
    clearTimeout(this.awarenessTimer);
    this.awarenessTimer = undefined;
    const socket = this.socket;
    const { awareness } = this.options;
    if (socket?.readyState !== kOpen || !awareness.meta.has(awareness.clientID)) return;
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, Message.Awareness);
    encoding.writeVarUint8Array(encoder, awarenessProtocol.encodeAwarenessUpdate(awareness, [awareness.clientID]));
    socket.send(encoding.toUint8Array(encoder));
  }

  // --- is it still there? --------------------------------------------------------------------------------------

  private heard(): void {
    this.lastHeard = Date.now();
    this.probedAt = 0;
  }

  private scheduleHeartbeat(): void {
    clearTimeout(this.heartbeatTimer);
    const pause = Math.min(this.timing.quietUnsavedMs, this.timing.answerMs) / 4;
    this.heartbeatTimer = setTimeout(() => this.heartbeat(), pause);
  }

  private heartbeat(): void {
    if (!this.socket) return;
    const now = Date.now();
    const quiet = this.state.get().unsaved ? this.timing.quietUnsavedMs : this.timing.quietMs;
    if (this.probedAt > 0) {
      if (now - this.probedAt > this.timing.answerMs) return this.lost();
    } else if (now - this.lastHeard > quiet) {
      this.probe();
    }
    this.scheduleHeartbeat();
  }

  /** Shows this client's presence again and asks who is here: the answer names at least this client. */
  private probe(): void {
    const socket = this.socket;
    if (socket?.readyState !== kOpen || this.probedAt > 0) return;
    this.probedAt = Date.now();
    this.showPresence();
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, Message.QueryAwareness);
    socket.send(encoding.toUint8Array(encoder));
  }

  // --- the end of an attempt -----------------------------------------------------------------------------------

  /** The connection is of no more use, whatever the socket thinks. */
  private lost(): void {
    const socket = this.socket;
    this.detach();
    socket?.close();
    this.retryLater();
  }

  private closed(code: number, reason: string): void {
    const { said, reconnectMs } = readCloseReason(reason);
    if (said) this.detail = said;
    this.detach();
    switch (code) {
      case 4401:
        this.rejectedToken = this.usedToken;
        // The first time there is every reason to think that a fresh token helps.
        return this.retryLater(this.tokenRefusals++ === 0 ? 0 : undefined);
      case 4403:
        return this.stop('forbidden');
      case 4404:
        return this.stop('not_found');
      case 1007:
      case 1009:
        if (this.state.get().unsaved && ++this.refusals >= kMaxRefusals) return this.stop('refused');
        return this.retryLater();
      case 4429:
        return this.retryLater(this.timing.crowdedMs * (0.5 + this.random()));
      default:
        return this.retryLater(reconnectMs);
    }
  }

  private detach(): void {
    this.attempt++;
    clearTimeout(this.handshakeTimer);
    clearTimeout(this.heartbeatTimer);
    clearTimeout(this.drainTimer);
    clearTimeout(this.awarenessTimer);
    this.drainTimer = this.awarenessTimer = undefined;
    const socket = this.socket;
    this.socket = null;
    this.answeredStepOne = false;
    this.backlog = [];
    this.probedAt = 0;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.onerror = () => {};
    }
    const { awareness } = this.options;
    const others = [...awareness.getStates().keys()].filter((id) => id !== awareness.clientID);
    awarenessProtocol.removeAwarenessStates(awareness, others, this);
  }

  private retryLater(delayMs?: number): void {
    this.publish({ phase: 'offline', detail: this.detail });
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => void this.open(), delayMs ?? this.backoff.next());
  }

  private stop(reason: StopReason): void {
    clearTimeout(this.retryTimer);
    this.attempt++;
    this.publish({ phase: 'stopped', stopped: reason, detail: this.detail });
  }

  private publish(part: Partial<SyncState>): void {
    this.state.patch({ ...part, unsaved: this.durableChange < this.newestChange });
  }
}
