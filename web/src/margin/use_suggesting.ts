import { useCallback, useEffect, useMemo, useState } from 'react';
import { useUser } from '../app_context';
import type { Standing } from '../lib/documents';
import type { DocumentSession } from '../live/document_session';
import { SuggestionDraft } from '../live/suggestion_draft';
import { addSuggestion } from '../live/suggestions';
import { toastDone } from '../ui/toasts';

export interface Suggesting {
  /** It may be switched on and off. */
  free: boolean;
  on: boolean;
  /** In what the editor works while it is on. */
  draft: SuggestionDraft | null;
  setOn: (on: boolean) => void;
  /** Makes one suggestion of what was written; false where that comes to nothing. */
  suggest: (message: string) => boolean;
  discard: () => void;
}

/** Working on a copy of the document: by choice for who may write, always for who may only suggest. */
export function useSuggesting(live: DocumentSession, standing: Standing): Suggesting {
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
    const ask = (event: BeforeUnloadEvent) => { if (draft.changed.get()) event.preventDefault(); };
    addEventListener('beforeunload', ask);
    return () => {
      removeEventListener('beforeunload', ask);
      draft.destroy();
    };
  }, [draft]);

  const suggest = useCallback((message: string) => {
    const update = draft?.finish();
    if (!update) return false;
    addSuggestion(live.doc, { author: user.id, message, update });
    toastDone('Suggested');
    setRound((count) => count + 1);
    return true;
  }, [draft, live, user.id]);

  return { free, on, draft, setOn: setWanted, suggest, discard: useCallback(() => setRound((count) => count + 1), []) };
}
