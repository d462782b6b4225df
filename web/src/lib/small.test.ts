import { describe, expect, it } from 'vitest';
import { accessLabel, mayShare, mayWrite, type AccessLevel } from './documents';
import { colourOf, displayName, initialsOf } from './person';
import { relativeTime } from './time';
import { countWords } from './words';

describe('words', () => {
  it.each([
    ['', 0], ['   \n\t', 0], ['one', 1], ["don't stop", 2], ['well-known fact', 2], ['3.5 litres', 3],
    ['— … !', 0], ['naïve café', 2], ['слово и дело', 3],
  ])('%j has %i', (text, count) => expect(countWords(text)).toBe(count));

  it('are found in scripts without spaces', () => expect(countWords('我喜欢音乐')).toBeGreaterThan(1));
});

describe('what may be done', () => {
  it.each<[AccessLevel, boolean, boolean]>([
    ['read', false, false], ['comment', false, false], ['suggest', false, false], ['write', true, false],
    ['share', true, true], ['owner', true, true],
  ])('with %s', (level, write, share) => {
    expect([mayWrite(level), mayShare(level)]).toEqual([write, share]);
    expect(accessLabel(level)).toMatch(/\w/);
  });
});

describe('relative time', () => {
  const now = Date.parse('2026-03-10T12:00:00.000Z');
  it.each([
    ['2026-03-10T11:59:50.000Z', 'just now'],
    ['2026-03-10T12:00:30.000Z', 'just now'],
    ['2026-03-10T11:55:00.000Z', '5 minutes ago'],
    ['2026-03-10T10:59:00.000Z', '1 hour ago'],
    ['2026-03-09T12:00:00.000Z', 'yesterday'],
    ['2025-03-10T12:00:00.000Z', 'last year'],
    ['not a time', ''],
  ])('%s is %j', (then, words) => expect(relativeTime(then, now)).toBe(words));
});

describe('a person', () => {
  it('has the same colour everywhere', () => {
    expect(colourOf('usr_a')).toBe(colourOf('usr_a'));
    expect(new Set(Array.from({ length: 200 }, (_, i) => colourOf(`usr_${i}`))).size).toBe(12);
  });

  it('has a colour that white letters can be read on', () => {
    const channel = (value: number) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    for (let i = 0; i < 200; i++) {
      const [r, g, b] = [1, 3, 5].map((at) => channel(parseInt(colourOf(`usr_${i}`).slice(at, at + 2), 16) / 255)) as [number, number, number];
      expect(1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05)).toBeGreaterThan(4.5);
    }
  });

  it.each([['Ada Lovelace', 'AL'], ['ada', 'A'], ['  ', '?'], ['ada.m.lovelace', 'AL'], ['Ж Я', 'ЖЯ'], ['😀 x', '😀X']])(
    'called %j is shortened to %s', (name, initials) => expect(initialsOf(name)).toBe(initials));

  it('without a name goes by the e-mail', () => {
    expect(displayName({ name: '', email: 'ada@example.org' })).toBe('ada');
    expect(displayName({ name: ' Ada ', email: 'x@example.org' })).toBe('Ada');
  });
});
