import { describe, expect, it } from 'vitest';
import { Account, deviceOf } from './account';
import type { Session } from './session';

describe('deviceOf', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0', 'Edge on Windows'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15', 'Safari on macOS'],
    ['Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36', 'Chrome on Android'],
    ['curl/8.5.0', 'curl'],
    ['', 'An unknown program'],
  ])('%s', (agent, words) => expect(deviceOf(agent)).toBe(words));
});

describe('export', () => {
  it('brings all pages together', async () => {
    const pages: Record<string, unknown> = {
      '/auth/me/export': { account: { id: 'usr_1' }, documents: [1, 2], next: 'doc_2' },
      '/auth/me/export?after=doc_2': { account: { id: 'usr_1' }, documents: [3], next: null },
    };
    const session = { request: (path: string) => Promise.resolve(pages[path]) } as unknown as Session;
    expect(await new Account(session).export()).toEqual({ account: { id: 'usr_1' }, documents: [1, 2, 3] });
  });
});
