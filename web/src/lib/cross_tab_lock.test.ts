import { expect, it } from 'vitest';
import { pause } from '../../test/hub';
import { withCrossTabLock } from './cross_tab_lock';

function memory() {
  const values = new Map<string, string>();
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
  };
}

it('lets one tab in at a time, also without Web Locks', async () => {
  const storage = memory();
  let inside = 0;
  let most = 0;
  const results = await Promise.all(Array.from({ length: 5 }, (_, tab) => withCrossTabLock('lock', { storage }, async () => {
    most = Math.max(most, ++inside);
    await pause(20);
    inside--;
    return tab;
  })));
  expect(results).toEqual([0, 1, 2, 3, 4]);
  expect(most).toBe(1);
  expect(storage.getItem('lock.lease')).toBeNull();
});

it('is free again after a failure', async () => {
  const storage = memory();
  await expect(withCrossTabLock('lock', { storage }, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(withCrossTabLock('lock', { storage }, () => Promise.resolve('in'))).resolves.toBe('in');
});

it('takes over from a tab that died holding it', async () => {
  const storage = memory();
  let now = 1_000;
  storage.setItem('lock.lease', `dead:${now + 15_000}`);
  const sleep = (ms: number) => { now += ms; return Promise.resolve(); };
  const entered = withCrossTabLock('lock', { storage, now: () => now, sleep }, () => Promise.resolve(now));
  expect(await entered).toBeGreaterThanOrEqual(16_000);
});
