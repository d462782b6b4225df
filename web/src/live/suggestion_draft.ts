import * as Y from 'yjs';
import { Store } from '../lib/store';
import { kContent } from './content';

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

  private readonly updates: Uint8Array[] = [];

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
  };
}
