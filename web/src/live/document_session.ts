import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { mayComment, type AccessLevel } from '../lib/documents';
import { colourOf } from '../lib/person';
import { SignedOut, type Session, type User } from '../lib/session';
import { Store } from '../lib/store';
import { kContent } from './content';
import { Keeper, type Kept } from './keeper';
import type { Outbox } from './outbox';
import { SyncConnection, type Socket, type StopReason } from './sync_connection';

/** What a person is told about their changes. */
export type SaveState =
  /** The document is being fetched for the first time. */
  | 'connecting'
  /** Every change made here is durable on the hub. */
  | 'saved'
  /** Connected; some change made here is not acknowledged yet. */
  | 'saving'
  /** Not connected. */
  | 'offline';

export interface Person {
  id: string;
  name: string;
  colour: string;
  self: boolean;
  typing: boolean;
}

export interface LiveState {
  readonly save: SaveState;
  readonly unsaved: boolean;
  readonly kept: Kept;
  /** The content is here: it may be shown and edited. */
  readonly ready: boolean;
  readonly stopped: StopReason | null;
  readonly detail: string;
}

export interface DocumentSessionOptions {
  documentId: string;
  user: User;
  session: Session;
  outbox: Outbox | null;
  level: AccessLevel;
  /** Headless sessions deliver kept changes and are nobody's presence. */
  present: boolean;
  openSocket?: (url: string) => Socket;
}

export function syncUrl(documentId: string, origin: { protocol: string; host: string } = location): string {
  const scheme = origin.protocol === 'https:' ? 'wss:' : 'ws:';
  return `${scheme}//${origin.host}/documents/${encodeURIComponent(documentId)}/sync?ack=1&access=1`;
}

const kHexColour = /^#[0-9a-f]{6}$/i;
const kMaxName = 80;
/** Who has not typed for this long is shown as typing no more. */
const kTypingMs = 3_000;

/** Everything live about one open document: its content, who is here, the connection and the outbox. */
export class DocumentSession {
  readonly doc = new Y.Doc();
  readonly awareness = new Awareness(this.doc);
  readonly content = this.doc.getText(kContent);
  readonly state = new Store<LiveState>({
    save: 'connecting', unsaved: false, kept: 'kept', ready: false, stopped: null, detail: '',
  });
  readonly people = new Store<readonly Person[]>([]);
  /** Changes when somebody else here says that the document was renamed. */
  readonly renamed = new Store<number>(0);
  /** Changes when the hub says that this person may do something else. */
  readonly access = new Store<number>(0);

  private readonly connection: SyncConnection;
  private readonly keeper: Keeper;
  private readonly releases: (() => void)[] = [];

  constructor(private readonly options: DocumentSessionOptions) {
    const { documentId, user, session } = options;
    if (options.present) {
      this.awareness.setLocalStateField('user', { id: user.id, name: user.name || user.email, color: colourOf(user.id) });
    } else {
      // Not nothing: who has no presence at all cannot ask the hub for a sign of life.
      this.awareness.setLocalState({});
    }
    this.connection = new SyncConnection({
      url: syncUrl(documentId),
      doc: this.doc,
      awareness: this.awareness,
      token: (rejected) => session.token(rejected),
      isSignedOut: (error) => error instanceof SignedOut,
      onAccess: () => this.access.set(this.access.get() + 1),
      openSocket: options.openSocket ?? ((url) => new WebSocket(url) as unknown as Socket),
    });
    this.keeper = new Keeper(options.outbox, documentId, this.doc, (origin) => origin === this.connection);
    this.releases.push(
      session.onToken((token) => this.connection.renew(token)),
      this.connection.state.subscribe(this.update),
      this.keeper.state.subscribe(this.update),
    );
    this.awareness.on('change', this.updatePeople);
    this.updatePeople();
  }

  /** Restores kept changes, then connects. */
  async start(): Promise<void> {
    if (mayComment(this.options.level)) {
      try {
        // Restored changes may wait for others that only the hub has, and then do not show as changes of the document.
        if ((await this.keeper.restore(this.options.level)) > 0) this.connection.touch();
      } catch (error) {
        console.error('Kept changes could not be read', error);
      }
    }
    if (!this.destroyed) this.connection.connect();
  }

  /** The network or the page came back. */
  nudge(): void {
    this.connection.nudge();
  }

  /** Whether somebody looks at the page. */
  watch(passive: boolean): void {
    this.connection.watch(passive);
  }

  /** After a stop: try again. */
  retry(): void {
    this.connection.connect();
  }

  /** The page may be about to go: put unsent changes where they survive. */
  flush(): void {
    this.keeper.flush();
  }

  /** Tells the others to look at the document's name again. */
  announceRename(): void {
    this.awareness.setLocalStateField('renamed', Date.now());
  }

  /** A key was pressed: the others are told that this person types. */
  typed(): void {
    clearTimeout(this.typingTimer);
    this.typingTimer = setTimeout(() => this.awareness.setLocalStateField('typing', null), kTypingMs);
    if (this.awareness.getLocalState()?.['typing'] !== true) this.awareness.setLocalStateField('typing', true);
  }

  destroy(): void {
    this.destroyed = true;
    clearTimeout(this.typingTimer);
    for (const release of this.releases) release();
    this.awareness.off('change', this.updatePeople);
    this.connection.destroy();
    this.keeper.destroy();
    this.awareness.destroy();
    this.doc.destroy();
  }

  /** Resolves when what the outbox was asked for has been done. */
  settled(): Promise<void> {
    return this.keeper.settled();
  }

  private destroyed = false;
  private typingTimer: ReturnType<typeof setTimeout> | undefined;

  private readonly update = (): void => {
    const sync = this.connection.state.get();
    const wasUnsaved = this.state.get().unsaved;
    if (sync.phase !== 'online' && sync.unsaved) this.keeper.flush();
    const save: SaveState =
      sync.phase === 'online' ? (sync.unsaved ? 'saving' : 'saved') : sync.phase === 'connecting' ? 'connecting' : 'offline';
    this.state.patch({
      save,
      unsaved: sync.unsaved,
      kept: this.keeper.state.get(),
      ready: sync.synced,
      stopped: sync.stopped,
      detail: sync.detail,
    });
    if (wasUnsaved && !sync.unsaved) this.keeper.saved();
  };

  private readonly updatePeople = (): void => {
    const found = new Map<string, Person>();
    for (const [clientId, state] of this.awareness.getStates()) {
      const { user, renamed, typing } = state as { user?: { id?: unknown; name?: unknown; color?: unknown }; renamed?: unknown; typing?: unknown };
      const self = clientId === this.awareness.clientID;
      if (!self && typeof renamed === 'number') this.renamed.set(Math.max(renamed, this.renamed.get()));
      if (!user && !self) continue;
      const id = typeof user?.id === 'string' ? user.id : `client-${clientId}`;
      const name = typeof user?.name === 'string' && user.name.trim() ? user.name.trim().slice(0, kMaxName) : 'Guest';
      const colour = typeof user?.color === 'string' && kHexColour.test(user.color) ? user.color : colourOf(id);
      // One person may have it open twice.
      const types = typing === true || found.get(id)?.typing === true;
      if (!found.has(id) || self) found.set(id, { id, name, colour, self, typing: types });
      else (found.get(id) as Person).typing = types;
    }
    const people = [...found.values()].sort((a, b) => Number(b.self) - Number(a.self) || a.name.localeCompare(b.name));
    if (JSON.stringify(people) !== JSON.stringify(this.people.get())) this.people.set(people);
  };
}
