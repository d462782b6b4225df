import { expect, it } from 'vitest';
import { membersInWords, sortMembers } from './groups';

it.each([[0, '0 members'], [1, '1 member'], [2, '2 members']])('%i is %s', (count, words) => expect(membersInWords(count)).toBe(words));

it('members are in the order of their names, whatever their capitals', () => {
  const of = (name: string, email = '') => ({ id: name + email, name, email });
  const sorted = sortMembers([of('ben', 'b@x'), of('Zoe'), of('Ada'), of('ben', 'a@x')]);
  expect(sorted.map((one) => one.id)).toEqual(['Ada', 'bena@x', 'benb@x', 'Zoe']);
});
