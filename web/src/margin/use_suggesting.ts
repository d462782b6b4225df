import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useStore, useUser } from '../app_context';
import type { Standing } from '../lib/documents';
import type { DocumentSession } from '../live/document_session';
import { DraftKeeper } from '../live/draft_keeper';
import type { Drafts, StoredDraft } from '../live/drafts';
import { SuggestionDraft } from '../live/suggestion_draft';
import { kMaxUpdateBytes } from '../live/suggestion_effect';
import { addSuggestion } from '../live/suggestions';
import { openDrafts } from '../sign_out';
import { toastDone, toastProblem } from '../ui/toasts';

export interface Suggesting {
  /** It may be switched on and off. */
  free: boolean;
  on: boolean;
  /** In what the editor works while it is on. */
  draft: SuggestionDraft | null;
  /** Switching it off discards what was written. */
  setOn: (on: boolean) => void;
  /** Makes one suggestion of what was written. */
  suggest: () => void;
  discard: () => void;
}

/**
 * Working on a copy of the document: by choice for who may write, always for who may only suggest. What is written is kept
 * on this device, and is there again when the document is next opened.
 */
export function useSuggesting(live: DocumentSession, documentId: string, standing: Standing): Suggesting {
  const user = useUser();
  const [wanted, setWanted] = useState(false);
  const [round, setRound] = useState(0);
  const free = standing === 'write';
  const on = free ? wanted : standing === 'suggest';

  // Made while drawing, so that the editor goes from one text to the other in one step and the page does not jump.
  const draft = useMemo(() => (on ? new SuggestionDraft(live.doc) : null), [on, live, round]);
  useEffect(() => {
    if (!draft) return;
    draft.keepInStep();
    return () => draft.destroy();
  }, [draft]);

  const keeper = useKeptDraft(live, documentId, user.id, draft, free || on, setWanted);
  const next = useCallback(() => {
    void keeper.current?.forget();
    setRound((count) => count + 1);
  }, [keeper]);

  const suggest = useCallback(() => {
    const update = draft?.finish();
    if (!draft || !update) return toastProblem('Nothing to suggest', 'What was written comes to no change of the text.');
    if (update.length > kMaxUpdateBytes) return toastProblem('This is too much for one suggestion', 'Take some of it back, suggest the rest, and then go on.');
    addSuggestion(live.doc, { author: user.id, message: draft.message.get().trim(), update });
    toastDone('Suggested');
    // The draft goes once the suggestion is kept in its place.
    live.flush();
    void keeper.current?.forget(live.settled());
    setRound((count) => count + 1);
  }, [draft, live, user.id, keeper]);

  const setOn = useCallback((value: boolean) => {
    if (!value) void keeper.current?.forget();
    setWanted(value);
  }, [keeper]);
  return { free, on, draft, setOn, suggest, discard: next };
}

/** Keeps the draft, and brings back what an earlier page left of one; `setOn` is called where there is something to bring back. */
function useKeptDraft(
  live: DocumentSession, documentId: string, userId: string, draft: SuggestionDraft | null, may: boolean, setOn: (on: boolean) => void,
): { readonly current: DraftKeeper | null } {
  const [drafts, setDrafts] = useState<Drafts | null | undefined>(undefined);
  const [left, setLeft] = useState<readonly StoredDraft[]>([]);
  const keeper = useRef<DraftKeeper | null>(null);
  const work = useRef<Promise<unknown>>(Promise.resolve());
  const { ready } = useStore(live.state);

  useEffect(() => {
    if (!draft || drafts === undefined) return;
    const made = new DraftKeeper(drafts, documentId, draft);
    keeper.current = made;
    const leave = () => made.flush();
    const hide = () => { if (document.visibilityState === 'hidden') leave(); };
    // Where the browser keeps nothing, leaving would lose it: let it ask.
    const ask = (event: BeforeUnloadEvent) => {
      made.flush();
      if (made.atRisk.get()) event.preventDefault();
    };
    addEventListener('beforeunload', ask);
    addEventListener('pagehide', leave);
    document.addEventListener('visibilitychange', hide);
    return () => {
      removeEventListener('beforeunload', ask);
      removeEventListener('pagehide', leave);
      document.removeEventListener('visibilitychange', hide);
      keeper.current = null;
      work.current = made.destroy();
    };
  }, [draft, drafts, documentId]);

  // After the above, so that a draft's last words are written before the storage is closed.
  useEffect(() => {
    let current = true;
    let opened: Drafts | null = null;
    void openDrafts(userId).then((found) => {
      opened = found;
      if (current) setDrafts(found);
      else found?.close();
    });
    return () => {
      current = false;
      void work.current.finally(() => opened?.close());
    };
  }, [userId]);

  useEffect(() => {
    if (!drafts || !ready || !may) return;
    let current = true;
    work.current.then(() => drafts.left(documentId)).then((found) => {
      if (!current || found.length === 0) return;
      setLeft(found);
      setOn(true);
    }, (error: unknown) => console.error('Kept drafts could not be read', error));
    return () => { current = false; };
  }, [drafts, live, ready, may, documentId, setOn]);

  useEffect(() => {
    if (!draft || !keeper.current || left.length === 0) return;
    setLeft([]);
    const unread = keeper.current.bring(left);
    if (unread > 0) toastProblem('A draft of yours cannot be shown', 'It builds on changes that are not in the document. It stays on this device.');
    if (draft.changed.get()) toastDone('Your draft is back');
    else setOn(false);
  }, [draft, drafts, left, setOn]);
  return keeper;
}
