import * as Y from 'yjs';
import { Store } from '../lib/store';
import { kContent } from './content';
import { waits } from './suggestion_effect';

/**
 * A copy of a document in which somebody makes up a suggestion. It stays in step with the document, and nothing of what
 * is written in it gets there. It has a client identifier of its own, so what was written can be merged into the
 * document later, by anybody; for the next suggestion there must be a new draft.
 */
export class SuggestionDraft {
  readonly doc = new Y.Doc();
  readonly content = this.doc.getText(kContent);
  /** Something was written in it. */
  readonly changed = new Store(false);
  /** What the suggestion is for. */
  readonly message = new Store('');

  private updates: Uint8Array[] = [];
  private readonly listeners = new Set<() => void>();

  constructor(private readonly real: Y.Doc) {
    this.doc.on('update', this.collect);
    this.catchUp();
  }

  /** Stays in step from now on, until it is destroyed. */
  keepInStep(): void {
    this.catchUp();
    this.real.on('update', this.follow);
  }

  private catchUp(): void {
    Y.applyUpdate(this.doc, Y.encodeStateAsUpdate(this.real, Y.encodeStateVector(this.doc)), this.real);
  }

  /** Tells of everything that is written in it; answers how to stop that. */
  onWritten(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** What was written, as one update, for a later draft to go on with; null where there is nothing. */
  written(): Uint8Array | null {
    if (this.updates.length > 1) this.updates = [Y.mergeUpdates(this.updates)];
    return this.updates[0] ?? null;
  }

  /**
   * Writes again what an earlier draft of the document had. In this one's name: two pages may go on with the same draft, and two
   * clients of one name would spoil the document. False where it cannot be read, or builds on what is not here.
   */
  bring(written: Uint8Array): boolean {
    const copy = new Y.Doc();
    try {
      Y.applyUpdate(copy, Y.encodeStateAsUpdate(this.doc));
      const waitedBefore = waits(copy);
      let delta: unknown[] = [];
      copy.getText(kContent).observe((event) => { delta = event.delta; });
      Y.applyUpdate(copy, written);
      if (!waitedBefore && waits(copy)) return false;
      if (delta.length > 0) this.content.applyDelta(delta, { sanitize: false });
      return true;
    } catch (error) {
      console.error('A kept draft could not be read', error);
      return false;
    } finally {
      copy.destroy();
    }
  }

  /** What was written, as one update in its shortest form; null where in the end it comes to nothing. */
  finish(): Uint8Array | null {
    if (this.updates.length === 0) return null;
    const copy = new Y.Doc();
    try {
      Y.applyUpdate(copy, Y.encodeStateAsUpdate(this.real));
      let made: Uint8Array | null = null;
      let different = false;
      copy.getText(kContent).observe((event) => { different = event.delta.length > 0; });
      // What was written and taken back again leaves the update: only its place is kept.
      copy.on('update', (update: Uint8Array) => { made = update; });
      Y.applyUpdate(copy, Y.mergeUpdates(this.updates));
      return different ? made : null;
    } finally {
      copy.destroy();
    }
  }

  /** What was written stays readable; the draft no longer follows. */
  destroy(): void {
    this.real.off('update', this.follow);
  }

  private readonly follow = (update: Uint8Array): void => Y.applyUpdate(this.doc, update, this.real);

  private readonly collect = (update: Uint8Array, origin: unknown): void => {
    if (origin === this.real) return;
    this.updates.push(update);
    this.changed.set(true);
    for (const listener of [...this.listeners]) listener();
  };
}
