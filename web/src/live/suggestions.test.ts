import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { makeTypeId } from '../lib/type_id';
import { needsOf } from './changes';
import { EffectFinder, flatText, kMaxUpdateBytes, sound, type Effect } from './suggestion_effect';
import { SuggestionDraft } from './suggestion_draft';
import { acceptSuggestion, addSuggestion, isOpen, readSuggestions, rejectSuggestion, suggestionsOf } from './suggestions';
import { changedText, changeOf, movedPlace, type DeltaOp } from './text_change';

/** More by hand: SEEDS=500 npx vitest run src/live/suggestions */
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
const textOf = (doc: Y.Doc): string => doc.getText('content').toString();

function exchange(...docs: Y.Doc[]): void {
  for (const from of docs) for (const to of docs) if (from !== to) Y.applyUpdate(to, Y.encodeStateAsUpdate(from, Y.encodeStateVector(to)));
}

/** Makes a suggestion to the document. */
function suggest(doc: Y.Doc, edit: (text: Y.Text) => void, author = 'usr_s'): string {
  const draft = new SuggestionDraft(doc);
  draft.keepInStep();
  edit(draft.content);
  const update = draft.finish();
  draft.destroy();
  if (!update) throw new Error('it comes to nothing');
  return addSuggestion(doc, { author, message: 'so', update });
}

const effect = (doc: Y.Doc, update: Uint8Array): Effect => new EffectFinder(doc).effectOf(update);

describe('a draft', () => {
  it('stays in step with the document and keeps its own to itself', () => {
    const real = withText('one three');
    const draft = new SuggestionDraft(real);
    draft.keepInStep();
    expect(draft.changed.get()).toBe(false);
    draft.content.insert(4, 'two ');
    real.getText('content').insert(9, ' four');
    expect(draft.content.toString()).toBe('one two three four');
    expect(textOf(real)).toBe('one three four');
    expect(draft.changed.get()).toBe(true);
    expect(draft.doc.clientID).not.toBe(real.clientID);
    draft.destroy();
  });

  it('comes to nothing where all was taken back', () => {
    const real = withText('one');
    const draft = new SuggestionDraft(real);
    draft.keepInStep();
    expect(draft.finish()).toBeNull();
    draft.content.insert(3, ' two');
    draft.content.delete(3, 4);
    expect(draft.finish()).toBeNull();
    draft.content.insert(0, 'x');
    expect(draft.finish()).not.toBeNull();
    draft.destroy();
  });

  it('forgets what was written and taken back', () => {
    const real = withText('one');
    const draft = new SuggestionDraft(real);
    draft.keepInStep();
    draft.content.insert(3, 'a slip of the pen');
    draft.content.delete(3, 17);
    draft.content.insert(3, ' two');
    const update = draft.finish()!;
    expect(new TextDecoder('latin1').decode(update)).not.toContain('slip');
    Y.applyUpdate(real, update);
    expect(textOf(real)).toBe('one two');
    draft.destroy();
  });
});

describe('a suggestion', () => {
  it('changes nothing until it is accepted, and keeps what was written meanwhile', () => {
    const doc = withText('The quick fox');
    const id = suggest(doc, (text) => { text.delete(4, 5); text.insert(4, 'slow'); });
    expect(textOf(doc)).toBe('The quick fox');
    doc.getText('content').insert(13, ' jumps');
    const [read] = readSuggestions(doc);
    expect(read).toMatchObject({ id, author: 'usr_s', message: 'so', accepted: null, rejected: null });
    expect(effect(doc, read!.update)).toEqual({ kind: 'change', parts: [{ kind: 'delete', at: 4, text: 'quick' }, { kind: 'insert', at: 9, text: 'slow' }] });
    expect(acceptSuggestion(doc, id, 'usr_w', 9)).toBe(true);
    expect(textOf(doc)).toBe('The slow fox jumps');
    expect(readSuggestions(doc)[0]!.accepted).toEqual({ by: 'usr_w', at: 9 });
    expect(effect(doc, read!.update)).toEqual({ kind: 'change', parts: [] });
  });

  it('is accepted in two steps, the edit first, by a document that stays the client it was', () => {
    const doc = withText('a');
    const client = doc.clientID;
    const id = suggest(doc, (text) => text.insert(1, 'b'));
    const other = new Y.Doc();
    exchange(doc, other);
    const seen: string[] = [];
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      Y.applyUpdate(other, update);
      seen.push(`${textOf(other)} ${isOpen(readSuggestions(other)[0]!)} ${needsOf(origin)}`);
    });
    acceptSuggestion(doc, id, 'usr_w');
    expect(seen).toEqual(['ab true write', 'ab false write']);
    expect(doc.clientID).toBe(client);
  });

  it('that is withdrawn takes no more than suggesting; to refuse another’s takes writing', () => {
    const doc = withText('a');
    const id = suggest(doc, (text) => text.insert(1, 'b'));
    const needs: string[] = [];
    doc.on('update', (_update, origin) => needs.push(needsOf(origin)));
    rejectSuggestion(doc, id, 'usr_s');
    rejectSuggestion(doc, id, 'usr_w');
    suggest(doc, (text) => text.insert(1, 'c'));
    expect(needs).toEqual(['suggest', 'write', 'suggest']);
    expect([textOf(doc), readSuggestions(doc).map(isOpen)]).toEqual(['a', [false, true]]);
  });

  it('accepted and refused at once counts as accepted', () => {
    const [a, b] = [withText('a'), new Y.Doc()];
    const id = suggest(a, (text) => text.insert(1, 'b'));
    exchange(a, b);
    acceptSuggestion(a, id, 'usr_x');
    rejectSuggestion(b, id, 'usr_y');
    exchange(a, b);
    for (const doc of [a, b]) {
      const [read] = readSuggestions(doc);
      expect([textOf(doc), isOpen(read!), read!.accepted?.by, read!.rejected?.by]).toEqual(['ab', false, 'usr_x', 'usr_y']);
    }
  });

  it('shows formats and things that are embedded', () => {
    const doc = withText('bold here');
    const id = suggest(doc, (text) => { text.format(0, 4, { bold: true }); text.insertEmbed(5, { image: 'x' }); });
    const { update } = readSuggestions(doc).find((one) => one.id === id)!;
    expect(effect(doc, update)).toEqual({ kind: 'change', parts: [
      { kind: 'format', at: 0, text: 'bold', attributes: { bold: true } }, { kind: 'insert', at: 5, text: '\uFFFC' },
    ] });
  });

  it.each(Array.from({ length: kSeeds }, (_, index) => index + 1))('is applied once by two who accept it at once, offline, seed %i', (seed) => {
    const random = randomOf(seed);
    const [a, b] = [withText('The quick brown fox jumps over the lazy dog'), new Y.Doc()];
    exchange(a, b);
    const edit = (text: Y.Text, letters: string, deletes = false) => {
      for (let step = 0; step < 6; step++) {
        const at = random(text.length);
        if (deletes && random(2)) text.delete(at, 1 + random(Math.min(5, text.length - at)));
        else text.insert(at, letters.slice(random(letters.length)));
      }
    };
    // Nobody deletes the marks, so they count how often each was applied.
    const ids = ['1', '2', '3'].map((mark) => suggest(random(2) ? a : b, (text) => { edit(text, 'SUGGEST', true); text.insert(random(text.length + 1), mark); }));
    exchange(a, b);
    edit(a.getText('content'), 'aaaa');
    edit(b.getText('content'), 'bbbb');
    for (const id of ids) {
      expect(acceptSuggestion(a, id, 'usr_a')).toBe(true);
      edit(a.getText('content'), 'aa');
    }
    for (const id of [...ids].reverse()) {
      expect(acceptSuggestion(b, id, 'usr_b')).toBe(true);
      if (random(2)) expect(acceptSuggestion(b, id, 'usr_b')).toBe(true);
    }
    exchange(a, b);
    expect(textOf(a)).toBe(textOf(b));
    expect([...textOf(a).replace(/[^123]/g, '')].sort().join('')).toBe('123');
    expect(readSuggestions(a).map((one) => isOpen(one))).toEqual([false, false, false]);
    expect(Y.encodeStateVector(a)).toEqual(Y.encodeStateVector(b));
  });
});

/** What a change does to the characters: one letter for each that stays, goes or comes. */
const shapeOf = (delta: readonly DeltaOp[]): string =>
  delta.map(({ retain = 0, delete: gone = 0, insert }) => '='.repeat(retain) + '-'.repeat(gone) + (typeof insert === 'string' ? insert : insert ? '\uFFFC' : '')).join('').replace(/=+$/, '')
    .replace(/[^=]+/g, (run) => run.replace(/[^-]/g, '') + run.replaceAll('-', ''));

it.each(Array.from({ length: kSeeds }, (_, index) => index + 1))('places and text follow a change, seed %i', (seed) => {
  const random = randomOf(seed);
  const doc = withText('0123456789abcdefghijklmnopqrstuvwxyz');
  const text = doc.getText('content');
  let flat = textOf(doc);
  const places = new Map([...flat].map((letter, at) => [letter, at]));
  text.observe((event) => {
    const delta = changeOf(text, event.transaction);
    expect(shapeOf(delta)).toEqual(shapeOf(event.delta as DeltaOp[]));
    for (const [letter, at] of places) places.set(letter, movedPlace(at, delta));
    flat = changedText(flat, delta);
  });
  for (let step = 0; step < 20; step++) {
    doc.transact(() => {
      for (let edit = 0; edit < 3; edit++) {
        const at = random(text.length);
        const kind = random(4);
        if (kind === 0) text.delete(at, 1 + random(Math.min(2, text.length - at)));
        else if (kind === 1) text.insertEmbed(at, { image: 'x' });
        else if (kind === 2) text.format(at, 1, { bold: true });
        else text.insert(at, 'XY');
      }
    });
    expect(flat).toBe(flatText(text));
    for (const [letter, at] of places) if (flat.includes(letter)) expect(flat[at], letter).toBe(letter);
  }
});

it.each(Array.from({ length: kSeeds }, (_, index) => index + 1))('is found sound without a copy where it is on a copy, seed %i', (seed) => {
  const random = randomOf(seed);
  const real = withText('The quick brown fox');
  real.clientID = 1;
  const verdicts = new Set<boolean>();
  const strange = (doc: Y.Doc) => {
    const at = random(doc.getText('content').length);
    switch (random(7)) {
      case 0: return doc.getText('content').insert(at, 'new');
      case 1: return doc.getText('content').delete(at, Math.min(2, doc.getText('content').length - at));
      case 2: return doc.getText('content').format(at, 1, { bold: random(2) ? true : null });
      case 3: return doc.getText('content').insertEmbed(at, new Y.Map([['inside', random(9)]]) as never);
      case 4: return random(4) ? doc.getText('content').insertEmbed(at, { image: 'x' }) : doc.getMap('elsewhere').set(String(random(3)), random(9));
      case 5: return random(4) ? undefined : doc.getMap('elsewhere').delete(String(random(3)));
      default: return random(4) ? undefined : doc.getArray('list').insert(0, [new Y.Map([['a', 1]])]);
    }
  };
  for (let step = 0; step < 60; step++) {
    // What another makes of the document, sometimes of one that is ahead, or behind.
    const other = new Y.Doc();
    Y.applyUpdate(other, Y.encodeStateAsUpdate(real));
    if (random(6) === 0) { other.clientID = 7; other.getText('content').insert(0, 'ahead'); }
    const draft = new Y.Doc();
    Y.applyUpdate(draft, Y.encodeStateAsUpdate(other));
    const updates: Uint8Array[] = [];
    draft.on('update', (update: Uint8Array) => updates.push(update));
    for (let edit = 0; edit <= random(4); edit++) strange(draft);
    for (let edit = 0; edit < random(4); edit++) strange(real);
    if (updates.length === 0) continue;
    if (random(5) === 0 && updates.length > 1) updates.splice(random(updates.length), 1);
    const update = Y.mergeUpdates(updates);
    const found = effect(real, update).kind === 'change';
    verdicts.add(found);
    expect(sound(real, update), `step ${step}`).toBe(found);
    if (found && random(2)) Y.applyUpdate(real, update);
  }
  expect(verdicts.size).toBe(2);
});

describe('a suggestion from anybody', () => {
  const update = (edit: (doc: Y.Doc) => void, on?: Y.Doc): Uint8Array => {
    const doc = new Y.Doc();
    if (on) Y.applyUpdate(doc, Y.encodeStateAsUpdate(on));
    const before = Y.encodeStateVector(doc);
    edit(doc);
    return Y.encodeStateAsUpdate(doc, before);
  };

  it.each<[string, (real: Y.Doc) => Uint8Array, Effect['kind']]>([
    ['is no update', () => Uint8Array.from([1, 2, 3, 4]), 'refused'],
    ['is nothing', () => new Uint8Array(), 'refused'],
    ['is too large', () => new Uint8Array(kMaxUpdateBytes + 1), 'refused'],
    ['writes elsewhere', () => update((doc) => doc.getMap('settings').set('x', 1)), 'refused'],
    ['writes a comment', () => update((doc) => doc.getMap('concord:comments').set('x', 1)), 'refused'],
    ['writes elsewhere besides', (real) => update((doc) => { doc.getText('content').insert(0, 'x'); doc.getMap('settings').set('x', 1); }, real), 'refused'],
    ['deletes elsewhere', (real) => update((doc) => doc.getMap('kept').delete('key'), real), 'refused'],
    ['is of two clients', (real) => Y.mergeUpdates([1, 2].map((client) => update((doc) => { doc.clientID = client; doc.getText('content').insert(0, 'x'); }, real))), 'refused'],
    ['goes on where another client stands', (real) => update((doc) => { doc.clientID = real.clientID; doc.getText('content').insert(0, 'forged'); }, real), 'refused'],
    ['builds on what is not here', (real) => { const ahead = new Y.Doc(); Y.applyUpdate(ahead, Y.encodeStateAsUpdate(real)); ahead.getText('content').insert(0, 'ahead'); return update((doc) => doc.getText('content').insert(2, 'x'), ahead); }, 'waits'],
  ])('that %s is not accepted', (_what, make, kind) => {
    const doc = withText('real');
    doc.getMap('kept').set('key', 'value');
    const id = addSuggestion(doc, { author: 'usr_s', message: '', update: make(doc) });
    const before = Y.encodeStateAsUpdate(doc);
    const { update: kept } = readSuggestions(doc)[0]!;
    expect(effect(doc, kept).kind).toBe(kind);
    expect(sound(doc, kept)).toBe(false);
    expect(acceptSuggestion(doc, id, 'usr_w')).toBe(false);
    expect(Buffer.compare(Y.encodeStateAsUpdate(doc), before)).toBe(0);
  });

  it('that is malformed is left out', () => {
    const doc = withText('real');
    const good = suggest(doc, (text) => text.insert(0, 'x'));
    const map = suggestionsOf(doc) as Y.Map<unknown>;
    const entry = (values: Record<string, unknown>) => new Y.Map(Object.entries({ author: 'usr_a', at: 1, message: '', update: new Uint8Array(2), ...values }));
    for (const value of [null, 'x', new Y.Text('x'), new Y.Map(), entry({ update: 'x' }), entry({ author: null }), entry({ at: Infinity })]) map.set(makeTypeId('sug'), value);
    map.set('x', entry({}));
    expect(readSuggestions(doc).map((one) => one.id)).toEqual([good]);
    const odd = makeTypeId('sug');
    map.set(odd, entry({ message: 7, accepted: 'yes', rejected: { by: 'usr_a' } }));
    expect(readSuggestions(doc)[0]).toMatchObject({ id: odd, message: '', accepted: null, rejected: null });
    expect([acceptSuggestion(doc, 'sug_none', 'usr_w'), rejectSuggestion(doc, 'sug_none', 'usr_w')]).toEqual([false, false]);
  });
});
