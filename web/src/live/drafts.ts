import { finished, settled, stored } from '../lib/indexed_db';

/**
 * Drafts of suggestions that are not made yet, kept in IndexedDB so that they outlive the page.
 *
 * Database `concord-drafts-<user id>`, object store `drafts`: key = [document, id], value = { document: string, id: string,
 * update: Uint8Array (Yjs V1), message: string, at: number (ms) }, index `at`.
 *
 * One document may have several: each page that is open at one keeps its own. It is one database a user, deleted at sign-out.
 */
export interface StoredDraft {
  document: string;
  id: string;
  update: Uint8Array;
  message: string;
  at: number;
}

/** A device keeps no more than this; what was written longest ago goes first. */
export const kMaxDrafts = 100;
/** As much as a suggestion may be. */
export const kMaxDraftBytes = 1024 * 1024;
export const kMaxDraftAgeMs = 180 * 24 * 3_600_000;

const kStore = 'drafts';
const kAt = 'at';
const kPrefix = 'concord-drafts-';
/** Whoever works on a draft holds a lock of this name: other tabs leave it alone. */
const kLockPrefix = 'concord-draft-';

export class Drafts {
  private constructor(private readonly database: IDBDatabase, private readonly locks: LockManager | undefined) {
    // Another tab signs out, or a newer version of the app upgrades: do not stand in its way.
    database.onversionchange = () => database.close();
  }

  /**
   * Rejects where the browser refuses storage. Without `locks`, which plain http has none of, a draft may be taken up while
   * another tab works on it; then there are two of it.
   */
  static async open(factory: IDBFactory, userId: string, locks?: LockManager): Promise<Drafts> {
    const request = factory.open(kPrefix + userId, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(kStore, { keyPath: ['document', 'id'] }).createIndex(kAt, kAt);
    };
    const drafts = new Drafts(await settled(request), locks);
    await drafts.prune(Date.now());
    return drafts;
  }

  static async erase(factory: IDBFactory, userId: string): Promise<void> {
    await settled(factory.deleteDatabase(kPrefix + userId));
  }

  /** Keeps a draft, in the place of those whose text it has now. */
  async put(draft: StoredDraft, instead: readonly string[] = []): Promise<void> {
    const transaction = this.database.transaction(kStore, 'readwrite');
    const store = transaction.objectStore(kStore);
    for (const id of instead) store.delete([draft.document, id]);
    store.put(draft);
    await stored(transaction);
  }

  /** What nobody is working on, the oldest first. */
  async left(document: string): Promise<StoredDraft[]> {
    const { held = [] } = (await this.locks?.query()) ?? {};
    const taken = new Set(held.map((lock) => lock.name));
    const store = this.database.transaction(kStore, 'readonly').objectStore(kStore);
    const all = (await settled(store.getAll(IDBKeyRange.bound([document], [document, []])))) as StoredDraft[];
    return all.filter(({ id }) => !taken.has(kLockPrefix + id)).sort((a, b) => a.at - b.at);
  }

  async remove(document: string, ids: readonly string[]): Promise<void> {
    const transaction = this.database.transaction(kStore, 'readwrite');
    for (const id of ids) transaction.objectStore(kStore).delete([document, id]);
    await stored(transaction);
  }

  /** How many documents have some. */
  async documents(): Promise<number> {
    const keys = await settled(this.database.transaction(kStore, 'readonly').objectStore(kStore).getAllKeys());
    return new Set(keys.map((key) => (key as [string, string])[0])).size;
  }

  /** Takes away what is too much, or too old. */
  async prune(now: number): Promise<void> {
    const transaction = this.database.transaction(kStore, 'readwrite');
    const store = transaction.objectStore(kStore);
    const counting = store.count();
    counting.onsuccess = () => {
      let excess = counting.result - kMaxDrafts;
      const walking = store.index(kAt).openCursor();
      walking.onsuccess = () => {
        const cursor = walking.result;
        if (!cursor || (excess-- <= 0 && (cursor.key as number) > now - kMaxDraftAgeMs)) return;
        cursor.delete();
        cursor.continue();
      };
    };
    await finished(transaction);
  }

  /** Works on a draft until the answer is called, or the page goes. */
  hold(id: string): () => void {
    let release = () => {};
    const held = new Promise<void>((resolve) => { release = resolve; });
    void this.locks?.request(kLockPrefix + id, () => held).catch(() => {});
    return release;
  }

  close(): void {
    this.database.close();
  }
}
