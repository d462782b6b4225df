import { Delta, type Op } from 'quill/core';

/**
 * What of a shared text an editor is given to show.
 *
 * Anybody who may write can put anything into a shared text: embeds of any kind, attributes of any name and value.
 * Quill throws, or runs without end, on much of that, and one writer could break the page of all others. So every
 * Delta on its way from the text to the editor passes through here. Lengths never change: positions must agree.
 * What is left out here stays in the text.
 */

/** The embed that stands for all others. */
export const kUnknown = 'unknown';

type Check = (value: unknown) => boolean;

const isTrue: Check = (value) => value === true;
const oneOf = (...values: unknown[]): Check => (value) => values.includes(value);
const integer = (least: number, most: number): Check => (value) =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;

const kMaxLink = 4_096;

const kFormats: Record<string, Check> = {
  bold: isTrue, italic: isTrue, underline: isTrue, strike: isTrue, code: isTrue, blockquote: isTrue,
  'code-block': (value) => value === true || (typeof value === 'string' && value !== ''),
  header: integer(1, 6),
  indent: integer(1, 8),
  list: oneOf('bullet', 'ordered', 'checked', 'unchecked'),
  link: (value) => typeof value === 'string' && value.length <= kMaxLink,
};

/** A code block's value may name a language, which this editor does not tell apart. */
const shown = (name: string, value: unknown): unknown => (name === 'code-block' ? true : value);

function attributesOf(op: Op, rich: boolean): Record<string, unknown> | undefined {
  if (!rich || !op.attributes) return undefined;
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(op.attributes)) {
    if (!Object.hasOwn(kFormats, name)) continue;
    const check = kFormats[name] as Check;
    // An unshowable value shows as none; for a retain that means taking off what was there.
    if (check(value)) kept[name] = shown(name, value);
    else kept[name] = null;
  }
  return Object.keys(kept).length > 0 ? kept : undefined;
}

function kindOf(embed: object): string {
  const keys = Object.getPrototypeOf(embed) === Object.prototype ? Object.keys(embed) : [];
  const name = keys.length === 1 ? (keys[0] as string) : '';
  return /^[a-z][a-z0-9_-]{0,30}$/i.test(name) ? name : 'object';
}

export function showable(ops: readonly Op[], rich: boolean): Delta {
  const cleaned = new Delta();
  for (const op of ops) {
    if (typeof op.insert === 'string') {
      // Quill would make one newline of CR LF, and one of a lone CR: a character that is not seen takes its place.
      cleaned.insert(op.insert.replaceAll('\r', '\u200b'), attributesOf(op, rich));
    } else if (op.insert !== undefined) {
      cleaned.insert({ [kUnknown]: kindOf(op.insert as object) });
    } else if (typeof op.retain === 'number') {
      cleaned.retain(op.retain, attributesOf(op, rich));
    } else if (op.delete !== undefined) {
      cleaned.delete(op.delete);
    }
  }
  return cleaned;
}
