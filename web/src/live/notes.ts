import * as Y from 'yjs';
import { Store } from '../lib/store';
import { findPlaces, type Place } from './anchors';
import { commentsOf, readComments, type Comment } from './comments';
import { kContent } from './content';
import { changedText, EffectFinder, movedPlace, type DeltaOp, type Effect } from './suggestion_effect';
import { isOpen, readSuggestions, suggestionsOf, type Suggestion } from './suggestions';

export interface NotesState {
  readonly comments: readonly Comment[];
  readonly suggestions: readonly Suggestion[];
  /** Where the comments that are of a part of the text stand in the text that is shown; null: nowhere. */
  readonly places: ReadonlyMap<string, Place | null>;
  /** What the open suggestions would do to the text `before`; the newest may not have been looked at yet. */
  readonly effects: ReadonlyMap<string, Effect>;
  readonly before: string;
}

const kSoonMs = 40;
const kEffectsMs = 200;
/** Looking at a long document may take a tenth of the time at most; it is put off by no more than this. */
const kShare = 10;
const kLongestMs = { place: 3_000, effects: 30_000 };
const pauseAfter = (leastMs: number, tookMs: number, longestMs: number): number => Math.min(Math.max(leastMs, tookMs * kShare), longestMs);
/** What is long is done in slices, so that typing is not held up. */
const kSliceMs = 10;

/** What stands in the margin of an open document, kept up to date. `shown` is the text in the editor: the document's, or a draft's. */
export class Notes {
  readonly state = new Store<NotesState>({ comments: [], suggestions: [], places: new Map(), effects: new Map(), before: '' });

  private readonly content: Y.Text;
  private timers: Partial<Record<'read' | 'place' | 'effects', ReturnType<typeof setTimeout>>> = {};
  private placesTookMs = 0;
  private effectsTookMs = 0;
  private looking = false;
  private destroyed = false;

  constructor(private readonly doc: Y.Doc, private readonly shown: Y.Text) {
    this.content = doc.getText(kContent);
    commentsOf(doc).observeDeep(this.onNotes);
    suggestionsOf(doc).observeDeep(this.onNotes);
    this.content.observe(this.onContent);
    shown.observe(this.onShown);
    this.read();
  }

  destroy(): void {
    this.destroyed = true;
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    commentsOf(this.doc).unobserveDeep(this.onNotes);
    suggestionsOf(this.doc).unobserveDeep(this.onNotes);
    this.content.unobserve(this.onContent);
    this.shown.unobserve(this.onShown);
  }

  private readonly onNotes = (): void => this.soon('read', 0, () => this.read());
  private readonly onContent = (event: Y.YTextEvent): void => {
    if (this.state.get().suggestions.every((one) => !isOpen(one))) return;
    this.move(event.delta as DeltaOp[]);
    this.effectsSoon();
  };

  /** Until the effects are found anew they go with the text. */
  private move(delta: readonly DeltaOp[]): void {
    const { effects, before } = this.state.get();
    this.moves.push(delta);
    if (effects.size === 0) return;
    const next = new Map<string, Effect>();
    for (const [id, effect] of effects) {
      next.set(id, effect.kind === 'change' ? { kind: 'change', parts: effect.parts.map((part) => ({ ...part, at: movedPlace(part.at, delta) })) } : effect);
    }
    this.state.patch({ effects: next, before: changedText(before, delta) });
  }

  private readonly onShown = (): void => this.soon('place', pauseAfter(kSoonMs, this.placesTookMs, kLongestMs.place), () => this.place());

  private soon(what: keyof Notes['timers'], ms: number, act: () => void): void {
    this.timers[what] ??= setTimeout(() => {
      delete this.timers[what];
      act();
    }, ms);
  }

  private read(): void {
    const comments = readComments(this.doc);
    this.state.patch({ comments, suggestions: readSuggestions(this.doc), places: this.placesOf(comments) });
    this.effectsSoon(0);
  }

  private place(): void {
    const places = this.placesOf(this.state.get().comments);
    const before = this.state.get().places;
    const same = [...places].every(([id, place]) => {
      const was = before.get(id);
      return was === place || (was && place && was.index === place.index && was.length === place.length);
    });
    if (!same) this.state.patch({ places });
  }

  private placesOf(comments: readonly Comment[]): Map<string, Place | null> {
    const start = performance.now();
    const anchored = comments.filter((comment) => comment.anchor);
    const found = anchored.length > 0 ? findPlaces(this.shown, anchored.map((comment) => comment.anchor)) : [];
    this.placesTookMs = performance.now() - start;
    return new Map(anchored.map((comment, at) => [comment.id, found[at] ?? null]));
  }

  private effectsSoon(least: number = kEffectsMs): void {
    if (!this.looking) this.soon('effects', pauseAfter(least, this.effectsTookMs, kLongestMs.effects), () => void this.findEffects());
    else this.again = true;
  }

  private again = false;
  /** What became of the text while the effects on it were being found. */
  private moves: (readonly DeltaOp[])[] = [];

  private async findEffects(): Promise<void> {
    const open = this.state.get().suggestions.filter(isOpen);
    const effects = new Map<string, Effect>();
    if (open.length === 0) {
      if (this.state.get().effects.size > 0) this.state.patch({ effects });
      return;
    }
    this.looking = true;
    this.again = false;
    this.moves = [];
    let slice = performance.now();
    let tookMs = 0;
    const finder = new EffectFinder(this.doc);
    for (const { id, update } of open) {
      if (performance.now() - slice > kSliceMs) {
        tookMs += performance.now() - slice;
        await new Promise((resolve) => setTimeout(resolve, 0));
        if (this.destroyed) return;
        slice = performance.now();
      }
      effects.set(id, finder.effectOf(update));
    }
    this.effectsTookMs = tookMs + performance.now() - slice;
    this.looking = false;
    this.state.patch({ effects, before: finder.before });
    for (const delta of this.moves.splice(0)) this.move(delta);
    this.moves = [];
    if (this.again) this.effectsSoon();
  }
}
