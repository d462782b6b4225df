import { describe, expect, it } from 'vitest';
import { endIn, isFolder, Sharing, withShare, type Share } from './sharing';
import type { Session } from './session';

describe('sharing', () => {
  it('asks the routes of what is shared', async () => {
    const asked: string[] = [];
    const session = { request: (path: string, call: { method?: string; body?: unknown } = {}) => {
      asked.push(`${call.method ?? 'GET'} ${path} ${JSON.stringify(call.body ?? null)}`);
      return Promise.resolve({ shares: [], inherited: [], links: [] });
    } } as unknown as Session;
    const sharing = new Sharing(session);
    await sharing.list('doc_1');
    await sharing.list('fld_1');
    await sharing.share('fld_1', 'grp_1', 'read', { expires_at: '2026-11-20T12:00:00.000Z' });
    await sharing.share('doc_1', 'everybody', 'write');
    await sharing.unshare('fld_1', 'everybody');
    await sharing.removeLink('fld_1', 'agt_1');
    expect(asked).toEqual([
      'GET /documents/doc_1/share null', 'GET /folders/fld_1/share null',
      'POST /folders/fld_1/share {"principal":"grp_1","access_level":"read","expires_at":"2026-11-20T12:00:00.000Z"}',
      'POST /documents/doc_1/share {"principal":"everybody","access_level":"write"}',
      'DELETE /folders/fld_1/share/everybody null', 'DELETE /folders/fld_1/links/agt_1 null',
    ]);
  });

  it('knows a folder by its identifier', () => expect([isFolder('fld_1'), isFolder('doc_1')]).toEqual([true, false]));

  it('without an end has none', () => {
    expect(endIn(0)).toEqual({});
    expect(endIn(24, Date.parse('2026-11-20T12:00:00Z'))).toEqual({ expires_at: '2026-11-21T12:00:00.000Z' });
  });

  it('keeps the order of who is in the list', () => {
    const of = (principal: string, access_level: Share['access_level'] = 'read'): Share => ({ principal, kind: 'user', name: principal, access_level });
    const before = [of('a', 'owner'), of('b'), of('c')];
    expect(withShare(before, of('b', 'write')).map((one) => `${one.principal} ${one.access_level}`)).toEqual(['a owner', 'b write', 'c read']);
    expect(withShare(before, of('d')).map((one) => one.principal)).toEqual(['a', 'b', 'c', 'd']);
  });
});
