import type Quill from 'quill/core';
import { Delta } from 'quill/core';

interface Context {
  prefix: string;
  offset: number;
  format: Record<string, unknown>;
}

interface Here {
  index: number;
  length: number;
}

type Handler = (this: { quill: Quill }, range: Here, context: Context) => boolean;

interface Binding {
  key: string;
  shiftKey?: null | boolean;
  shortKey?: boolean;
  collapsed?: boolean;
  prefix?: RegExp;
  format?: Record<string, boolean>;
  handler: Handler;
}

const notInCode = { 'code-block': false, code: false };

/** A mark at the start of a line and a space: `## ` makes a heading. Undo brings the mark back. */
function lineMark(prefix: RegExp, format: (mark: string) => [string, unknown]): Binding {
  return {
    key: ' ', shiftKey: null, collapsed: true, prefix, format: { 'code-block': false, list: false },
    handler(range, context) {
      const { quill } = this;
      const { length } = context.prefix;
      if (context.offset !== length) return true;
      const [name, value] = format(context.prefix);
      quill.insertText(range.index, ' ', 'user');
      quill.history.cutoff();
      quill.updateContents(new Delta().retain(range.index - length).delete(length + 1), 'user');
      quill.formatLine(range.index - length, 1, name, value, 'user');
      quill.history.cutoff();
      quill.setSelection(range.index - length, 0, 'silent');
      return false;
    },
  };
}

/** Marks around some characters: typing the last one formats what is between. */
function spanMark(key: string, prefix: RegExp, format: string): Binding {
  return {
    key, shiftKey: null, collapsed: true, prefix, format: notInCode,
    handler(range, context) {
      const { quill } = this;
      const match = prefix.exec(context.prefix);
      const inner = match?.[1];
      if (!match || !inner) return true;
      quill.insertText(range.index, key, 'user');
      quill.history.cutoff();
      const start = range.index - match[0].length;
      const attributes = { ...context.format, [format]: true };
      quill.updateContents(new Delta().retain(start).insert(inner, attributes).delete(match[0].length + 1), 'user');
      quill.history.cutoff();
      quill.setSelection(start + inner.length, 0, 'silent');
      quill.format(format, false, 'user');
      return false;
    },
  };
}

/** Escape leaves the editor, so that Tab, which indents here, is no trap for the keyboard. */
const leave = (onLeave: () => void): Binding => ({
  key: 'Escape', handler() { onLeave(); return false; },
});

export function richKeys(onLink: () => void, onLeave: () => void): Record<string, unknown> {
  return {
    'mark heading': lineMark(/^#{1,3}$/, (mark) => ['header', mark.length]),
    'mark quote': lineMark(/^>$/, () => ['blockquote', true]),
    'mark code block': lineMark(/^```$/, () => ['code-block', true]),
    'mark bold': spanMark('*', /\*\*([^*\s](?:[^*]*[^*\s])?)\*$/, 'bold'),
    'mark italic': spanMark('*', /(?<![*\w])\*([^*\s](?:[^*]*[^*\s])?)$/, 'italic'),
    'mark code': spanMark('`', /(?<!`)`([^`]+)$/, 'code'),
    link: { key: 'k', shortKey: true, handler() { onLink(); return false; } } satisfies Binding,
    leave: leave(onLeave),
  };
}

/** Characters only: no formatting by keyboard, and a new line keeps the indentation of the one before. */
export function plainKeys(onLeave: () => void): Record<string, unknown> {
  return {
    bold: null, italic: null, underline: null, 'list autofill': null,
    'keep indentation': {
      key: 'Enter', collapsed: true,
      handler(range) {
        const { quill } = this;
        const [line, offset] = quill.getLine(range.index);
        const text = line?.domNode.textContent ?? '';
        const indent = /^[ \t]+/.exec(text.slice(0, offset))?.[0];
        if (!indent) return true;
        quill.updateContents(new Delta().retain(range.index).insert(`\n${indent}`), 'user');
        quill.setSelection(range.index + 1 + indent.length, 0, 'silent');
        quill.scrollSelectionIntoView();
        return false;
      },
    } satisfies Binding,
    leave: leave(onLeave),
  };
}
