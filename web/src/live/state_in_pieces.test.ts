import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { stateInPieces } from './state_in_pieces';

function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** More by hand: SEEDS=500 npx vitest run src/live/state_in_pieces */
const kSeeds = Number(process.env['SEEDS'] ?? 20);

it.each(Array.from({ length: kSeeds }, (_, index) => index + 1))('the pieces and what was written meanwhile are the document, seed %i', (seed) => {
  const below = random(seed);
  const doc = new Y.Doc();
  const others = [new Y.Doc(), new Y.Doc()];
  const edit = (on: Y.Doc) => {
    const text = on.getText('content');
    const at = below(text.length + 1);
    if (below(3) === 0 && at < text.length) text.delete(at, 1 + below(Math.min(3, text.length - at)));
    else if (below(5) === 0) text.insertEmbed(at, { image: 'x' });
    else if (below(7) === 0) on.getMap('concord:comments').set(String(below(4)), new Y.Map([['body', 'x']]));
    else text.insert(at, 'abc'.slice(below(3)));
  };
  for (let step = 0; step < 80; step++) {
    const on = [doc, ...others][below(3)]!;
    edit(on);
    if (below(4) === 0) for (const other of others) { Y.applyUpdate(doc, Y.encodeStateAsUpdate(other)); Y.applyUpdate(other, Y.encodeStateAsUpdate(doc)); }
  }
  for (const other of others) Y.applyUpdate(doc, Y.encodeStateAsUpdate(other));
  if (below(3) === 0) {
    // Something waits in it.
    const ahead = new Y.Doc();
    ahead.getText('content').insert(0, 'one');
    const known = Y.encodeStateVector(ahead);
    ahead.getText('content').insert(3, 'two');
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(ahead, known));
  }
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  let count = 0;
  for (const piece of stateInPieces(doc, 1 + below(9))) {
    updates.push(piece);
    count++;
    if (below(2)) edit(doc);
  }
  expect(count).toBeGreaterThan(3);
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.mergeUpdates(updates));
  expect(copy.getText('content').toDelta()).toEqual(doc.getText('content').toDelta());
  expect(copy.getMap('concord:comments').toJSON()).toEqual(doc.getMap('concord:comments').toJSON());
  expect(Y.encodeStateVector(copy)).toEqual(Y.encodeStateVector(doc));
  expect([copy.store.pendingStructs === null, copy.store.pendingDs === null]).toEqual([doc.store.pendingStructs === null, doc.store.pendingDs === null]);
  expect(Y.equalDeleteSets(Y.createDeleteSetFromStructStore(copy.store), Y.createDeleteSetFromStructStore(doc.store))).toBe(true);
});

it('of a document that is empty, too', () => {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.mergeUpdates([...stateInPieces(new Y.Doc())]));
  expect(copy.store.clients.size).toBe(0);
});
