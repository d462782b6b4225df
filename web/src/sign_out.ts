import { Store } from './lib/store';
import { SignedOut, type Session } from './lib/session';
import { Outbox } from './live/outbox';

/** Set while the person is asked whether unsent changes may be lost: the number of documents that have some. */
export const signOutQuestion = new Store<number>(0);

export async function openOutbox(userId: string): Promise<Outbox | null> {
  try {
    return await Outbox.open(indexedDB, userId);
  } catch {
    return null;
  }
}

/** Signs out, after asking if this device still has changes that the hub does not. */
export async function requestSignOut(session: Session): Promise<void> {
  const user = session.user;
  if (!user) throw new SignedOut();
  const outbox = await openOutbox(user.id);
  const waiting = (await outbox?.documents().catch(() => [])) ?? [];
  outbox?.close();
  if (waiting.length > 0) signOutQuestion.set(waiting.length);
  else await signOutNow(session);
}

/** Signs out and removes what the person left on this device. */
export async function signOutNow(session: Session): Promise<void> {
  signOutQuestion.set(0);
  const user = session.user;
  await session.signOut();
  if (user) await Outbox.erase(indexedDB, user.id).catch(() => {});
}
