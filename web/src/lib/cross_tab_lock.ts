/**
 * Mutual exclusion between the tabs of one browser.
 *
 * Web Locks do this well but exist only in secure contexts (https, or localhost). A hub reached over plain http on a
 * local network gets the fallback: a lease in localStorage. It is the usual write, wait, look-again protocol: a tab
 * holds the lock once its own mark has survived the settling time. The lease lapses by itself if its tab dies.
 */
export interface LeaseStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface LockOptions {
  locks?: Pick<LockManager, 'request'> | undefined;
  storage: LeaseStorage;
  now?: () => number;
  sleep?: (ms: number) => Promise<void>;
  random?: () => number;
}

const kLeaseMs = 15_000;
const kSettleMs = 40;
const kPollMs = 60;

export async function withCrossTabLock<T>(name: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  if (options.locks) return options.locks.request(name, work) as Promise<T>;
  return withLease(`${name}.lease`, options, work);
}

async function withLease<T>(key: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const now = options.now ?? Date.now;
  const sleep = options.sleep ?? ((ms: number) => new Promise((done) => setTimeout(done, ms)));
  const random = options.random ?? Math.random;
  const mark = random().toString(36).slice(2);
  const holder = () => {
    const [owner, until] = (options.storage.getItem(key) ?? '').split(':');
    return owner && Number(until) > now() ? owner : null;
  };

  for (;;) {
    if (holder() === null) {
      options.storage.setItem(key, `${mark}:${now() + kLeaseMs}`);
      await sleep(kSettleMs);
      if (holder() === mark) break;
    }
    await sleep(kPollMs + random() * kPollMs);
  }
  try {
    return await work();
  } finally {
    if (holder() === mark) options.storage.removeItem(key);
  }
}
