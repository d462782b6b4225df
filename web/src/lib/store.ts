/** A value that can be watched. Made for useSyncExternalStore: `get` returns the same object until it changes. */
export class Store<T> {
  private value: T;
  private readonly listeners = new Set<() => void>();

  constructor(initial: T) {
    this.value = initial;
  }

  readonly get = (): T => this.value;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  set(next: T): void {
    if (Object.is(next, this.value)) return;
    this.value = next;
    for (const listener of [...this.listeners]) listener();
  }

  /** Sets the given members; tells nobody when none of them differs. */
  patch(part: Partial<T>): void {
    const changed = (Object.keys(part) as (keyof T)[]).some((key) => !Object.is(part[key], this.value[key]));
    if (changed) this.set({ ...this.value, ...part });
  }
}
