import * as Y from 'yjs';
import { kContent } from './content';
import { kEmbedded, type DeltaOp } from './text_change';

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

/**
 * Whether the update may be applied to the document now: whether an EffectFinder would find a change. It takes no copy, which on a
 * long document takes a second; instead it asks of everything that the update brings and deletes in what it would lie.
 */
export function sound(doc: Y.Doc, update: Uint8Array): boolean {
  if (update.length > kMaxUpdateBytes) return false;
  try {
    return ofOneNewClient(doc, update) && new Reach(doc, update).onlyContent();
  } catch {
    return false;
  }
}

/** Where something lies; 'nowhere' where that was removed for good, so that it comes to nothing. */
type Home = 'content' | 'elsewhere' | 'nowhere';

/** Where the pieces of an update of one new client would lie. */
class Reach {
  private readonly structs: (Y.Item | Y.GC)[];
  private readonly deleted: ReadonlyMap<number, readonly { clock: number; len: number }[]>;
  private readonly homes: Home[] = [];
  private readonly content: Y.Text;

  constructor(private readonly doc: Y.Doc, update: Uint8Array) {
    const { structs, ds } = Y.decodeUpdate(update);
    if (structs.some((one) => one instanceof Y.Skip)) throw new RangeError('it has gaps');
    this.structs = structs as (Y.Item | Y.GC)[];
    this.deleted = ds.clients;
    this.content = doc.getText(kContent);
  }

  /** Throws where that cannot be told, since it builds on what is not here. */
  onlyContent(): boolean {
    for (const struct of this.structs) {
      const home = struct instanceof Y.Item ? this.homeOfNew(struct) : 'nowhere';
      if (home === 'elsewhere') return false;
      this.homes.push(home);
    }
    for (const [client, ranges] of this.deleted) {
      for (const { clock, len } of ranges) if (!this.mayDelete(client, clock, clock + len)) return false;
    }
    return true;
  }

  /** As Yjs finds it: what stands beside it says so, or else the update itself. */
  private homeOfNew({ origin, rightOrigin, parent }: Y.Item): Home {
    const beside = [origin, rightOrigin].filter((id) => id !== null).map((id) => this.homeOf(id));
    if (beside.includes('nowhere')) return 'nowhere';
    if (beside[0]) return beside[0];
    if (parent instanceof Y.ID) return this.homeOf(parent);
    return (parent as unknown) === kContent ? 'content' : 'elsewhere';
  }

  /** Of something that the document or the update has. */
  private homeOf({ client, clock }: Y.ID): Home {
    if (client === this.structs[0]?.id.client) {
      const home = this.homes[Y.findIndexSS(this.structs, clock)];
      if (!home) throw new RangeError('it builds on what comes after it');
      return home;
    }
    if (Y.getState(this.doc.store, client) <= clock) throw new RangeError('it builds on what is not here');
    const item: unknown = Y.getItem(this.doc.store, Y.createID(client, clock));
    return item instanceof Y.Item ? this.homeIn(item.parent) : 'nowhere';
  }

  private homeIn(parent: unknown): Home {
    return rootOf(parent) === (this.content as unknown) ? 'content' : 'elsewhere';
  }

  private mayDelete(client: number, from: number, to: number): boolean {
    const [first, last] = [this.structs[0], this.structs[this.structs.length - 1]];
    if (first && last && client === first.id.client) return from >= first.id.clock && to <= last.id.clock + last.length;
    const structs = this.doc.store.clients.get(client);
    if (!structs || Y.getState(this.doc.store, client) < to) return false;
    for (let at = Y.findIndexSS(structs, from); at < structs.length; at++) {
      const struct = structs[at] as Y.Item | Y.GC;
      if (struct.id.clock >= to) break;
      if (struct instanceof Y.Item && !struct.deleted && this.homeIn(struct.parent) === 'elsewhere') return false;
    }
    return true;
  }
}

/** Whether the document has been given something that builds on what is not here. */
export const waits = (doc: Y.Doc): boolean => doc.store.pendingStructs !== null || doc.store.pendingDs !== null;

type Shared = Y.AbstractType<Y.YEvent<never>>;

function rootOf(type: unknown): Shared {
  let root = type as Shared;
  while (root._item) root = root._item.parent as Shared;
  return root;
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
