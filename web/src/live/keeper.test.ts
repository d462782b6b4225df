import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { pause, until } from '../../test/hub';
import { addComment, readComments } from './comments';
import { Keeper } from './keeper';
import { Outbox } from './outbox';

const kRemote = Symbol('from the hub');
let outbox: Outbox;
let user = 0;

beforeEach(async () => { outbox = await Outbox.open(indexedDB, `usr_${++user}`); });
afterEach(() => outbox.close());

function open(documentId = 'doc_1', box: Outbox | null = outbox) {
  const doc = new Y.Doc();
  const keeper = new Keeper(box, documentId, doc, (origin) => origin === kRemote);
  return { doc, keeper, text: doc.getText('content') };
}

describe('the outbox', () => {
  it('keeps changes by document, and gives them back in order', async () => {
    await outbox.append('doc_1', new Uint8Array([1]), 10);
    await outbox.append('doc_2', new Uint8Array([2]), 11);
    await outbox.append('doc_1', new Uint8Array([3]), 12);
    expect((await outbox.load('doc_1')).map((change) => [...change.update])).toEqual([[1], [3]]);
    expect(await outbox.documents()).toEqual(['doc_1', 'doc_2']);
    await outbox.remove((await outbox.load('doc_1')).map((change) => change.key));
    expect(await outbox.documents()).toEqual(['doc_2']);
  });

  it('is one per user, and gone after signing out', async () => {
    await outbox.append('doc_1', new Uint8Array([1]), 10);
    const other = await Outbox.open(indexedDB, 'usr_other');
    expect(await other.documents()).toEqual([]);
    other.close();
    await Outbox.erase(indexedDB, `usr_${user}`);
    outbox = await Outbox.open(indexedDB, `usr_${user}`);
    expect(await outbox.documents()).toEqual([]);
  });
});

describe('unsent changes of less than writing', () => {
  const kept = async () => (await outbox.load('doc_1')).map((change) => change.needs);

  it('are kept as what they need, after an edit as that', async () => {
    const { doc, keeper, text } = open();
    addComment(doc, { author: 'usr_a', body: 'one' });
    keeper.flush();
    text.insert(0, 'x');
    keeper.flush();
    addComment(doc, { author: 'usr_a', body: 'two' });
    keeper.flush();
    await keeper.settled();
    expect(await kept()).toEqual(['comment', 'write', 'write']);
    keeper.saved();
    addComment(doc, { author: 'usr_a', body: 'three' });
    keeper.flush();
    await keeper.settled();
    expect(await kept()).toEqual(['write']);
  });

  it('come back where access suffices to send them; the others stay where they are', async () => {
    const first = open();
    addComment(first.doc, { author: 'usr_a', body: 'said offline' });
    first.keeper.flush();
    first.text.insert(0, 'typed offline');
    first.keeper.flush();
    await first.keeper.settled();
    await outbox.append('doc_1', new Uint8Array([0, 0]), 1, undefined); // as older versions kept it

    const second = open();
    expect(await second.keeper.restore('comment')).toBe(1);
    expect(second.text.toString()).toBe('');
    expect(readComments(second.doc)).toMatchObject([{ body: 'said offline' }]);
    second.keeper.saved();
    await second.keeper.settled();
    expect(await kept()).toEqual(['write', 'write']);
    expect(await open().keeper.restore('suggest')).toBe(0);
    expect(await open().keeper.restore('share')).toBe(2);
  });
});

describe('unsent changes', () => {
  it('outlive the page', async () => {
    const first = open();
    first.text.insert(0, 'typed offline');
    first.keeper.flush();
    expect(first.keeper.state.get()).toBe('keeping');
    await first.keeper.settled();
    expect(first.keeper.state.get()).toBe('kept');

    const second = open();
    expect(await second.keeper.restore('write')).toBe(1);
    expect(second.text.toString()).toBe('typed offline');
  });

  it('are kept by themselves after a moment', async () => {
    const { text } = open();
    text.insert(0, 'x');
    let stored = 0;
    await until('stored', () => { void outbox.load('doc_1').then((all) => (stored = all.length)); return stored === 1; });
  });

  it('that are acknowledged soon never touch the disk', async () => {
    const { text, keeper } = open();
    text.insert(0, 'x');
    keeper.saved();
    await pause(400);
    expect(await outbox.documents()).toEqual([]);
    expect(keeper.state.get()).toBe('kept');
  });

  it('leave the outbox once they are saved, the restored ones too', async () => {
    const first = open();
    first.text.insert(0, 'one');
    first.keeper.flush();
    await first.keeper.settled();
    const second = open();
    await second.keeper.restore('write');
    second.text.insert(3, ' two');
    second.keeper.flush();
    second.keeper.saved();
    await second.keeper.settled();
    expect(await outbox.documents()).toEqual([]);
  });

  it('of another page are left alone', async () => {
    const [a, b] = [open(), open()];
    a.text.insert(0, 'a');
    a.keeper.flush();
    await a.keeper.settled();
    b.text.insert(0, 'b');
    b.keeper.flush();
    b.keeper.saved();
    await b.keeper.settled();
    expect(await outbox.load('doc_1')).toHaveLength(1);
  });

  it('do not include what came from the hub', async () => {
    const source = new Y.Doc();
    source.getText('content').insert(0, 'theirs');
    const { doc, keeper } = open();
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(source), kRemote);
    keeper.flush();
    await keeper.settled();
    expect(await outbox.documents()).toEqual([]);
  });

  it('that cannot be kept are not said to be', async () => {
    const without = open('doc_1', null);
    without.text.insert(0, 'x');
    expect(without.keeper.state.get()).toBe('unavailable');

    const refused = open();
    outbox.close();
    refused.text.insert(0, 'x');
    refused.keeper.flush();
    await refused.keeper.settled();
    expect(refused.keeper.state.get()).toBe('unavailable');
  });

  it('that are damaged do not stand in the way of the others', async () => {
    const good = open();
    good.text.insert(0, 'good');
    await outbox.append('doc_1', new Uint8Array([255, 255, 255]), 1);
    good.keeper.flush();
    await good.keeper.settled();
    const next = open();
    expect(await next.keeper.restore('write')).toBe(2);
    expect(next.text.toString()).toBe('good');
  });
});
