import { useEffect, useLayoutEffect, useRef, useState, type FormEvent } from 'react';
import { Button, IconButton } from '../ui/button';
import { cx } from '../ui/cx';
import { inputLook } from '../ui/field';
import { linkAddress } from './link_address';
import type { Editor } from './make_editor';

interface Place {
  index: number;
  length: number;
  address: string;
  editing: boolean;
}

/** The whole run of text around `index` that carries one link. */
function linkAround({ quill }: Editor, index: number): Omit<Place, 'editing'> | null {
  const addressAt = (at: number): unknown => (at >= 0 && at < quill.getLength() - 1 ? quill.getFormat(at, 1)['link'] : undefined);
  const inside = addressAt(index - 1);
  const address = typeof inside === 'string' && inside === addressAt(index) ? inside : undefined;
  if (address === undefined) return null;
  let start = index;
  let end = index;
  while (addressAt(start - 1) === address) start--;
  while (addressAt(end) === address) end++;
  return { index: start, length: end - start, address };
}

/** What hangs below a link: where it leads, and the way to change it. `request` grows when a link is asked for. */
export function LinkBubble({ editor, request, readOnly }: { editor: Editor; request: number; readOnly: boolean }) {
  const { quill } = editor;
  const [place, setPlace] = useState<Place | null>(null);
  const [draft, setDraft] = useState('');
  const [wrong, setWrong] = useState(false);
  const bubble = useRef<HTMLDivElement>(null);
  const seen = useRef(request);

  useEffect(() => {
    const onSelection = (range: { index: number; length: number } | null) => {
      if (!range) return;
      const around = range.length === 0 ? linkAround(editor, range.index) : null;
      setPlace(around ? { ...around, editing: false } : null);
    };
    const onText = () => setPlace((before) => (before?.editing ? before : null));
    quill.on('selection-change', onSelection);
    quill.on('text-change', onText);
    return () => {
      quill.off('selection-change', onSelection);
      quill.off('text-change', onText);
    };
  }, [editor, quill]);

  useEffect(() => {
    if (request === seen.current) return;
    seen.current = request;
    quill.focus({ preventScroll: true });
    const range = quill.getSelection();
    if (!range) return;
    const around = linkAround(editor, range.index + (range.length > 0 ? 1 : 0));
    const covers = around && range.index >= around.index && range.index + range.length <= around.index + around.length;
    const next = covers ? around : { index: range.index, length: range.length, address: '' };
    setDraft(next.address);
    setWrong(false);
    setPlace({ ...next, editing: true });
  }, [request, editor, quill]);

  // Below the text it belongs to, kept inside the page.
  useLayoutEffect(() => {
    const element = bubble.current;
    if (!element || !place) return;
    const bounds = quill.getBounds(place.index, place.length);
    const host = quill.container.getBoundingClientRect();
    if (!bounds) return;
    const room = document.documentElement.clientWidth - element.offsetWidth - 12;
    element.style.left = `${Math.max(12, Math.min(host.left + bounds.left, room)) - host.left}px`;
    element.style.top = `${bounds.bottom + 6}px`;
  });

  if (!place || (readOnly && place.editing)) return null;

  const close = () => {
    setPlace(null);
    quill.setSelection(place.index + place.length, 0, 'silent');
  };
  const apply = (event: FormEvent) => {
    event.preventDefault();
    const address = linkAddress(draft);
    if (!address) { setWrong(true); return; }
    quill.history.cutoff();
    if (place.length > 0) quill.formatText(place.index, place.length, 'link', address, 'user');
    else quill.insertText(place.index, draft.trim(), { link: address }, 'user');
    quill.history.cutoff();
    setPlace(null);
    quill.setSelection(place.index + (place.length || draft.trim().length), 0, 'user');
    quill.format('link', false, 'silent');
  };
  const remove = () => {
    quill.formatText(place.index, place.length, 'link', false, 'user');
    close();
  };

  return (
    <div
      ref={bubble} data-testid="link-bubble"
      className="absolute z-20 flex max-w-[calc(100vw-1.5rem)] items-center gap-1 rounded-lg border border-line bg-raised p-1 text-sm shadow-float animate-fade"
      onKeyDown={(event) => { if (event.key === 'Escape') { event.stopPropagation(); close(); } }}
    >
      {place.editing ? (
        <form onSubmit={apply} className="flex items-center gap-1">
          <input
            value={draft} autoFocus aria-label="Address of the link" placeholder="example.org" data-testid="link-address" aria-invalid={wrong || undefined}
            onChange={(event) => { setDraft(event.target.value); setWrong(false); }}
            className={cx(inputLook, 'h-8 w-64 max-w-[60vw] px-2 text-sm')}
          />
          <Button type="submit" look="primary" data-testid="link-apply">Link</Button>
        </form>
      ) : (
        <>
          <a href={linkAddress(place.address) ?? undefined} target="_blank" rel="noopener noreferrer" className="max-w-64 truncate rounded-sm px-2 text-accent underline-offset-3 hover:underline">{place.address}</a>
          {readOnly ? null : (
            <>
              <IconButton icon="pencil" label="Change the link" onClick={() => { setDraft(place.address); setPlace({ ...place, editing: true }); }} />
              <IconButton icon="close" label="Remove the link" onClick={remove} />
            </>
          )}
        </>
      )}
    </div>
  );
}
