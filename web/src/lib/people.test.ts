import { describe, expect, it } from 'vitest';
import { administers, hasEnded, manages, People, rolesToGive, wholeAddress, type Invitation, type Role } from './people';
import type { Session } from './session';

// The hub's own table is held by src/identity/account_changes_test.cpp.
describe('who manages whose account', () => {
  const roles: Role[] = ['owner', 'admin', 'member', 'guest'];
  it.each<[Role, boolean[]]>([
    ['owner', [false, true, true, true]], ['admin', [false, false, true, true]],
    ['member', [false, false, false, false]], ['guest', [false, false, false, false]],
  ])('%s', (mine, expected) => {
    expect(roles.map((theirs) => manages(mine, theirs))).toEqual(expected);
    expect(rolesToGive(mine).length > 0).toBe(administers(mine));
    expect(rolesToGive(mine)).not.toContain('owner');
  });

  it('only the owner makes admins', () => {
    expect(rolesToGive('owner')).toContain('admin');
    expect(rolesToGive('admin')).not.toContain('admin');
  });
});

describe('the list', () => {
  it('is asked for by words and pages', async () => {
    const asked: string[] = [];
    const session = { request: (path: string) => { asked.push(path); return Promise.resolve({ users: [], next: null }); } } as unknown as Session;
    const people = new People(session);
    await people.list(null, '');
    await people.list('usr_1', 'a & b');
    expect(asked).toEqual(['/users?', '/users?query=a+%26+b&after=usr_1']);
  });
});

describe('invitations', () => {
  it('end', () => {
    const invitation = { expires_at: '2026-11-20T12:00:00.000Z' } as Invitation;
    expect(hasEnded(invitation, Date.parse('2026-11-20T11:59:59Z'))).toBe(false);
    expect(hasEnded(invitation, Date.parse('2026-11-20T12:00:00Z'))).toBe(true);
  });

  it.each([
    ['/register#abc', 'http://127.0.0.1:8080/register#abc'], ['https://hub.example.org/register#abc', 'https://hub.example.org/register#abc'],
  ])('lead to %s', (link, address) => expect(wholeAddress(link, 'http://127.0.0.1:8080')).toBe(address));
});
