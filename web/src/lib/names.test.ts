import { describe, expect, it } from 'vitest';
import { fitting, mentionAt, mentionedIn, withMentions } from './names';

const people = [{ id: 'usr_1', name: 'Ann' }, { id: 'usr_2', name: 'Ann Lee' }, { id: 'usr_3', name: 'Leo' }];

describe('mentions', () => {
  it('are found in the text, the longer name first', () => {
    expect(withMentions('Ask @Ann Lee or @Ann, not Leo', people).map(({ text, mention }) => [text, mention?.id])).toEqual([
      ['Ask ', undefined], ['@Ann Lee', 'usr_2'], [' or ', undefined], ['@Ann', 'usr_1'], [', not Leo', undefined],
    ]);
    expect(mentionedIn('@Leo and @Leo', people)).toEqual(['usr_3']);
    expect(mentionedIn('Leo', people)).toEqual([]);
  });

  it.each<[string, ReturnType<typeof mentionAt>]>([
    ['@', { at: 0, query: '' }], ['hi @an', { at: 3, query: 'an' }], ['(@Ann L', { at: 1, query: 'Ann L' }],
    ['a@b', null], ['@ x', null], ['@a\nb', null], ['none', null], ['', null], [`@${'x'.repeat(40)}`, null],
  ])('being typed: %j', (text, found) => expect(mentionAt(text, text.length)).toEqual(found));

  it('are offered best first', () => {
    expect(fitting(people, 'le').map((one) => one.id)).toEqual(['usr_3', 'usr_2']);
    expect(fitting(people, '')).toHaveLength(3);
    expect(fitting(people, 'x')).toEqual([]);
  });
});
