import { expect, it } from 'vitest';
import { hunksOf, type Hunk } from './hunks';

const lorem = 'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua.';
const plain = (hunks: readonly Hunk[]) =>
  hunks.map(({ pieces }) => pieces.map(({ kind, text }) => ({ same: text, insert: `+${text}+`, delete: `-${text}-`, format: `~${text}~` })[kind]).join(''));

it.each<[string, Parameters<typeof hunksOf>[0], string[]]>([
  ['nothing', [], []],
  ['one word for another', [{ kind: 'delete', at: 6, text: 'ipsum' }, { kind: 'insert', at: 11, text: 'opsum' }], ['Lorem -ipsum-+opsum+ dolor sit amet, consect…']],
  ['one after the other', [{ kind: 'insert', at: 0, text: 'A' }, { kind: 'format', at: 6, text: 'ipsum', attributes: { bold: true } }], ['+A+Lorem ~ipsum~ dolor sit amet, consect…']],
  ['far apart', [{ kind: 'delete', at: 0, text: 'Lorem ' }, { kind: 'insert', at: lorem.length, text: ' Amen.' }], ['-Lorem -ipsum dolor sit amet, co…', '… et dolore magna aliqua.+ Amen.+']],
])('%s', (_what, parts, shown) => expect(plain(hunksOf(parts, lorem, 9).hunks)).toEqual(shown));

it('cuts no character in two', () => {
  const text = '😀'.repeat(60);
  const [hunk] = hunksOf([{ kind: 'insert', at: 61 - 1, text: 'x' }], text, 9).hunks;
  expect(hunk!.pieces.every(({ text: piece }) => piece === [...piece].join('') && !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(piece))).toBe(true);
  const odd = hunksOf([{ kind: 'insert', at: 61, text: 'x' }], `x${text}`, 9).hunks[0]!;
  expect(odd.pieces.map(({ text: piece }) => piece).join('')).toMatch(/^…(😀)+x(😀)+…$/u);
});

it('shows no more than is asked for, and counts the rest', () => {
  const text = '0123456789'.repeat(2_000);
  const parts = Array.from({ length: 50 }, (_, n) => ({ kind: 'insert' as const, at: n * 200, text: 'x' }));
  const { hunks, more } = hunksOf(parts, text, 6);
  expect([hunks.length, more, plain(hunks)[5]]).toEqual([6, 44, '…678901234567890123456789+x+012345678901234567890123…']);
  const whole = hunksOf(parts, text, 50);
  expect([whole.more, whole.hunks.slice(0, 6)]).toEqual([0, hunks]);
});

it('shortens what is long, and takes what has many pieces for several places', () => {
  const [long] = hunksOf([{ kind: 'insert', at: 0, text: 'x'.repeat(1_000_000) }], lorem, 6).hunks;
  expect(long!.pieces[0]!.text).toMatch(/^x{1500}… \(1,000,000 characters\)$/);
  const dense = hunksOf(Array.from({ length: 1_000 }, (_, n) => ({ kind: 'delete' as const, at: n * 2, text: 'a' })), 'ab'.repeat(1_000), 6);
  expect(dense.hunks.length).toBe(6);
  expect(dense.more).toBe(1);
  expect(Math.max(...dense.hunks.map(({ pieces }) => pieces.length))).toBeLessThan(70);
});
