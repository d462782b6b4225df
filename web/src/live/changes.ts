import type { Needs } from '../lib/documents';

/** The origin of a transaction whose author knows that less than write access will do for it. */
export class Change {
  constructor(readonly needs: Needs) {}
}

/** What a transaction of this origin needs: all that does not say so needs write access. */
export const needsOf = (origin: unknown): Needs => (origin instanceof Change ? origin.needs : 'write');
