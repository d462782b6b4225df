import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { clearMarks, showMarks } from '../editor/highlights';
import type { Editor } from '../editor/make_editor';
import { mac } from '../editor/toolbar';
import { findPlaces, placesOf as placesOfClient, type Place } from '../live/anchors';
import type { Part } from '../live/suggestion_effect';
import { kEmbedded } from '../live/text_change';
import { IconButton } from '../ui/button';
import { isOpen } from '../live/suggestions';
import type { Margin } from './use_margin';

export const kCommentKeys = mac ? '⌘⌥M' : 'Ctrl+Alt+M';

interface InTextProps {
  editor: Editor;
  margin: Margin;
  /** The text in the editor is the document's, so suggestions can be shown in it. */
  real: boolean;
}

/** What of the margin is seen in the text itself: marks, what would be inserted, and the way to comment. */
export function InText({ editor, margin, real }: InTextProps) {
  const inserted = useMarks(editor, margin, real);
  return (
    <>
      <InsertionTags editor={editor} tags={inserted} onPress={margin.reveal} />
      <SelectionButton editor={editor} margin={margin} />
    </>
  );
}

/** Draws again when what is watched says so, once a frame at most. */
function useRedraw(watch: (again: () => void) => () => void): void {
  const [, setDrawn] = useState(0);
  useEffect(() => {
    let frame = 0;
    const release = watch(() => { frame ||= requestAnimationFrame(() => { frame = 0; setDrawn((count) => count + 1); }); });
    return () => { cancelAnimationFrame(frame); release(); };
  }, [watch]);
}

interface Tag {
  id: string;
  at: number;
  text: string;
}

function useMarks({ quill, content }: Editor, margin: Margin, real: boolean): Tag[] {
  const { state, current, composing, showsDone } = margin;
  // Drawing a change may put other nodes into the place of those that a mark holds on to.
  useRedraw(useCallback((again) => {
    quill.on('text-change', again);
    return () => quill.off('text-change', again);
  }, [quill]));
  const parts: (Part & { id: string })[] = [];
  if (real) {
    for (const { id } of state.suggestions.filter(isOpen)) {
      const effect = state.effects.get(id);
      if (effect?.kind === 'change') for (const part of effect.parts) parts.push({ ...part, id });
    }
  }
  useEffect(() => {
    const shown: Place[] = [];
    const chosen: Place[] = [];
    for (const { id, resolved } of state.comments) {
      const place = state.places.get(id);
      if (!place || (resolved && !showsDone)) continue;
      if (id === current) chosen.push(place);
      else if (!resolved) shown.push(place);
    }
    const draft = composing?.anchor ? findPlaces(content, [composing.anchor])[0] : null;
    if (draft) chosen.push(draft);
    showMarks(quill, 'comment', shown);
    showMarks(quill, 'comment-current', chosen);
    const placesOf = (kind: Part['kind']) => parts.filter((part) => part.kind === kind).map((part) => ({ index: part.at, length: part.text.length }));
    showMarks(quill, 'deletion', placesOf('delete'));
    showMarks(quill, 'formatting', placesOf('format'));
    showMarks(quill, 'insertion', !real && content.doc ? placesOfClient(content, content.doc.clientID) : []);
  });
  useEffect(() => clearMarks, [quill]);
  return parts.filter((part) => part.kind === 'insert').map((part) => ({ id: part.id, at: part.at, text: part.text }));
}

const kMaxTags = 100;

/** Small tags that stand where a suggestion would insert something. */
function InsertionTags({ editor: { quill }, tags, onPress }: { editor: Editor; tags: Tag[]; onPress: (id: string) => void }) {
  const layer = useRef<HTMLDivElement>(null);
  useRedraw(useCallback((again) => {
    const watcher = new ResizeObserver(again);
    watcher.observe(quill.root);
    return () => watcher.disconnect();
  }, [quill]));
  useLayoutEffect(() => {
    layer.current?.querySelectorAll<HTMLElement>('[data-at]').forEach((element) => {
      const bounds = quill.getBounds(Math.min(Number(element.dataset['at']), quill.getLength() - 1), 0);
      element.hidden = !bounds;
      if (!bounds) return;
      const room = quill.root.clientWidth - element.offsetWidth - 4;
      element.style.left = `${Math.max(4, Math.min(bounds.left, room))}px`;
      element.style.top = `${bounds.top - 14}px`;
    });
  });
  return (
    <div ref={layer}>
      {tags.slice(0, kMaxTags).map((tag) => (
        <button
          key={`${tag.id} ${tag.at}`} type="button" data-at={tag.at} data-testid="insertion-tag" tabIndex={-1} title={`Suggested: ${tag.text}`} onClick={() => onPress(tag.id)}
          className="insertion-tag absolute z-10 max-w-48 truncate rounded-sm px-1 text-2xs leading-4 font-[550] shadow-card"
        >
          {tag.text.trim().replaceAll(kEmbedded, '▢') || (tag.text.includes('\n') ? '¶' : '␣')}
        </button>
      ))}
    </div>
  );
}

/** The comment at a place: of several, the one on the shortest text. */
function commentAt(margin: Margin, index: number): string | null {
  let best: { id: string; length: number } | null = null;
  for (const { id, resolved } of margin.state.comments) {
    const place = margin.state.places.get(id);
    if (!place || resolved || index < place.index || index > place.index + place.length || place.length === 0) continue;
    if (!best || place.length < best.length) best = { id, length: place.length };
  }
  return best?.id ?? null;
}

interface Offer {
  index: number;
  length: number;
  /** The comment that the cursor is in. */
  comment: string | null;
}

/** At the edge of the text, beside what is selected: comment on it, or show the comment that is there. */
function SelectionButton({ editor, margin }: { editor: Editor; margin: Margin }) {
  const { quill } = editor;
  const [offer, setOffer] = useState<Offer | null>(null);
  const button = useRef<HTMLDivElement>(null);
  const latest = useRef(margin);
  latest.current = margin;

  useEffect(() => {
    const onSelection = (range: { index: number; length: number } | null) => {
      if (!range) return setOffer(null);
      const comment = range.length === 0 ? commentAt(latest.current, range.index) : null;
      setOffer(comment || (range.length > 0 && latest.current.mayComment) ? { ...range, comment } : null);
      // Beside the text there is room to show it at once.
      if (comment && latest.current.isOpen) latest.current.setCurrent(comment);
      if (comment && latest.current.isOpen) document.querySelector(`[data-note-id="${CSS.escape(comment)}"]`)?.scrollIntoView({ block: 'nearest' });
    };
    const onText = () => setOffer(null);
    quill.on('selection-change', onSelection);
    quill.on('text-change', onText);
    return () => { quill.off('selection-change', onSelection); quill.off('text-change', onText); };
  }, [quill]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.code !== 'KeyM' || !event.altKey || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      const range = quill.getSelection();
      const here = range && range.length === 0 ? commentAt(latest.current, range.index) : null;
      if (here) latest.current.reveal(here);
      else latest.current.compose();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [quill]);

  useLayoutEffect(() => {
    const element = button.current;
    if (!element || !offer) return;
    const bounds = quill.getBounds(offer.index, offer.length);
    if (bounds) element.style.top = `${Math.max(0, matchMedia('(min-width: 40rem)').matches ? bounds.top - 4 : bounds.bottom + 4)}px`;
  });

  if (!offer || (offer.comment && margin.isOpen)) return null;
  const { comment } = offer;
  return (
    <div ref={button} className="absolute right-1 z-20 rounded-full border border-line bg-raised shadow-float animate-fade" onMouseDown={(event) => event.preventDefault()}>
      {comment
        ? <IconButton icon="comment" label="Show the comment" className="rounded-full" onClick={() => margin.reveal(comment)} data-testid="show-comment" />
        : <IconButton icon="commentPlus" label={`Comment (${kCommentKeys})`} className="rounded-full" onClick={() => margin.compose()} data-testid="add-comment" />}
    </div>
  );
}
