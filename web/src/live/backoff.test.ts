import { describe, expect, it } from 'vitest';
import { readCloseReason } from './backoff';

describe('a close reason', () => {
  it('may end with when to come back', () => {
    expect(readCloseReason('the hub is going away; reconnect in 1234 ms')).toEqual({ said: 'the hub is going away', reconnectMs: 1234 });
    expect(readCloseReason('; reconnect in 0 ms')).toEqual({ said: '', reconnectMs: 0 });
  });

  it('never keeps anybody away for long', () => {
    expect(readCloseReason('later; reconnect in 999999999 ms').reconnectMs).toBe(300_000);
  });

  it.each(['', 'too slow', 'reconnect in 5 ms', 'x; reconnect in -5 ms', 'x; reconnect in 5 ms!', 'x; reconnect in 1234567890 ms'])(
    'that says nothing of it is what it is: %s', (reason) => {
      expect(readCloseReason(reason)).toEqual({ said: reason });
    });
});
