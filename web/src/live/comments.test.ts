import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { isTypeId, makeTypeId } from '../lib/type_id';
import { findPlaces, makeAnchor, placesOf, type Anchor } from './anchors';
import { needsOf } from './changes';
import { addComment, addReply, commentsOf, editBody, kMaxBodyBytes, kMaxQuote, readComments, removeNote, reopenComment, resolveComment } from './comments';

/** More by hand: SEEDS=500 npx vitest run src/live/comments */
const kSeeds = Number(process.env['SEEDS'] ?? 12);

function randomOf(seed: number): (below: number) => number {
  let state = seed * 0x9e3779b9;
  return (below) => {
    state = Math.imul(state ^ (state >>> 15), state | 1);
    state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
    return ((state ^ (state >>> 14)) >>> 0) % below;
  };
}

const withText = (text: string): Y.Doc => {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, text);
  return doc;
};

function exchange(a: Y.Doc, b: Y.Doc): void {
  Y.applyUpdate(a, Y.encodeStateAsUpdate(b, Y.encodeStateVector(a)));
  Y.applyUpdate(b, Y.encodeStateAsUpdate(a, Y.encodeStateVector(b)));
}

describe('an identifier', () => {
  it('is the TypeID of the specification’s example', () => {
    // UUID 01890a5d-ac96-774b-bcce-b302099a8057 (TypeID 0.3, valid.yml)
    const random = Uint8Array.from([0x77, 0x4b, 0xbc, 0xce, 0xb3, 0x02, 0x09, 0x9a, 0x80, 0x57]);
    expect(makeTypeId('prefix', 0x01890a5dac96, random)).toBe('prefix_01h455vb4pex5vsknk084sn02q');
  });

  it('is told from what is none, and sorts by time', () => {
    const made = [3, 1, 2].map((at) => makeTypeId('cmt', 1_700_000_000_000 + at));
    expect(made.every((id) => isTypeId('cmt', id))).toBe(true);
    expect([...made].sort()).toEqual([made[1], made[2], made[0]]);
    for (const wrong of ['', 'cmt_', made[0]!.slice(0, -1), made[0]!.toUpperCase(), made[0]!.replace('cmt', 'sug'), `cmt_8${'0'.repeat(25)}`, `cmt_0${'u'.repeat(25)}`]) {
      expect(isTypeId('cmt', wrong), wrong).toBe(false);
    }
  });
});

describe('a place in the text', () => {
  const place = (doc: Y.Doc, anchor: Anchor) => findPlaces(doc.getText('content'), [anchor])[0];

  it('moves with what is written before it, in it and behind it', () => {
    const doc = withText('one two three');
    const text = doc.getText('content');
    const anchor = makeAnchor(text, 4, 3);
    text.insert(13, '!');
    text.insert(7, 's'); // at its end: not in it
    text.insert(4, 'x'); // at its start: not in it
    expect(place(doc, anchor)).toEqual({ index: 5, length: 3 });
    text.insert(6, '--');
    expect(place(doc, anchor)).toEqual({ index: 5, length: 5 });
    text.delete(0, 4);
    expect(place(doc, anchor)).toEqual({ index: 1, length: 5 });
    text.delete(0, 7);
    expect(place(doc, anchor)?.length).toBe(0);
  });

  it('is known by who wrote it', () => {
    const doc = withText('one three');
    const other = new Y.Doc();
    exchange(doc, other);
    const text = other.getText('content');
    text.insert(4, 'two ');
    text.insert(6, 'OO');
    text.insert(text.length, '!');
    text.delete(4, 1);
    expect(placesOf(text, other.clientID)).toEqual([{ index: 4, length: 5 }, { index: 14, length: 1 }]);
    expect(placesOf(text, 7)).toEqual([]);
  });

  it('is there again when its text is brought back', () => {
    const doc = withText('one two three');
    const text = doc.getText('content');
    const anchor = makeAnchor(text, 4, 3);
    const undo = new Y.UndoManager(text);
    text.delete(2, 8);
    expect(place(doc, anchor)?.length).toBe(0);
    undo.undo();
    expect(place(doc, anchor)).toEqual({ index: 4, length: 3 });
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()], ['noise', Uint8Array.from([9, 9, 9, 9])], ['no end', Uint8Array.from([0, 255, 255])],
    ['too much', new Uint8Array(5_000)], ['another root', Y.encodeRelativePosition(new Y.RelativePosition(null, 'elsewhere', null, 0))],
    ['something not here yet', Y.encodeRelativePosition(new Y.RelativePosition(null, null, Y.createID(7, 99), 0))],
  ])('is none where the anchor is %s', (_what, bytes) => {
    const doc = withText('text');
    const good = makeAnchor(doc.getText('content'), 0, 2);
    expect(place(doc, { start: bytes, end: good.end })).toBeNull();
    expect(place(doc, { start: good.start, end: bytes })).toBeNull();
    expect([...doc.share.keys()]).toEqual(['content']);
  });

  it.each(Array.from({ length: kSeeds }, (_, index) => index + 1))('is where Yjs finds it, seed %i', (seed) => {
    const random = randomOf(seed);
    const docs = [new Y.Doc(), new Y.Doc()];
    const undos = docs.map((doc) => new Y.UndoManager(doc.getText('content'), { captureTimeout: 0 }));
    const anchors: Anchor[] = [];
    for (let step = 0; step < 150; step++) {
      const which = random(2);
      const text = docs[which]!.getText('content');
      switch (random(7)) {
        case 0: case 1: text.insert(random(text.length + 1), 'abcdefgh'.slice(random(8))); break;
        case 2: if (text.length > 0) { const at = random(text.length); text.delete(at, 1 + random(Math.min(6, text.length - at))); } break;
        case 3: if (text.length > 0) { const at = random(text.length); anchors.push(makeAnchor(text, at, 1 + random(text.length - at))); } break;
        case 4: undos[which]!.undo(); break;
        case 5: undos[which]!.redo(); break;
        case 6: exchange(docs[0]!, docs[1]!); break;
      }
    }
    exchange(docs[0]!, docs[1]!);
    for (const doc of docs) {
      const places = findPlaces(doc.getText('content'), anchors);
      anchors.forEach((anchor, index) => {
        const [start, end] = [anchor.start, anchor.end].map((bytes) => Y.createAbsolutePositionFromRelativePosition(Y.decodeRelativePosition(bytes), doc)!.index) as [number, number];
        expect(places[index]).toEqual({ index: start, length: Math.max(0, end - start) });
      });
    }
  });
});

describe('comments', () => {
  it('are read as they were written', () => {
    const doc = withText('one two three');
    const id = addComment(doc, { author: 'usr_a', body: '  Why two, @Ben? ', mentions: ['usr_b'], anchor: makeAnchor(doc.getText('content'), 4, 3), quote: 'two' }, 1_000);
    const whole = addComment(doc, { author: 'usr_b', body: 'All of it' }, 2_000);
    const later = addReply(doc, id, { author: 'usr_b', body: 'later' }, 4_000);
    const sooner = addReply(doc, id, { author: 'usr_c', body: 'sooner' }, 3_000);
    editBody(doc, { comment: id, reply: later! }, 'later, edited', ['usr_a'], 5_000);
    resolveComment(doc, id, 'usr_b', 6_000);
    const copy = new Y.Doc();
    exchange(doc, copy);
    const [first, second] = readComments(copy);
    expect(first).toMatchObject({
      id, author: 'usr_a', at: 1_000, body: 'Why two, @Ben?', mentions: ['usr_b'], quote: 'two', editedAt: null, resolved: { by: 'usr_b', at: 6_000 },
      replies: [{ id: sooner, body: 'sooner', editedAt: null }, { id: later, body: 'later, edited', mentions: ['usr_a'], editedAt: 5_000 }],
    });
    expect(findPlaces(copy.getText('content'), [first!.anchor])).toEqual([{ index: 4, length: 3 }]);
    expect(second).toEqual({ id: whole, author: 'usr_b', at: 2_000, body: 'All of it', mentions: [], editedAt: null, anchor: null, quote: '', resolved: null, replies: [] });
    reopenComment(copy, id, 'usr_a');
    removeNote(copy, { comment: id, reply: sooner! }, 'usr_c');
    removeNote(copy, { comment: whole }, 'usr_b');
    expect(readComments(copy)).toMatchObject([{ id, resolved: null, replies: [{ id: later }] }]);
    expect(copy.getText('content').toString()).toBe('one two three');
  });

  it('say what each change needs', () => {
    const doc = withText('x');
    const needs: string[] = [];
    const id = addComment(doc, { author: 'usr_a', body: 'mine' });
    doc.on('update', (_update, origin) => needs.push(needsOf(origin)));
    addComment(doc, { author: 'usr_b', body: 'another' });
    const reply = addReply(doc, id, { author: 'usr_b', body: 'to it' })!;
    editBody(doc, { comment: id }, 'still mine', []);
    resolveComment(doc, id, 'usr_a');
    reopenComment(doc, id, 'usr_a');
    removeNote(doc, { comment: id, reply }, 'usr_b');
    expect(new Set(needs)).toEqual(new Set(['comment']));
    needs.length = 0;
    resolveComment(doc, id, 'usr_b');
    reopenComment(doc, id, 'usr_b');
    removeNote(doc, { comment: id }, 'usr_b');
    doc.getText('content').insert(0, 'y');
    expect(needs).toEqual(['write', 'write', 'write', 'write']);
  });

  it('of nothing, or of too much, are not made', () => {
    const doc = withText('x');
    for (const body of ['', '  \n', 'é'.repeat(kMaxBodyBytes / 2 + 1)]) expect(() => addComment(doc, { author: 'usr_a', body })).toThrow(RangeError);
    const id = addComment(doc, { author: 'usr_a', body: 'é'.repeat(kMaxBodyBytes / 2), anchor: makeAnchor(doc.getText('content'), 0, 1), quote: 'q'.repeat(kMaxQuote + 50) });
    expect(() => editBody(doc, { comment: id }, ' ', [])).toThrow(RangeError);
    expect(readComments(doc)[0]!.quote).toHaveLength(kMaxQuote);
    removeNote(doc, { comment: id }, 'usr_a');
    expect([addReply(doc, id, { author: 'usr_a', body: 'x' }), resolveComment(doc, id, 'usr_a'), removeNote(doc, { comment: id }, 'usr_a')]).toEqual([null, false, false]);
  });

  it('that are malformed are left out, and harm none of the others', () => {
    const doc = withText('x');
    const good = addComment(doc, { author: 'usr_a', body: 'good' }, 5);
    const map = commentsOf(doc) as Y.Map<unknown>;
    const entry = (values: Record<string, unknown>) => new Y.Map(Object.entries({ author: 'usr_a', at: 1, body: 'b', ...values }));
    const wrong: unknown[] = [
      null, 7, 'text', [], {}, new Y.Text('t'), new Y.Array(), new Y.Map(), entry({ author: 7 }), entry({ author: '' }), entry({ author: 'x'.repeat(5_000) }), entry({ at: 'now' }),
      entry({ at: NaN }), entry({ at: -1 }), entry({ at: 1e300 }), entry({ body: '' }), entry({ body: 'x'.repeat(kMaxBodyBytes + 1) }), entry({ body: new Y.Text('x') }),
    ];
    for (const value of wrong) map.set(makeTypeId('cmt'), value);
    map.set('no identifier', entry({}));
    map.set('__proto__', entry({}));
    expect(readComments(doc).map((comment) => comment.id)).toEqual([good]);

    const odd = makeTypeId('cmt');
    map.set(odd, entry({
      mentions: ['usr_b', 7, null, ...Array.from({ length: 40 }, (_, i) => `usr_${i}`)], start: 'x', end: new Uint8Array([1]), quote: 7, edited_at: 'x', resolved: { by: 7 },
      replies: new Y.Map([[makeTypeId('cmt'), 'text'], ['x', entry({})], [makeTypeId('cmt'), entry({ body: 'said' })]] as [string, unknown][]),
    }));
    const read = readComments(doc)[0]!;
    expect(read).toMatchObject({ id: odd, anchor: null, quote: '', editedAt: null, resolved: null, replies: [{ body: 'said' }] });
    expect(read.mentions).toHaveLength(20);
    map.set(odd, entry({ replies: 'none' }));
    expect(addReply(doc, odd, { author: 'usr_a', body: 'so' })).not.toBeNull();
    expect(readComments(doc)[0]!.replies).toMatchObject([{ body: 'so' }]);
  });
});
