import * as Y from 'yjs';
import { kContent } from './content';

/**
 * Places in a text that move with it: Yjs' relative positions of the first character (assoc 0) and of the last one
 * (assoc -1), as the comments of a document hold them.
 */
export interface Anchor {
  start: Uint8Array;
  end: Uint8Array;
}

/** UTF-16 units; a length of 0 says that the text which stood there is gone. */
export interface Place {
  index: number;
  length: number;
}

const kMaxBytes = 64;

export function makeAnchor(text: Y.Text, index: number, length: number): Anchor {
  const encode = (at: number, assoc: number) => Y.encodeRelativePosition(Y.createRelativePositionFromTypeIndex(text, at, assoc));
  return { start: encode(index, 0), end: encode(index + length, -1) };
}

/** One end, and how far it lies into the item that holds it. */
interface End {
  diff: number;
  assoc: number;
  set: (index: number) => void;
}

/**
 * Where the anchors are now, in one pass over the text however many there are. null where an anchor is malformed, of
 * another text, or of something that is not here yet.
 */
export function findPlaces(text: Y.Text, anchors: readonly (Anchor | null)[]): (Place | null)[] {
  const doc = text.doc;
  const found = anchors.map(() => ({ start: -1, end: -1 }));
  if (!doc) return anchors.map(() => null);
  const byItem = new Map<Y.Item, End[]>();
  const look = (encoded: Uint8Array, assoc: number, set: (index: number) => void) => {
    const id = decode(encoded);
    if (id === null) return;
    if (id === 'edge') return set(assoc < 0 ? 0 : text.length);
    const held = itemOf(doc, id);
    if (!held || held.item.parent !== text) return;
    const ends = byItem.get(held.item);
    const end = { diff: held.diff, assoc, set };
    if (ends) ends.push(end);
    else byItem.set(held.item, [end]);
  };
  anchors.forEach((anchor, at) => {
    if (!anchor) return;
    const slot = found[at] as { start: number; end: number };
    look(anchor.start, 0, (index) => { slot.start = index; });
    look(anchor.end, -1, (index) => { slot.end = index; });
  });
  if (byItem.size > 0) pass(text, byItem);
  return found.map(({ start, end }) => (start < 0 || end < 0 ? null : { index: Math.min(start, text.length), length: Math.max(0, end - start) }));
}

function pass(text: Y.Text, byItem: Map<Y.Item, End[]>): void {
  let index = 0;
  for (let item = text._start; item !== null; item = item.right) {
    const here = !item.deleted && item.countable;
    for (const end of byItem.get(item) ?? []) end.set(here ? index + end.diff + (end.assoc < 0 ? 1 : 0) : index);
    if (here) index += item.length;
  }
}

/** What one client wrote of the text, as far as it is still there. */
export function placesOf(text: Y.Text, client: number): Place[] {
  const places: Place[] = [];
  let index = 0;
  for (let item = text._start; item !== null; item = item.right) {
    if (item.deleted || !item.countable) continue;
    if (item.id.client === client) {
      const last = places[places.length - 1];
      if (last && last.index + last.length === index) last.length += item.length;
      else places.push({ index, length: item.length });
    }
    index += item.length;
  }
  return places;
}

/** The identifier of the character; 'edge' for the very start or end of the text. */
function decode(encoded: Uint8Array): Y.ID | 'edge' | null {
  if (encoded.length > kMaxBytes) return null;
  try {
    const position = Y.decodeRelativePosition(encoded);
    if (position.item) return position.item;
    return position.tname === kContent ? 'edge' : null;
  } catch {
    return null;
  }
}

/** The item that holds the character; where it was taken away and brought back by undo, the one that has it now. */
function itemOf(doc: Y.Doc, id: Y.ID): { item: Y.Item; diff: number } | null {
  let next = id;
  for (;;) {
    if (Y.getState(doc.store, next.client) <= next.clock) return null;
    const item = Y.getItem(doc.store, next) as unknown;
    if (!(item instanceof Y.Item)) return null;
    const diff = next.clock - item.id.clock;
    if (item.redone === null) return { item, diff };
    next = Y.createID(item.redone.client, item.redone.clock + diff);
  }
}
