/** Two arcs around one caret: two hands, one text. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" className="fill-accent" />
      <g fill="none" strokeWidth="2.7" strokeLinecap="round" className="stroke-on-accent">
        <path d="M11.2 8.6a9 9 0 0 0 0 14.8M20.8 8.6a9 9 0 0 1 0 14.8M16 10.9v10.2" />
      </g>
    </svg>
  );
}

export function Wordmark() {
  return (
    <span className="inline-flex items-center gap-2.5">
      <Mark />
      <span className="text-lg font-[620] tracking-[-0.022em]">Concord</span>
    </span>
  );
}
