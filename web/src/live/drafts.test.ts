import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { DraftKeeper } from './draft_keeper';
import { Drafts, kMaxDraftAgeMs, kMaxDraftBytes, kMaxDrafts, type StoredDraft } from './drafts';
import { SuggestionDraft } from './suggestion_draft';
import { kMaxUpdateBytes } from './suggestion_effect';
import { acceptSuggestion, addSuggestion } from './suggestions';

const kWait = { timeout: 10_000 };
let drafts: Drafts;
let user = 0;
beforeEach(async () => { drafts = await Drafts.open(indexedDB, `usr_${++user}`); });
afterEach(() => drafts.close());

const one = (document: string, id: string, at: number): StoredDraft => ({ document, id, update: new Uint8Array([at & 255]), message: '', at });
const left = async (document = 'doc_1'): Promise<string[]> => (await drafts.left(document)).map(({ id }) => id);

describe('what is kept of drafts', () => {
  it('is kept by document, and goes as it was asked to', async () => {
    await drafts.put(one('doc_1', 'b', 2));
    await drafts.put(one('doc_1', 'a', 3));
    await drafts.put(one('doc_2', 'c', 4));
    await drafts.put({ ...one('doc_1', 'b', 2), message: 'why' });
    expect((await drafts.left('doc_1')).map(({ id, message }) => [id, message])).toEqual([['b', 'why'], ['a', '']]);
    expect(await drafts.documents()).toBe(2);
    await drafts.put(one('doc_1', 'd', 5), ['a', 'b']);
    expect(await left()).toEqual(['d']);
    await drafts.remove('doc_1', ['d']);
    expect([await left(), await left('doc_2'), await drafts.documents()]).toEqual([[], ['c'], 1]);
  });

  it('is bounded in number and age: the oldest goes', async () => {
    const now = kMaxDraftAgeMs * 2;
    await drafts.put(one('doc_old', 'x', now - kMaxDraftAgeMs - 1));
    for (let n = 0; n < kMaxDrafts; n++) await drafts.put(one(`doc_${n}`, 'x', now + n));
    await drafts.prune(now);
    expect([await drafts.documents(), await left('doc_old')]).toEqual([kMaxDrafts, []]);
    await drafts.put(one('doc_new', 'x', now + kMaxDrafts));
    await drafts.prune(now);
    expect([await drafts.documents(), await left('doc_0'), await left('doc_1'), await left('doc_new')]).toEqual([kMaxDrafts, [], ['x'], ['x']]);
  });

  it('is looked through whenever it is opened', async () => {
    await drafts.put(one('doc_1', 'a', Date.now() - kMaxDraftAgeMs - 1));
    await drafts.put(one('doc_2', 'b', Date.now()));
    (await Drafts.open(indexedDB, `usr_${user}`)).close();
    expect([await left('doc_1'), await left('doc_2')]).toEqual([[], ['b']]);
  });

  it('goes with the account', async () => {
    await drafts.put(one('doc_1', 'a', 1));
    await Drafts.erase(indexedDB, `usr_${user}`);
    drafts = await Drafts.open(indexedDB, `usr_${user}`);
    expect(await drafts.documents()).toBe(0);
  });

  it('is as much as a suggestion may be', () => expect(kMaxDraftBytes).toBe(kMaxUpdateBytes));
});

/** A page at the document: its draft, and what keeps it. */
function pageAt(doc: Y.Doc, store: Drafts | null = drafts) {
  const draft = new SuggestionDraft(doc);
  draft.keepInStep();
  const keeper = new DraftKeeper(store, 'doc_1', draft);
  return { draft, keeper, text: draft.content, leave: async () => { await keeper.destroy(); draft.destroy(); } };
}

const withText = (text: string): Y.Doc => {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, text);
  return doc;
};

describe('a draft', () => {
  it('is there for the next page, with its message, and can be suggested', async () => {
    const doc = withText('The quick fox');
    const first = pageAt(doc);
    first.text.delete(4, 5);
    first.text.insert(4, 'slow');
    first.text.format(0, 3, { bold: true });
    first.draft.message.set('It is old.');
    await first.leave();
    doc.getText('content').insert(13, ' jumps');

    const next = pageAt(doc);
    expect(next.keeper.bring(await drafts.left('doc_1'))).toBe(0);
    expect([next.text.toString(), next.draft.message.get(), next.draft.changed.get()]).toEqual(['The slow fox jumps', 'It is old.', true]);
    expect(next.text.toDelta()).toEqual([{ insert: 'The', attributes: { bold: true } }, { insert: ' slow fox jumps' }]);
    next.text.insert(0, '> ');
    const id = addSuggestion(doc, { author: 'usr_s', message: '', update: next.draft.finish()! });
    await next.keeper.forget();
    await next.leave();
    expect(acceptSuggestion(doc, id, 'usr_w')).toBe(true);
    expect(doc.getText('content').toString()).toBe('> The slow fox jumps');
    expect(await left()).toEqual([]);
  });

  it('is written a moment after each change', async () => {
    const { text, keeper, leave } = pageAt(withText('a'));
    text.insert(1, 'b');
    await expect.poll(left, kWait).toHaveLength(1);
    const before = (await drafts.left('doc_1'))[0]!.update.length;
    text.insert(2, 'cdefgh');
    await expect.poll(async () => (await drafts.left('doc_1'))[0]!.update.length, kWait).toBeGreaterThan(before);
    await keeper.forget();
    text.insert(0, 'x');
    await leave();
    expect(await left()).toEqual([]);
  });

  it('that was never written in is not kept', async () => {
    const doc = withText('a');
    const page = pageAt(doc);
    doc.getText('content').insert(0, 'b');
    page.draft.message.set('why');
    await page.leave();
    expect(await left()).toEqual([]);
  });

  it('that comes to nothing is not brought back', async () => {
    const doc = withText('a');
    const first = pageAt(doc);
    first.text.insert(1, 'b');
    first.text.delete(1, 1);
    await first.leave();
    expect((await left()).length).toBe(1);
    const next = pageAt(doc);
    expect(next.keeper.bring(await drafts.left('doc_1'))).toBe(0);
    expect(next.draft.changed.get()).toBe(false);
    await next.leave();
    expect(await left()).toEqual([]);
  });

  it('goes together with others that were left, and with what is written already', async () => {
    const doc = withText('one two three');
    const pages = [pageAt(doc), pageAt(doc)] as const;
    pages[0].text.insert(0, '1 ');
    pages[1].text.insert(13, ' 3');
    for (const page of pages) await page.leave();
    const next = pageAt(doc);
    next.text.insert(4, '2 ');
    next.keeper.bring(await drafts.left('doc_1'));
    expect(next.text.toString()).toBe('1 one 2 two three 3');
    await next.leave();
    expect((await left()).length).toBe(1);
  });

  it('that two pages go on with is two suggestions, and both can be accepted', async () => {
    const doc = withText('a');
    const first = pageAt(doc);
    first.text.insert(1, 'b');
    await first.leave();
    const kept = await drafts.left('doc_1');
    const ids = ['c', 'd'].map((letter) => {
      const page = pageAt(doc);
      page.keeper.bring(kept);
      page.text.insert(2, letter);
      return addSuggestion(doc, { author: 'usr_s', message: '', update: page.draft.finish()! });
    });
    expect(ids.map((id) => acceptSuggestion(doc, id, 'usr_w'))).toEqual([true, true]);
    expect([...doc.getText('content').toString()].sort().join('')).toBe('abbcd');
  });

  it('that builds on what is not here stays where it is', async () => {
    const doc = withText('a');
    const ahead = new Y.Doc();
    Y.applyUpdate(ahead, Y.encodeStateAsUpdate(doc));
    ahead.getText('content').insert(1, 'never sent');
    const first = pageAt(ahead);
    first.text.insert(11, '!');
    await first.leave();
    const next = pageAt(doc);
    expect(next.keeper.bring(await drafts.left('doc_1'))).toBe(1);
    expect(next.text.toString()).toBe('a');
    await next.leave();
    expect((await left()).length).toBe(1);
  });

  it('that cannot be kept says so', async () => {
    const unkept = pageAt(withText('a'), null);
    expect(unkept.keeper.atRisk.get()).toBe(false);
    unkept.text.insert(0, 'b');
    expect(unkept.keeper.atRisk.get()).toBe(true);
    await unkept.leave();

    const long = pageAt(withText('a'));
    long.text.insert(0, 'b'.repeat(kMaxDraftBytes));
    long.keeper.flush();
    expect(long.keeper.atRisk.get()).toBe(true);
    long.text.delete(0, kMaxDraftBytes - 100);
    long.keeper.flush();
    await expect.poll(() => long.keeper.atRisk.get(), kWait).toBe(false);
    await long.leave();
    expect((await left()).length).toBe(1);
  });
});
