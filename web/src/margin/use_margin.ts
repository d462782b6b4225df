import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type * as Y from 'yjs';
import { useUser } from '../app_context';
import { mayComment, maySuggest, mayWrite, type AccessLevel } from '../lib/documents';
import { findPlaces, makeAnchor, type Anchor, type Place } from '../live/anchors';
import { addComment, addReply, editBody, removeNote, reopenComment, resolveComment, type Comment } from '../live/comments';
import type { DocumentSession } from '../live/document_session';
import { Notes, type NotesState } from '../live/notes';
import { acceptSuggestion, isOpen, rejectSuggestion, type Suggestion } from '../live/suggestions';
import type { Editor } from '../editor/make_editor';
import { toastDone, toastProblem } from '../ui/toasts';
import { kNewComment, type Begun } from './composer';
import type { ThreadActions } from './thread';

/** A comment that is being written. */
export interface Composing {
  anchor: Anchor | null;
  quote: string;
}

/** A thing in the margin, and where in the text it belongs: none for the whole document, a length of 0 where its text is gone. */
export type Item =
  | { kind: 'comment'; comment: Comment; place: Place | null }
  | { kind: 'suggestion'; suggestion: Suggestion; at: number };

export interface Margin {
  state: NotesState;
  items: readonly Item[];
  /** Whoever has written here. */
  authors: readonly string[];
  /** How many are neither resolved nor decided. */
  openCount: number;
  hiddenCount: number;
  isOpen: boolean;
  /** By the way that the keyboard goes: the panel takes the focus. */
  setOpen: (open: boolean) => void;
  current: string | null;
  setCurrent: (id: string | null) => void;
  showsDone: boolean;
  setShowsDone: (shows: boolean) => void;
  composing: Composing | null;
  begun: Begun;
  /** Begins a comment on what is selected, or on the whole document. */
  compose: (whole?: boolean) => void;
  send: (body: string, mentions: string[]) => void;
  cancel: () => void;
  /** Opens the margin at what stands there. */
  reveal: (id: string) => void;
  actions: ThreadActions;
  accept: (id: string) => void;
  reject: (id: string) => void;
  me: string;
  mayComment: boolean;
  maySuggest: boolean;
  mayWrite: boolean;
}

const kNothing: NotesState = { comments: [], suggestions: [], places: new Map(), effects: new Map(), before: '' };

function useNotesState(live: DocumentSession | null, shown: Y.Text | null): NotesState {
  const [state, setState] = useState(kNothing);
  useEffect(() => {
    if (!live || !shown) return;
    const notes = new Notes(live.doc, shown);
    const look = () => setState(notes.state.get());
    const release = notes.state.subscribe(look);
    look();
    return () => { release(); notes.destroy(); };
  }, [live, shown]);
  return state;
}

/** In the order of the text: first what is of the whole document, last what has lost its text. */
function itemsOf({ comments, suggestions, places, effects }: NotesState, showsDone: boolean): Item[] {
  const items: (Item & { rank: number; time: number })[] = [];
  for (const comment of comments) {
    if (comment.resolved && !showsDone) continue;
    const place = places.get(comment.id) ?? null;
    const rank = !comment.anchor ? -1 : place && place.length > 0 ? place.index : Infinity;
    items.push({ kind: 'comment', comment, place, rank, time: comment.at });
  }
  for (const suggestion of suggestions) {
    if (!isOpen(suggestion) && !showsDone) continue;
    const effect = effects.get(suggestion.id);
    const at = effect?.kind === 'change' ? (effect.parts[0]?.at ?? Infinity) : Infinity;
    items.push({ kind: 'suggestion', suggestion, at, rank: at, time: suggestion.at });
  }
  return items.sort((a, b) => (a.rank === b.rank ? a.time - b.time : a.rank < b.rank ? -1 : 1));
}

export function useMargin(live: DocumentSession | null, shown: Y.Text | null, editor: Editor | null, level: AccessLevel): Margin {
  const user = useUser();
  const me = user.id;
  const comments = mayComment(level);
  const state = useNotesState(live, shown);
  const [opened, setOpened] = useState(false);
  const [current, setCurrent] = useState<string | null>(null);
  const [showsDone, setShowsDone] = useState(false);
  const [composing, setComposing] = useState<Composing | null>(null);
  const begun = useRef<Begun>(new Map()).current;
  const items = useMemo(() => itemsOf(state, showsDone), [state, showsDone]);
  const openCount = useMemo(() => state.comments.filter((one) => !one.resolved).length + state.suggestions.filter(isOpen).length, [state]);
  const authors = useMemo(() => [...new Set([...state.comments.flatMap((one) => [one.author, ...one.replies.map((reply) => reply.author)]), ...state.suggestions.map((one) => one.author)])], [state.comments, state.suggestions]);
  const hiddenCount = state.comments.length + state.suggestions.length - openCount;

  const reveal = useCallback((id: string) => {
    setOpened(true);
    setCurrent(id);
    const done = state.comments.some((one) => one.id === id && one.resolved) || state.suggestions.some((one) => one.id === id && !isOpen(one));
    if (done) setShowsDone(true);
    requestAnimationFrame(() => {
      const element = document.querySelector<HTMLElement>(`[data-note-id="${CSS.escape(id)}"]`);
      element?.scrollIntoView({ block: 'nearest' });
      element?.focus({ preventScroll: true });
    });
  }, [state]);

  const compose = useCallback((whole = false) => {
    if (!comments || !live || !shown) return;
    const range = whole ? null : (editor?.quill.getSelection() ?? null);
    setCurrent(null);
    setOpened(true);
    if (!range || range.length === 0 || range.index >= shown.length) { setComposing({ anchor: null, quote: '' }); return; }
    const length = Math.min(range.length, shown.length - range.index);
    const anchor = makeAnchor(shown, range.index, length);
    if (!findPlaces(live.content, [anchor])[0]) {
      toastProblem('This text is not in the document yet', 'Suggest your changes first, then comment on them.');
      return;
    }
    const quote = editor?.quill.getText(range.index, length) ?? '';
    setComposing({ anchor, quote });
  }, [comments, live, shown, editor]);

  const send = useCallback((body: string, mentions: string[]) => {
    if (!live || !composing) return;
    const id = addComment(live.doc, { author: me, body, mentions, anchor: composing.anchor, quote: composing.quote });
    setComposing(null);
    setCurrent(id);
    editor?.quill.focus({ preventScroll: true });
  }, [live, composing, me, editor]);

  const actions = useMemo<ThreadActions>(() => {
    const act = (change: (doc: Y.Doc) => unknown) => { if (live) change(live.doc); };
    return {
      reply: (comment, body, mentions) => act((doc) => addReply(doc, comment, { author: me, body, mentions })),
      edit: (at, body, mentions) => act((doc) => editBody(doc, at, body, mentions)),
      remove: (at) => act((doc) => removeNote(doc, at, me)),
      resolve: (comment) => { act((doc) => resolveComment(doc, comment, me)); toastDone('Resolved'); },
      reopen: (comment) => act((doc) => reopenComment(doc, comment, me)),
      goTo: ({ index, length }) => {
        if (!editor) return;
        // A sheet over a narrow page would hide what is shown.
        if (!matchMedia('(min-width: 64rem)').matches) setOpened(false);
        editor.quill.focus({ preventScroll: true });
        editor.quill.setSelection(index, length, 'user');
        editor.quill.scrollSelectionIntoView();
      },
    };
  }, [live, me, editor]);

  const accept = useCallback((id: string) => {
    if (!live) return;
    if (acceptSuggestion(live.doc, id, me)) toastDone('Accepted');
    else toastProblem('The suggestion was not accepted', 'It is not a change of the text that can be made now.');
  }, [live, me]);
  const reject = useCallback((id: string) => { if (live) rejectSuggestion(live.doc, id, me); }, [live, me]);

  return {
    state, items, authors, openCount, hiddenCount, isOpen: opened, current, setCurrent, showsDone, setShowsDone, composing, begun, compose, send, reveal, actions, accept, reject, me,
    setOpen: useCallback((open: boolean) => { setOpened(open); if (open) return; setCurrent(null); if (!begun.get(kNewComment)?.text.trim()) setComposing(null); }, [begun]),
    cancel: useCallback(() => { setComposing(null); editor?.quill.focus({ preventScroll: true }); }, [editor]),
    mayComment: comments, maySuggest: maySuggest(level), mayWrite: mayWrite(level),
  };
}
