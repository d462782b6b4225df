/** Two open rings that share a middle: two hands in one text. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" className="fill-accent" />
      <g fill="none" strokeWidth="2.6" strokeLinecap="round" className="stroke-on-accent">
        <path d="M17.6 11.2a6.6 6.6 0 1 0 0 9.6" />
        <path d="M14.4 20.8a6.6 6.6 0 1 0 0-9.6" strokeOpacity=".72" />
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
