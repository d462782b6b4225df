import * as Y from 'yjs';
import { Store } from '../lib/store';
import { turn } from '../lib/turn';
import { kContent } from './content';
import { EffectLooker, type Found, type Told } from './effect_looker';
import { stateInPieces } from './state_in_pieces';
import type { Effect } from './suggestion_effect';
import type { Suggestion } from './suggestions';
import { changedText, changeOf, movedPlace, type DeltaOp } from './text_change';

export interface EffectsState {
  /** What the open suggestions would do to the text `before`; the newest may not have been looked at yet. */
  readonly effects: ReadonlyMap<string, Effect>;
  readonly before: string;
}

const kLeastMs = 200;
/** Looking may take a tenth of the time at most; it is put off by no more than this. */
const kShare = 10;
const kLongestMs = 30_000;
/** What the page does for it at a time. */
const kSliceMs = 8;

const kNothing: EffectsState = { effects: new Map(), before: '' };

/** Somebody who looks: a worker, or the page itself where there are none. */
interface Looker {
  receive(told: Told): void;
  stop(): void;
}

function startLooker(tell: (found: Found) => void, failed: () => void): Looker {
  const worker = new Worker(new URL('./effect_worker.ts', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }: MessageEvent<Found>) => tell(data);
  worker.onerror = (event) => {
    event.preventDefault();
    failed();
  };
  return { receive: (told) => worker.postMessage(told), stop: () => worker.terminate() };
}

function lookHere(tell: (found: Found) => void): Looker {
  let stopped = false;
  const looker = new EffectLooker((found) => { if (!stopped) tell(found); });
  return { receive: (told) => looker.receive(told), stop: () => { stopped = true; } };
}

/**
 * What the open suggestions would do to a document, kept up to date. A worker has a copy of the document, and looks; what it
 * has found goes with the text until it has looked again.
 */
export class Effects {
  readonly state = new Store<EffectsState>(kNothing);

  private readonly content: Y.Text;
  private open: readonly Suggestion[] = [];
  private looker: Looker | null = null;
  /** Which suggestions it has. */
  private readonly sent = new Set<string>();
  private inPage = typeof Worker === 'undefined';
  /** It has the document. */
  private fed = false;
  private looking = false;
  /** The text has changed since all were looked at. */
  private stale = false;
  private tookMs = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** What became of the text since it was told to look. */
  private moves: (readonly DeltaOp[])[] = [];

  constructor(private readonly doc: Y.Doc) {
    this.content = doc.getText(kContent);
  }

  /** These are open now. Those that are new are looked at without delay. */
  look(open: readonly Suggestion[]): void {
    this.open = open;
    if (open.length === 0) return this.destroy();
    if (!this.looker) this.start();
    const ids = new Set(open.map(({ id }) => id));
    for (const id of this.sent) if (!ids.has(id)) this.forget(id);
    this.lookAtNew();
  }

  /** Ends what is under way, and gives back what it takes. */
  destroy(): void {
    if (!this.looker) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.looker.stop();
    this.looker = null;
    this.sent.clear();
    this.fed = this.looking = this.stale = false;
    this.tookMs = 0;
    this.doc.off('update', this.onUpdate);
    this.content.unobserve(this.onContent);
    this.state.set(kNothing);
  }

  private start(): void {
    const tell = (found: Found) => this.found(found);
    const failed = () => {
      // No worker: a policy may forbid it. Then the page has to do it.
      const { open } = this;
      this.inPage = true;
      this.destroy();
      this.look(open);
    };
    this.looker = this.inPage ? lookHere(tell) : startLooker(tell, failed);
    this.doc.on('update', this.onUpdate);
    this.content.observe(this.onContent);
    void this.feed(this.looker);
  }

  private async feed(looker: Looker): Promise<void> {
    let slice = performance.now();
    for (const update of stateInPieces(this.doc)) {
      looker.receive({ kind: 'document', update });
      if (performance.now() - slice < kSliceMs) continue;
      await turn();
      if (this.looker !== looker) return;
      slice = performance.now();
    }
    this.fed = true;
    this.lookAtNew();
  }

  private lookAtNew(): void {
    const { effects } = this.state.get();
    const ids = this.open.map(({ id }) => id).filter((id) => !effects.has(id));
    if (ids.length > 0) this.lookAt(ids);
  }

  /** The text has changed: all are looked at anew. */
  private soon(): void {
    this.stale = true;
    if (!this.fed || this.looking) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      if (this.looking) return; // and again when that is done
      this.stale = false;
      this.lookAt(this.open.map(({ id }) => id));
    }, Math.min(Math.max(kLeastMs, this.tookMs * kShare), kLongestMs));
  }

  private lookAt(ids: readonly string[]): void {
    const { looker } = this;
    if (!looker || !this.fed || this.looking) return;
    this.looking = true;
    this.moves = [];
    for (const { id, update } of this.open) {
      if (this.sent.has(id)) continue;
      looker.receive({ kind: 'suggestion', id, update });
      this.sent.add(id);
    }
    looker.receive({ kind: 'look', client: this.doc.clientID, ids });
  }

  private forget(id: string): void {
    this.sent.delete(id);
    this.looker?.receive({ kind: 'suggestion', id, update: null });
    const { effects } = this.state.get();
    if (effects.has(id)) this.state.patch({ effects: new Map([...effects].filter(([one]) => one !== id)) });
  }

  private found({ before, effects, tookMs }: Found): void {
    const next = new Map(this.state.get().effects);
    for (const [id, effect] of effects) if (this.sent.has(id)) next.set(id, this.moves.reduce(moved, effect));
    this.state.set({ effects: next, before: before === null ? this.state.get().before : this.moves.reduce(changedText, before) });
    if (tookMs === null) return;
    this.tookMs = Math.max(tookMs, this.tookMs / 2);
    this.looking = false;
    this.lookAtNew();
    if (this.stale) this.soon();
  }

  private readonly onUpdate = (update: Uint8Array): void => this.looker?.receive({ kind: 'document', update });

  private readonly onContent = (event: Y.YTextEvent): void => {
    const delta = changeOf(this.content, event.transaction);
    if (this.looking) this.moves.push(delta);
    const { effects, before } = this.state.get();
    if (effects.size > 0) this.state.set({ effects: new Map([...effects].map(([id, effect]) => [id, moved(effect, delta)])), before: changedText(before, delta) });
    this.soon();
  };
}

/** The effect as it stands after a change of the text. */
function moved(effect: Effect, delta: readonly DeltaOp[]): Effect {
  return effect.kind === 'change' ? { kind: 'change', parts: effect.parts.map((part) => ({ ...part, at: movedPlace(part.at, delta) })) } : effect;
}
