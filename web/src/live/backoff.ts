/**
 * Delays between attempts: exponential with a ceiling, each drawn from its upper half, so that the browsers which lost
 * the same hub do not come back in step.
 */
export class Backoff {
  private failures = 0;

  constructor(
    private readonly minMs: number,
    private readonly maxMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  next(): number {
    const ceiling = Math.min(this.maxMs, this.minMs * 2 ** Math.min(this.failures++, 16));
    return ceiling * (0.5 + this.random() / 2);
  }

  reset(): void {
    this.failures = 0;
  }
}

const kHint = /; reconnect in (\d{1,9}) ms$/;
const kLongestHintMs = 300_000;

/**
 * What a close reason says, and when the hub wants the client back, where it says so: it spreads those that it sends away
 * over the time that it takes to serve them all.
 */
export function readCloseReason(reason: string): { said: string; reconnectMs?: number } {
  const hint = kHint.exec(reason);
  if (!hint) return { said: reason };
  return { said: reason.slice(0, hint.index), reconnectMs: Math.min(Number(hint[1]), kLongestHintMs) };
}
