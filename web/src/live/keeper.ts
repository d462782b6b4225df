import * as Y from 'yjs';
import { moreOf, type AccessLevel, type Needs } from '../lib/documents';
import { Store } from '../lib/store';
import { needsOf } from './changes';
import { maySend, type Outbox } from './outbox';

export type Kept =
  /** Every unsaved change is in the outbox (or there is none). */
  | 'kept'
  /** Some are on their way into it. */
  | 'keeping'
  /** They cannot be kept: they live in this page only. */
  | 'unavailable';

/** A change that is acknowledged within this time never touches the disk. */
const kPatienceMs = 250;

/**
 * Puts a document's unsaved local changes into the outbox, and takes them out once they are durable on the hub.
 *
 * `origins` tells local changes from those that came from the hub: whatever is not from the hub counts.
 */
export class Keeper {
  readonly state = new Store<Kept>('kept');
  private pending: Uint8Array[] = [];
  /**
   * What sending a change takes: a change may build on any that was made here before it, and the hub takes nothing of
   * who may not write from a client that has edited the content.
   */
  private needs: Needs = 'comment';
  private keys: number[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Writes and removals happen one after another, in the order they were asked for. */
  private work: Promise<void> = Promise.resolve();

  constructor(
    private readonly outbox: Outbox | null,
    private readonly documentId: string,
    private readonly doc: Y.Doc,
    private readonly isRemote: (origin: unknown) => boolean,
  ) {
    doc.on('update', this.onUpdate);
  }

  /** Brings back what an earlier page left behind, as far as access suffices to send it. Returns how many changes those are. */
  async restore(level: AccessLevel): Promise<number> {
    if (!this.outbox) return 0;
    const changes = (await this.outbox.load(this.documentId)).filter((change) => maySend(level, change));
    this.keys.push(...changes.map((change) => change.key));
    for (const change of changes) {
      this.needs = moreOf(this.needs, change.needs ?? 'write');
      try {
        Y.applyUpdate(this.doc, change.update, Keeper);
      } catch (error) {
        console.error('A kept change could not be read', error);
      }
    }
    return changes.length;
  }

  /** All local changes up to now are durable on the hub. */
  saved(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.pending = [];
    this.enqueue(async (outbox) => {
      const keys = this.keys;
      this.keys = [];
      await outbox.remove(keys);
    });
  }

  /** Writes what is pending now rather than in a moment. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.pending.length === 0) return;
    const update = Y.mergeUpdates(this.pending);
    this.pending = [];
    const { needs } = this;
    this.enqueue(async (outbox) => {
      this.keys.push(await outbox.append(this.documentId, update, Date.now(), needs));
    });
  }

  destroy(): void {
    this.doc.off('update', this.onUpdate);
    this.flush();
  }

  /** Resolves when everything asked for so far has been done. */
  settled(): Promise<void> {
    return this.work;
  }

  private readonly onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === Keeper || this.isRemote(origin)) return;
    this.pending.push(update);
    this.needs = moreOf(this.needs, needsOf(origin));
    this.publish();
    this.timer ??= setTimeout(() => this.flush(), kPatienceMs);
  };

  private enqueue(task: (outbox: Outbox) => Promise<void>): void {
    const { outbox } = this;
    if (!outbox) return;
    this.queued++;
    this.work = this.work
      .then(() => task(outbox))
      .catch((error: unknown) => {
        console.error('Unsent changes could not be kept on this device', error);
        this.broken = true;
      })
      .then(() => {
        this.queued--;
        this.publish();
      });
    this.publish();
  }

  private queued = 0;
  private broken = false;

  private publish(): void {
    if (!this.outbox || this.broken) this.state.set('unavailable');
    else this.state.set(this.pending.length > 0 || this.queued > 0 ? 'keeping' : 'kept');
  }
}
