import { Store } from './lib/store';
import { SignedOut, type Session } from './lib/session';
import { Drafts } from './live/drafts';
import { Outbox } from './live/outbox';

/** What signing out would lose: the number of documents that have unsent changes, and of those that have drafts of suggestions. */
export interface AtStake {
  changes: number;
  drafts: number;
}

/** Set while the person is asked whether it may be lost. */
export const signOutQuestion = new Store<AtStake | null>(null);

export async function openOutbox(userId: string): Promise<Outbox | null> {
  try {
    return await Outbox.open(indexedDB, userId);
  } catch {
    return null;
  }
}

export async function openDrafts(userId: string): Promise<Drafts | null> {
  try {
    return await Drafts.open(indexedDB, userId, navigator.locks);
  } catch {
    return null;
  }
}

/** Signs out, after asking if this device still has something that the hub does not. */
export async function requestSignOut(session: Session): Promise<void> {
  const user = session.user;
  if (!user) throw new SignedOut();
  const [outbox, kept] = await Promise.all([openOutbox(user.id), openDrafts(user.id)]);
  const changes = (await outbox?.documents().catch(() => []))?.length ?? 0;
  const drafts = (await kept?.documents().catch(() => 0)) ?? 0;
  outbox?.close();
  kept?.close();
  if (changes + drafts > 0) signOutQuestion.set({ changes, drafts });
  else await signOutNow(session);
}

/** Signs out and removes what the person left on this device. */
export async function signOutNow(session: Session): Promise<void> {
  signOutQuestion.set(null);
  const user = session.user;
  await session.signOut();
  if (user) await Promise.allSettled([Outbox, Drafts].map((store) => store.erase(indexedDB, user.id)));
}
