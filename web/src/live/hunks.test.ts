import { expect, it } from 'vitest';
import { hunksOf } from './hunks';

const lorem = 'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua.';
const plain = (hunks: ReturnType<typeof hunksOf>) =>
  hunks.map(({ pieces }) => pieces.map(({ kind, text }) => ({ same: text, insert: `+${text}+`, delete: `-${text}-`, format: `~${text}~` })[kind]).join(''));

it.each<[string, Parameters<typeof hunksOf>[0], string[]]>([
  ['nothing', [], []],
  ['one word for another', [{ kind: 'delete', at: 6, text: 'ipsum' }, { kind: 'insert', at: 11, text: 'opsum' }], ['Lorem -ipsum-+opsum+ dolor sit amet, consect…']],
  ['one after the other', [{ kind: 'insert', at: 0, text: 'A' }, { kind: 'format', at: 6, text: 'ipsum', attributes: { bold: true } }], ['+A+Lorem ~ipsum~ dolor sit amet, consect…']],
  ['far apart', [{ kind: 'delete', at: 0, text: 'Lorem ' }, { kind: 'insert', at: lorem.length, text: ' Amen.' }], ['-Lorem -ipsum dolor sit amet, co…', '… et dolore magna aliqua.+ Amen.+']],
])('%s', (_what, parts, shown) => expect(plain(hunksOf(parts, lorem))).toEqual(shown));

it('cuts no character in two', () => {
  const text = '😀'.repeat(60);
  const [hunk] = hunksOf([{ kind: 'insert', at: 61 - 1, text: 'x' }], text);
  expect(hunk!.pieces.every(({ text: piece }) => piece === [...piece].join('') && !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(piece))).toBe(true);
  const odd = hunksOf([{ kind: 'insert', at: 61, text: 'x' }], `x${text}`)[0]!;
  expect(odd.pieces.map(({ text: piece }) => piece).join('')).toMatch(/^…(😀)+x(😀)+…$/u);
});
