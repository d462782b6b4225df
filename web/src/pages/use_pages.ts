import { useCallback, useEffect, useRef, useState } from 'react';
import { asProblem, type Problem } from '../lib/problem';

export interface Page<T, Cursor> {
  items: T[];
  next: Cursor | null;
}

interface Pages<T, Cursor> {
  items: T[] | null; // null: nothing came yet
  next: Cursor | null;
  busy: boolean;
  problem: Problem | null;
}

/**
 * A list that the hub answers in pages. `ask` is for what `key` says: with another key the list is asked for anew, and
 * what was shown stays until the answer is here. Answers that come too late count for nothing.
 */
export function usePages<T, Cursor>(key: string, ask: (after: Cursor | null, signal: AbortSignal) => Promise<Page<T, Cursor>>) {
  const [pages, setPages] = useState<Pages<T, Cursor>>({ items: null, next: null, busy: true, problem: null });
  const running = useRef<AbortController | null>(null);
  const latest = useRef(ask);
  latest.current = ask;

  const load = useCallback(async (after: Cursor | null) => {
    running.current?.abort();
    const controller = (running.current = new AbortController());
    setPages((before) => ({ ...before, busy: true, problem: null }));
    try {
      const page = await latest.current(after, controller.signal);
      if (controller.signal.aborted) return;
      setPages((before) => ({ items: after === null ? page.items : [...(before.items ?? []), ...page.items], next: page.next, busy: false, problem: null }));
    } catch (error) {
      if (!controller.signal.aborted) setPages((before) => ({ ...before, busy: false, problem: asProblem(error) }));
    }
  }, []);

  useEffect(() => {
    void load(null);
    return () => running.current?.abort();
  }, [load, key]);

  return {
    ...pages,
    more: () => void load(pages.next),
    reload: () => void load(null),
    change: (edit: (items: T[]) => T[]) => setPages((before) => ({ ...before, items: before.items && edit(before.items) })),
  };
}
