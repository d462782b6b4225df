import { Documents, type AccessLevel } from '../lib/documents';
import { Problem } from '../lib/problem';
import type { Session, User } from '../lib/session';
import { DocumentSession } from './document_session';
import { maySend, type Outbox } from './outbox';

export interface Delivery {
  delivered: string[];
  /** Their document is gone, or may no longer be changed as it was. */
  refused: string[];
}

const kPatienceMs = 30_000;

/**
 * Sends what earlier pages left in the outbox, document by document, without showing any of it. Ends early when the
 * hub cannot be reached or `signal` says so; what was not sent stays where it is.
 */
export async function deliverKept(session: Session, user: User, outbox: Outbox, signal: AbortSignal): Promise<Delivery> {
  const result: Delivery = { delivered: [], refused: [] };
  const documents = new Documents(session);
  for (const documentId of await outbox.documents()) {
    if (signal.aborted) break;
    try {
      const info = await documents.read(documentId, signal);
      const kept = await outbox.load(documentId);
      const mine = kept.filter((change) => maySend(info.access_level, change));
      if (mine.length < kept.length) result.refused.push(documentId);
      if (mine.length > 0 && await deliver(session, user, outbox, documentId, info.access_level, signal)) result.delivered.push(documentId);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 404) break;
      result.refused.push(documentId);
    }
  }
  return result;
}

async function deliver(session: Session, user: User, outbox: Outbox, documentId: string, level: AccessLevel, signal: AbortSignal): Promise<boolean> {
  const live = new DocumentSession({ documentId, user, session, outbox, level, present: false });
  try {
    await live.start();
    const saved = await new Promise<boolean>((resolve) => {
      const look = () => {
        const state = live.state.get();
        if (state.stopped) resolve(false);
        else if (state.save === 'saved') resolve(true);
      };
      live.state.subscribe(look);
      setTimeout(() => resolve(false), kPatienceMs);
      signal.addEventListener('abort', () => resolve(false));
      look();
    });
    await live.settled();
    return saved;
  } finally {
    live.destroy();
  }
}
