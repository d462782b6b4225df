import * as Y from 'yjs';
import { kContent } from './content';

/**
 * What a suggestion's update would do to a document now.
 *
 * The update comes from somebody who may not write, and is looked at before anything is done with it: on a copy. It
 * must be whole, touch nothing but the content, and bring nothing in the name of a client that the document knows
 * already: a forged one would make the true client's next edits count as seen.
 */

/** A piece of the change. Places are those of the text as it is now, in UTF-16 units; something embedded counts one. */
export type Part =
  | { kind: 'insert'; at: number; text: string }
  | { kind: 'delete'; at: number; text: string }
  | { kind: 'format'; at: number; text: string; attributes: Readonly<Record<string, unknown>> };

export type Effect =
  /** No parts: all that it would change is so already, or gone. */
  | { kind: 'change'; parts: readonly Part[] }
  /** It builds on edits that are not here. */
  | { kind: 'waits' }
  /** It does what no suggestion may do, or cannot be read. */
  | { kind: 'refused' };

export const kMaxUpdateBytes = 1024 * 1024;
/** Stands in a text for something that is no character. */
export const kEmbedded = '\uFFFC';

/** The characters of a text, one unit for each place. */
export function flatText(text: Y.Text): string {
  let flat = '';
  for (const { insert } of text.toDelta() as { insert: unknown }[]) flat += typeof insert === 'string' ? insert : kEmbedded;
  return flat;
}

/** Whether the update brings only what one new client made, from its beginning, or what is here already. */
function ofOneNewClient(doc: Y.Doc, update: Uint8Array): boolean {
  const { structs } = Y.decodeUpdate(update);
  const first = structs[0];
  if (!first) return true;
  const { client } = first.id;
  let clock = first.id.clock;
  for (const struct of structs) {
    if (struct.id.client !== client || struct.id.clock !== clock) return false;
    clock += struct.length;
  }
  const known = Y.getState(doc.store, client);
  return known === 0 ? first.id.clock === 0 && client !== doc.clientID : known >= clock;
}

/** Looks at what updates would do to a document as it was when this was made. */
export class EffectFinder {
  private readonly state: Uint8Array;
  readonly before: string;

  constructor(private readonly doc: Y.Doc) {
    this.state = Y.encodeStateAsUpdate(doc);
    this.before = flatText(doc.getText(kContent));
  }

  effectOf(update: Uint8Array): Effect {
    if (update.length > kMaxUpdateBytes) return { kind: 'refused' };
    const copy = new Y.Doc();
    try {
      if (!ofOneNewClient(this.doc, update)) return { kind: 'refused' };
      Y.applyUpdate(copy, this.state);
      const waitedBefore = waits(copy);
      const text = copy.getText(kContent);
      let onlyContent = true;
      let delta: DeltaOp[] = [];
      text.observe((event) => { delta = event.delta as DeltaOp[]; });
      copy.on('beforeObserverCalls', (transaction) => {
        for (const type of transaction.changed.keys()) if (rootOf(type) !== (text as unknown)) onlyContent = false;
      });
      Y.applyUpdate(copy, update);
      if (!onlyContent) return { kind: 'refused' };
      if (!waitedBefore && waits(copy)) return { kind: 'waits' };
      return { kind: 'change', parts: partsOf(delta, this.before) };
    } catch {
      return { kind: 'refused' };
    } finally {
      copy.destroy();
    }
  }
}

/** Whether the update may be applied to the document now. */
export const sound = (doc: Y.Doc, update: Uint8Array): boolean => new EffectFinder(doc).effectOf(update).kind === 'change';

/** Whether the document has been given something that builds on what is not here. */
export const waits = (doc: Y.Doc): boolean => doc.store.pendingStructs !== null || doc.store.pendingDs !== null;

type Shared = Y.AbstractType<Y.YEvent<never>>;

function rootOf(type: unknown): Shared {
  let root = type as Shared;
  while (root._item) root = root._item.parent as Shared;
  return root;
}

/** A change of a text, as Yjs tells it. */
export interface DeltaOp {
  insert?: unknown;
  delete?: number;
  retain?: number;
  attributes?: Record<string, unknown>;
}

const lengthOf = (insert: unknown): number => (typeof insert === 'string' ? insert.length : 1);

/** Where a place of the text is after a change of it; what is inserted right there comes before it. */
export function movedPlace(at: number, delta: readonly DeltaOp[]): number {
  let [old, now] = [0, 0];
  for (const op of delta) {
    if (old > at) break;
    if (op.retain !== undefined) {
      if (old + op.retain > at) return now + at - old;
      old += op.retain;
      now += op.retain;
    } else if (op.delete !== undefined) {
      if (old + op.delete > at) return now;
      old += op.delete;
    } else {
      now += lengthOf(op.insert);
    }
  }
  return now + at - old;
}

/** The flat text after a change of it. */
export function changedText(before: string, delta: readonly DeltaOp[]): string {
  let [old, now] = [0, ''];
  for (const op of delta) {
    if (op.retain !== undefined) now += before.slice(old, (old += op.retain));
    else if (op.delete !== undefined) old += op.delete;
    else now += typeof op.insert === 'string' ? op.insert : kEmbedded;
  }
  return now + before.slice(old);
}

function partsOf(delta: readonly DeltaOp[], before: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const op of delta) {
    if (op.retain !== undefined) {
      if (op.attributes) parts.push({ kind: 'format', at, text: before.slice(at, at + op.retain), attributes: op.attributes });
      at += op.retain;
    } else if (op.delete !== undefined) {
      parts.push({ kind: 'delete', at, text: before.slice(at, at + op.delete) });
      at += op.delete;
    } else {
      const text = typeof op.insert === 'string' ? op.insert : kEmbedded;
      const last = parts[parts.length - 1];
      if (last?.kind === 'insert' && last.at === at) last.text += text;
      else parts.push({ kind: 'insert', at, text });
    }
  }
  return parts;
}
