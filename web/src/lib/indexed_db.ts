/** IndexedDB's requests as promises. */
export function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Everything that the transaction was asked for is done. */
export function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

/** The same; it is asked for nothing more, and so is stored even if the page goes now. */
export function stored(transaction: IDBTransaction): Promise<void> {
  transaction.commit();
  return finished(transaction);
}
