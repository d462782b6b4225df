import * as Y from 'yjs';
import { Store } from '../lib/store';
import { findPlaces, type Place } from './anchors';
import { commentsOf, readComments, type Comment } from './comments';
import { Effects, type EffectsState } from './effects';
import { isOpen, readSuggestions, suggestionsOf, type Suggestion } from './suggestions';

export interface NotesState extends EffectsState {
  readonly comments: readonly Comment[];
  readonly suggestions: readonly Suggestion[];
  /** Where the comments that are of a part of the text stand in the text that is shown; null: nowhere. */
  readonly places: ReadonlyMap<string, Place | null>;
}

const kSoonMs = 40;
/** Looking at a long document may take a tenth of the time at most; it is put off by no more than this. */
const kShare = 10;
const kLongestMs = 3_000;

/** What stands in the margin of an open document, kept up to date. `shown` is the text in the editor: the document's, or a draft's. */
export class Notes {
  readonly state = new Store<NotesState>({ comments: [], suggestions: [], places: new Map(), effects: new Map(), before: '' });

  private readonly effects: Effects;
  private timers: Partial<Record<'read' | 'place', ReturnType<typeof setTimeout>>> = {};
  private placesTookMs = 0;

  constructor(private readonly doc: Y.Doc, private readonly shown: Y.Text) {
    this.effects = new Effects(doc);
    this.effects.state.subscribe(() => this.state.patch(this.effects.state.get()));
    commentsOf(doc).observeDeep(this.onNotes);
    suggestionsOf(doc).observeDeep(this.onNotes);
    shown.observe(this.onShown);
    this.read();
  }

  destroy(): void {
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    commentsOf(this.doc).unobserveDeep(this.onNotes);
    suggestionsOf(this.doc).unobserveDeep(this.onNotes);
    this.shown.unobserve(this.onShown);
    this.effects.destroy();
  }

  private readonly onNotes = (): void => this.soon('read', 0, () => this.read());
  private readonly onShown = (): void => this.soon('place', Math.min(Math.max(kSoonMs, this.placesTookMs * kShare), kLongestMs), () => this.place());

  private soon(what: keyof Notes['timers'], ms: number, act: () => void): void {
    this.timers[what] ??= setTimeout(() => {
      delete this.timers[what];
      act();
    }, ms);
  }

  private read(): void {
    const comments = readComments(this.doc);
    const suggestions = readSuggestions(this.doc);
    this.state.patch({ comments, suggestions, places: this.placesOf(comments) });
    this.effects.look(suggestions.filter(isOpen));
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
}
