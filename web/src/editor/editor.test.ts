// @vitest-environment jsdom
import { Delta } from 'quill/core';
import { afterEach, describe, expect, it } from 'vitest';
import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { makeEditor, type Editor, type Shown } from './make_editor';

interface Page extends Editor {
  doc: Y.Doc;
  content: Y.Text;
}

// jsdom lays nothing out; Quill asks where the selection is in order to scroll to it.
Range.prototype.getBoundingClientRect = () => ({ x: 0, y: 0, width: 0, height: 0, top: 0, left: 0, right: 0, bottom: 0, toJSON() {} });

/** More by hand: SEEDS=200 npx vitest run src/editor */
const kSeeds = Number(process.env['SEEDS'] ?? 6);
const kRelayed = Symbol('relayed');
let pages: { page: Page; awareness: Awareness }[] = [];

function open(options: { rich?: boolean; readOnly?: boolean; from?: Y.Doc } = {}): Page {
  const doc = new Y.Doc();
  if (options.from) Y.applyUpdate(doc, Y.encodeStateAsUpdate(options.from));
  const content = doc.getText('content');
  const awareness = new Awareness(doc);
  const host = document.body.appendChild(document.createElement('div'));
  const live = { doc, content, awareness } satisfies Shown;
  const editor = makeEditor(host, live, {
    rich: options.rich ?? true, readOnly: options.readOnly ?? false, placeholder: '', label: 'Text', onLink() {}, onLeave() {}, onTyped() {},
  });
  const page = { ...editor, doc, content };
  pages.push({ page, awareness });
  return page;
}

afterEach(() => {
  for (const { page, awareness } of pages) {
    page.destroy();
    awareness.destroy();
  }
  pages = [];
  document.body.replaceChildren();
});

/** Brings documents in step with each other. */
function exchange(docs: Y.Doc[]): void {
  for (const from of docs) {
    for (const to of docs) if (from !== to) Y.applyUpdate(to, Y.encodeStateAsUpdate(from, Y.encodeStateVector(to)), kRelayed);
  }
}

/** A Delta with one character and its attributes per op: how it is cut into ops does not matter. */
function letters(delta: { ops?: unknown[] } | unknown[]): string[] {
  const ops = (Array.isArray(delta) ? delta : (delta.ops ?? [])) as { insert: unknown; attributes?: Record<string, unknown> }[];
  return ops.flatMap(({ insert, attributes }) => {
    const shown = Object.entries(attributes ?? {}).filter(([, value]) => value !== false && value !== null).sort();
    return [...(typeof insert === 'string' ? insert : '\uFFFC')].map((letter) => `${letter}${JSON.stringify(shown)}`);
  });
}

function expectInStep(page: Page): void {
  expect(letters(page.quill.getContents())).toEqual(letters([...page.content.toDelta(), { insert: '\n' }]));
}

/** Presses a key that types a character, as far as the editor's key bindings go; jsdom types nothing by itself. */
function type({ quill }: Page, text: string): void {
  for (const key of text) {
    const range = quill.getSelection(true);
    const event = new KeyboardEvent('keydown', { key: key === '\n' ? 'Enter' : key, bubbles: true, cancelable: true });
    quill.root.dispatchEvent(event);
    if (event.defaultPrevented) continue;
    quill.insertText(range.index, key, quill.getFormat(range), 'user');
    quill.setSelection(range.index + 1, 0, 'silent');
  }
}

describe('an editor and its shared text', () => {
  it.each(['', 'one line', 'ends with a newline\n', '\n\n', 'two\nlines'])('show the same when it starts as %j', (text) => {
    const source = new Y.Doc();
    source.getText('content').insert(0, text);
    const page = open({ from: source });
    expectInStep(page);
    expect(page.content.toString()).toBe(text);
  });

  it('opening changes nothing', () => {
    const source = new Y.Doc();
    source.getText('content').insert(0, 'x\n');
    const page = open({ from: source });
    expect(Y.encodeStateAsUpdate(page.doc)).toEqual(Y.encodeStateAsUpdate(source));
  });

  it('agree about a formatted last line on every page', () => {
    const [a, b] = [open(), open()];
    a.quill.insertText(0, 'Title', 'user');
    a.quill.formatLine(0, 1, 'header', 1, 'user');
    exchange([a.doc, b.doc]);
    expectInStep(a);
    expectInStep(b);
    expect(b.quill.getText()).toBe('Title\n\n');
    b.quill.insertText(6, 'below', 'user');
    exchange([a.doc, b.doc]);
    expect(a.quill.getText()).toBe('Title\nbelow\n');
    expectInStep(a);
  });

  it('survive what this editor does not know', () => {
    const page = open();
    const other = new Y.Doc();
    exchange([page.doc, other]);
    const text = other.getText('content');
    text.insert(0, 'before  after');
    text.insertEmbed(7, { image: 'https://example.org/x.png' });
    text.insertEmbed(0, { mention: { id: 7 } });
    text.format(0, 3, { font: 'comic', header: 99, color: 'red' });
    text.applyDelta([{ retain: text.length }, { insert: '\n', attributes: { list: 'spiral', indent: 99 } }]);
    exchange([page.doc, other]);
    expect(page.quill.getLength()).toBe(text.length + 1);
    expect(page.quill.root.querySelectorAll('.ql-unknown')).toHaveLength(2);
    page.quill.deleteText(0, 1, 'user');
    exchange([page.doc, other]);
    expect(text.toString()).toBe('before  after\n');
    expect(text.toDelta().filter((op: { insert: unknown }) => typeof op.insert === 'object')).toEqual([{ insert: { image: 'https://example.org/x.png' } }]);
  });

  const put: [string, (text: Y.Text) => void][] = [
    ['a heading of no level', (text) => { text.insert(0, 'x\n'); text.format(1, 1, { header: 99 }); }],
    ['a list of no kind', (text) => { text.insert(0, 'x\n'); text.format(1, 1, { list: { a: 1 }, indent: -4 }); }],
    ['all line formats at once', (text) => { text.insert(0, 'x\n'); text.format(1, 1, { list: 'bullet', 'code-block': 'c', header: 1, blockquote: true }); }],
    ['line formats inside a line', (text) => { text.insert(0, 'xyz'); text.format(0, 2, { header: 1, list: 'bullet' }); }],
    ['the editor’s own parts as formats', (text) => { text.insert(0, 'x\ny'); text.format(0, 3, { block: true, scroll: 1, text: 'x', cursor: true, break: true, unknown: 'x', 'list-container': true } as object); }],
    ['names from every object', (text) => { text.insert(0, 'xyz', { constructor: 1, toString: 1, hasOwnProperty: 1 } as object); }],
    ['the editor’s own parts as embeds', (text) => { for (const kind of ['block', 'scroll', 'text', 'cursor', 'break', 'list', 'bold', 'list-container', 'unknown']) text.insertEmbed(0, { [kind]: 'yy' }); }],
    ['another shared type', (text) => text.insertEmbed(0, new Y.Map() as never)],
    ['an embed of nothing', (text) => { text.insert(0, 'x'); text.insertEmbed(1, {}); }],
    ['other line ends', (text) => text.insert(0, 'a\r\nb\rc\u2028d\n')],
    ['invisible characters', (text) => text.insert(0, 'a\uFEFFb\0c\uFEFF', { bold: true })],
    ['half a surrogate pair', (text) => { text.insert(0, 'a😀b'); text.delete(1, 1); }],
    ['an address without end', (text) => text.insert(0, 'x', { link: 'https://x/'.repeat(9_000) })],
  ];
  for (const [what, act] of put) {
    it.each([true, false])(`agree about positions with ${what} in it (rich: %s)`, (rich) => {
      const early = open({ rich });
      const source = new Y.Doc();
      act(source.getText('content'));
      const late = open({ rich, from: source });
      exchange([source, early.doc]);
      for (const page of [early, late]) {
        const { length } = page.content;
        expect(page.quill.getLength()).toBe(length + 1);
        page.quill.insertText(length, 'end', 'user');
        expect(page.content.toString().endsWith('end')).toBe(true);
        expect(page.quill.isEnabled()).toBe(true);
      }
    });
  }

  it('let no link run a script', () => {
    const source = new Y.Doc();
    source.getText('content').insert(0, 'press', { link: 'javascript:alert(1)' });
    const page = open({ from: source });
    expect(page.quill.root.querySelector('a')?.getAttribute('href')).toBe('about:blank');
  });

  it.each(Array.from({ length: kSeeds }, (_, index) => index + 1))('converge after random edits, seed %i', (seed) => {
    let state = seed * 0x9e3779b9;
    const random = (below: number) => {
      state = Math.imul(state ^ (state >>> 15), state | 1);
      state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
      return ((state ^ (state >>> 14)) >>> 0) % below;
    };
    const editors = [open(), open(), open()];
    const raw = new Y.Doc();
    const docs = [...editors.map((page) => page.doc), raw];
    const lines: [string, unknown][] = [['header', 1], ['header', 2], ['header', false], ['list', 'bullet'], ['list', 'checked'], ['list', false], ['blockquote', true], ['code-block', true], ['code-block', false], ['indent', '+1']];
    const spans: [string, unknown][] = [['bold', true], ['italic', true], ['bold', false], ['code', true], ['link', 'https://example.org/'], ['link', false]];

    for (let step = 0; step < 60; step++) {
      const page = editors[random(editors.length)] as Page;
      const { quill } = page;
      const length = quill.getLength();
      const index = random(length);
      const text = raw.getText('content');
      switch (random(9)) {
        case 0: case 1: quill.insertText(index, 'abc'.slice(random(3)), 'user'); break;
        case 2: quill.updateContents(new Delta().retain(index).insert('\n'), 'user'); break;
        case 3: quill.deleteText(index, 1 + random(4), 'user'); break;
        case 4: { const [name, value] = lines[random(lines.length)] as [string, unknown]; quill.formatLine(index, 1 + random(5), name, value, 'user'); break; }
        case 5: { const [name, value] = spans[random(spans.length)] as [string, unknown]; quill.formatText(index, 1 + random(5), name, value, 'user'); break; }
        case 6: if (random(2)) page.undoManager.undo(); else page.undoManager.redo(); break;
        case 7: text.insert(random(text.length + 1), random(3) ? 'raw' : '\n'); break;
        case 8: if (text.length > 0) text.delete(random(text.length), 1); break;
      }
      if (random(4) === 0) page.undoManager.stopCapturing();
      if (random(3) === 0) exchange(docs);
      expect(quill.getLength()).toBe(page.content.length + 1);
    }
    exchange(docs);
    exchange(docs);
    for (const page of editors) {
      expect(letters(page.content.toDelta())).toEqual(letters(raw.getText('content').toDelta()));
      expect(page.quill.getText()).toBe(`${raw.getText('content').toString()}\n`);
    }
  });
});

describe('undo', () => {
  it('takes back this person’s edits only', () => {
    const [a, b] = [open(), open()];
    a.quill.insertText(0, 'mine', 'user');
    exchange([a.doc, b.doc]);
    b.quill.insertText(4, ' yours', 'user');
    exchange([a.doc, b.doc]);
    (a.quill.history as { undo(): void }).undo();
    expect(a.content.toString()).toBe(' yours');
    expect(a.quill.getSelection()?.index).toBe(0);
    (a.quill.history as { redo(): void }).redo();
    expect(a.content.toString()).toBe('mine yours');
    expectInStep(a);
  });
});

describe('marks typed in a rich text', () => {
  it.each([
    ['# Title', [{ insert: 'Title' }, { insert: '\n', attributes: { header: 1 } }]],
    ['### Small', [{ insert: 'Small' }, { insert: '\n', attributes: { header: 3 } }]],
    ['> Said', [{ insert: 'Said' }, { insert: '\n', attributes: { blockquote: true } }]],
    ['- item', [{ insert: 'item' }, { insert: '\n', attributes: { list: 'bullet' } }]],
    ['[ ] task', [{ insert: 'task' }, { insert: '\n', attributes: { list: 'unchecked' } }]],
    ['``` x=1', [{ insert: 'x=1' }, { insert: '\n', attributes: { 'code-block': true } }]],
    ['**bold** no', [{ insert: 'bold', attributes: { bold: true } }, { insert: ' no' }]],
    ['*it* no', [{ insert: 'it', attributes: { italic: true } }, { insert: ' no' }]],
    ['`code` no', [{ insert: 'code', attributes: { code: true } }, { insert: ' no' }]],
    ['2 * 3 * 4', [{ insert: '2 * 3 * 4' }]],
    ['a#b # c', [{ insert: 'a#b # c' }]],
  ])('%j', (typed, delta) => {
    const page = open();
    type(page, typed);
    expect(page.content.toDelta()).toEqual(delta);
    expectInStep(page);
  });
});

describe('a plain text', () => {
  it('takes no formatting, neither typed nor by shortcut', () => {
    const page = open({ rich: false });
    type(page, '# not a title\n- **x** `y`');
    page.quill.setSelection(0, 5);
    page.quill.root.dispatchEvent(new KeyboardEvent('keydown', { key: 'b', ctrlKey: true, bubbles: true, cancelable: true }));
    expect(page.content.toDelta()).toEqual([{ insert: '# not a title\n- **x** `y`' }]);
  });

  it('keeps the indentation', () => {
    const page = open({ rich: false });
    type(page, '  if\nthen\n');
    expect(page.content.toString()).toBe('  if\n  then\n  ');
  });
});
