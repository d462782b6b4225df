import { suffices, type AccessLevel, type Needs } from '../lib/documents';
import { finished, settled, stored } from '../lib/indexed_db';

/**
 * Changes made on this device that the hub has not yet acknowledged, kept in IndexedDB so that they outlive the page.
 *
 * Database `concord-outbox-<user id>`, object store `changes`: key = auto-incremented number, value =
 * { document: string, update: Uint8Array (Yjs V1), at: number (ms), needs: the access that sending it takes }, index `document`.
 *
 * It holds unsent changes only, never documents: the hub has everything else, what leaves the device leaves this
 * store, and sending a change twice does no harm. It is one database a user, deleted at sign-out.
 */
export interface StoredChange {
  key: number;
  document: string;
  update: Uint8Array;
  at: number;
  /** Absent in what was kept when all changes needed it: 'write'. */
  needs?: Needs;
}

/** Whether somebody with this access may send the change. */
export const maySend = (level: AccessLevel, change: StoredChange): boolean => suffices(level, change.needs ?? 'write');

const kStore = 'changes';
const kIndex = 'document';
const kPrefix = 'concord-outbox-';

export class Outbox {
  private constructor(private readonly database: IDBDatabase) {
    // Another tab signs out, or a newer version of the app upgrades: do not stand in its way.
    database.onversionchange = () => database.close();
  }

  /** Rejects where the browser refuses storage (some private windows). */
  static async open(factory: IDBFactory, userId: string): Promise<Outbox> {
    const request = factory.open(kPrefix + userId, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(kStore, { autoIncrement: true }).createIndex(kIndex, 'document');
    };
    return new Outbox(await settled(request));
  }

  static async erase(factory: IDBFactory, userId: string): Promise<void> {
    await settled(factory.deleteDatabase(kPrefix + userId));
  }

  async append(document: string, update: Uint8Array, at: number, needs: Needs = 'write'): Promise<number> {
    const transaction = this.database.transaction(kStore, 'readwrite');
    const key = settled(transaction.objectStore(kStore).add({ document, update, at, needs }));
    await stored(transaction);
    return (await key) as number;
  }

  async load(document: string): Promise<StoredChange[]> {
    const found: StoredChange[] = [];
    const transaction = this.database.transaction(kStore, 'readonly');
    const request = transaction.objectStore(kStore).index(kIndex).openCursor(IDBKeyRange.only(document));
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) return;
      found.push({ key: cursor.primaryKey as number, ...(cursor.value as Omit<StoredChange, 'key'>) });
      cursor.continue();
    };
    await finished(transaction);
    return found;
  }

  async remove(keys: readonly number[]): Promise<void> {
    if (keys.length === 0) return;
    const transaction = this.database.transaction(kStore, 'readwrite');
    for (const key of keys) transaction.objectStore(kStore).delete(key);
    await stored(transaction);
  }

  /** The documents that have something here. */
  async documents(): Promise<string[]> {
    const found: string[] = [];
    const transaction = this.database.transaction(kStore, 'readonly');
    const request = transaction.objectStore(kStore).index(kIndex).openKeyCursor(null, 'nextunique');
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) return;
      found.push(String(cursor.key));
      cursor.continue();
    };
    await finished(transaction);
    return found;
  }

  close(): void {
    this.database.close();
  }
}
