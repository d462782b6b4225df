import { useEffect, useState } from 'react';
import type * as Y from 'yjs';
import { countWords } from '../lib/words';
import { cx } from '../ui/cx';

const kPauseMs = 400;
/** Counting a long text may take a twentieth of the time at most. */
const kShare = 20;

/** `aside`: something stands at the page's right edge. */
export function WordCount({ text, aside }: { text: Y.Text; aside: boolean }) {
  const [count, setCount] = useState<number | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let tookMs = 0;
    const look = () => {
      timer = undefined;
      const start = performance.now();
      setCount(countWords(text.toString()));
      tookMs = performance.now() - start;
    };
    const soon = () => { timer ??= setTimeout(look, Math.max(kPauseMs, tookMs * kShare)); };
    look();
    text.observe(soon);
    return () => { clearTimeout(timer); text.unobserve(soon); };
  }, [text]);
  if (count === null) return null;
  return (
    <p data-testid="word-count" className={cx('pointer-events-none px-6 pb-6 text-xs text-faint tabular-nums sm:px-10 lg:fixed lg:bottom-4 lg:p-0', aside ? 'lg:right-[21.25rem]' : 'lg:right-5')}>
      {count.toLocaleString()} {count === 1 ? 'word' : 'words'}
    </p>
  );
}
