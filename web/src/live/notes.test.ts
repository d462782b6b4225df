import { afterEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { until } from '../../test/hub';
import { makeAnchor } from './anchors';
import { addComment, removeNote, resolveComment } from './comments';
import { Notes } from './notes';
import { SuggestionDraft } from './suggestion_draft';
import { acceptSuggestion, addSuggestion } from './suggestions';

let open: Notes[] = [];
afterEach(() => {
  for (const notes of open) notes.destroy();
  open = [];
});

function notesOf(doc: Y.Doc, shown: Y.Text = doc.getText('content')): Notes {
  const notes = new Notes(doc, shown);
  open.push(notes);
  return notes;
}

function withText(text: string): { doc: Y.Doc; text: Y.Text } {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, text);
  return { doc, text: doc.getText('content') };
}

function suggest(doc: Y.Doc, edit: (text: Y.Text) => void): string {
  const draft = new SuggestionDraft(doc);
  edit(draft.content);
  return addSuggestion(doc, { author: 'usr_s', message: '', update: draft.finish()! });
}

describe('the notes of a document', () => {
  it('follow what is said, and where its text goes', async () => {
    const { doc, text } = withText('one two three');
    const notes = notesOf(doc);
    const id = addComment(doc, { author: 'usr_a', body: 'x', anchor: makeAnchor(text, 4, 3), quote: 'two' });
    await until('it is read', () => notes.state.get().comments.length === 1);
    expect(notes.state.get().places.get(id)).toEqual({ index: 4, length: 3 });
    text.insert(0, '> ');
    await until('it has moved', () => notes.state.get().places.get(id)?.index === 6);
    text.delete(5, 5);
    await until('it is gone', () => notes.state.get().places.get(id)?.length === 0);
    resolveComment(doc, id, 'usr_a');
    await until('resolved', () => notes.state.get().comments[0]?.resolved?.by === 'usr_a');
    removeNote(doc, { comment: id }, 'usr_a');
    await until('removed', () => notes.state.get().comments.length === 0 && notes.state.get().places.size === 0);
  });

  it('stand where the text of a draft has them', async () => {
    const { doc, text } = withText('one two three');
    const id = addComment(doc, { author: 'usr_a', body: 'x', anchor: makeAnchor(text, 4, 3) });
    const draft = new SuggestionDraft(doc);
    draft.keepInStep();
    const notes = notesOf(doc, draft.content);
    draft.content.insert(0, '> ');
    await until('it has moved', () => notes.state.get().places.get(id)?.index === 6);
    text.insert(0, '1. ');
    await until('it has moved again', () => notes.state.get().places.get(id)?.index === 9);
    draft.destroy();
  });

  it('tell what a suggestion would change, at once after every change of the text', async () => {
    const { doc, text } = withText('one two three');
    const notes = notesOf(doc);
    const id = suggest(doc, (draft) => { draft.delete(4, 3); draft.insert(4, 'TWO'); });
    const change = (from: number) => ({ kind: 'change', parts: [{ kind: 'delete', at: from, text: 'two' }, { kind: 'insert', at: from + 3, text: 'TWO' }] });
    await until('it is looked at', () => notes.state.get().effects.has(id));
    expect(notes.state.get().effects.get(id)).toEqual(change(4));
    text.insert(0, '> ');
    expect([notes.state.get().effects.get(id), notes.state.get().before]).toEqual([change(6), '> one two three']);
    text.delete(8, 1);
    await until('it is looked at anew', () => JSON.stringify(notes.state.get().effects.get(id)).includes('"tw"'));
    acceptSuggestion(doc, id, 'usr_w');
    await until('it is decided', () => notes.state.get().effects.size === 0);
    expect(text.toString()).toBe('> one TWO three');
  });
});
