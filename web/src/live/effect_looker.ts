import * as Y from 'yjs';
import { turn } from '../lib/turn';
import { EffectFinder, type Effect } from './suggestion_effect';

/** What it is told. Before it looks it must have the document and the suggestions; it is not told to look while it does. */
export type Told =
  | { kind: 'document'; update: Uint8Array }
  /** null: it may be forgotten. */
  | { kind: 'suggestion'; id: string; update: Uint8Array | null }
  /** `client`: who the document is. */
  | { kind: 'look'; client: number; ids: readonly string[] };

export interface Found {
  /** The text that the effects are on, in the first answer to a look. */
  before: string | null;
  effects: readonly (readonly [string, Effect])[];
  /** How long the look took; null: there is more to come. */
  tookMs: number | null;
}

/** What was found is told at least this often. */
const kTellMs = 100;

/**
 * Finds what suggestions would do to a document, on a copy of its own: in a worker, since each takes as long as opening the
 * document does.
 */
export class EffectLooker {
  private readonly copy = new Y.Doc();
  private readonly suggestions = new Map<string, Uint8Array>();
  private updates: Uint8Array[] = [];

  constructor(private readonly tell: (found: Found) => void) {}

  receive(told: Told): void {
    if (told.kind === 'document') this.updates.push(told.update);
    else if (told.kind === 'look') void this.look(told.client, told.ids);
    else if (told.update) this.suggestions.set(told.id, told.update);
    else this.suggestions.delete(told.id);
  }

  private async look(client: number, ids: readonly string[]): Promise<void> {
    const start = performance.now();
    if (this.updates.length > 0) Y.applyUpdate(this.copy, Y.mergeUpdates(this.updates));
    this.updates = [];
    this.copy.clientID = client;
    const finder = new EffectFinder(this.copy);
    let before: string | null = finder.before;
    let effects: [string, Effect][] = [];
    let told = start;
    for (const id of ids) {
      const update = this.suggestions.get(id);
      if (update) effects.push([id, finder.effectOf(update)]);
      if (performance.now() - told < kTellMs) continue;
      this.tell({ before, effects, tookMs: null });
      [before, effects] = [null, []];
      await turn();
      told = performance.now();
    }
    this.tell({ before, effects, tookMs: performance.now() - start });
  }
}
