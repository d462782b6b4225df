import { useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react';
import { fitting, mentionAt, mentionedIn, type Named } from '../lib/names';
import { colourOf } from '../lib/person';
import { bytesOf, fits, kMaxBodyBytes } from '../live/comments';
import { Avatar } from '../ui/bits';
import { Button } from '../ui/button';
import { cx } from '../ui/cx';
import { inputLook } from '../ui/field';

const kOffered = 6;

/** The comment that is not one yet; replies and edits go by the identifier of what they are on. */
export const kNewComment = 'new';

/** What was begun and neither sent nor left: it is there again when its place is. By what is written, in the page only. */
export type Begun = Map<string, { text: string; chosen: readonly Named[] }>;

/** Where something is said: Ctrl or ⌘ and Enter sends it, Escape leaves it, and @ offers people. */
export function Composer({ label, send, people, begun, of, initial = '', mentions = [], placeholder, onSend, onCancel, testId }: {
  label: string; send: string; people: readonly Named[]; begun: Begun; of: string; initial?: string; mentions?: readonly Named[]; placeholder?: string;
  onSend: (body: string, mentions: string[]) => void; onCancel: () => void; testId: string;
}) {
  const [{ text, chosen }, setWritten] = useState(() => begun.get(of) ?? { text: initial, chosen: mentions });
  const write = (next: string, named: readonly Named[] = chosen) => {
    begun.set(of, { text: next, chosen: named });
    setWritten({ text: next, chosen: named });
  };
  const [asked, setAsked] = useState<{ at: number; query: string } | null>(null);
  const [current, setCurrent] = useState(0);
  const area = useRef<HTMLTextAreaElement>(null);
  const cursor = useRef<number | null>(null);
  const id = useId();
  const offered = asked ? fitting(people, asked.query).slice(0, kOffered) : [];
  const long = bytesOf(text.trim()) > kMaxBodyBytes;

  useEffect(() => {
    const element = area.current;
    element?.focus({ preventScroll: true });
    element?.setSelectionRange(element.value.length, element.value.length);
    element?.scrollIntoView({ block: 'nearest' });
  }, []);
  // As high as what is written, and the cursor behind a name that was put in.
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight + 2}px`;
    if (cursor.current !== null) element.setSelectionRange(cursor.current, cursor.current);
    cursor.current = null;
  }, [text]);

  const look = () => {
    const element = area.current;
    setAsked(element && element.selectionStart === element.selectionEnd ? mentionAt(element.value, element.selectionStart) : null);
    setCurrent(0);
  };
  const choose = (person: Named) => {
    const end = area.current?.selectionStart ?? text.length;
    if (!asked) return;
    const rest = text.slice(end);
    const put = `@${person.name}${/^\s/.test(rest) ? '' : ' '}`;
    cursor.current = asked.at + put.length + (put.endsWith(' ') ? 0 : 1);
    write(text.slice(0, asked.at) + put + rest, [...chosen, person]);
    setAsked(null);
    area.current?.focus();
  };
  const submit = () => {
    if (!fits(text)) return;
    begun.delete(of);
    onSend(text.trim(), mentionedIn(text, chosen));
  };
  const leave = () => {
    begun.delete(of);
    onCancel();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (offered.length > 0) {
      const moves: Record<string, number> = { ArrowDown: current + 1, ArrowUp: current - 1 };
      const to = moves[event.key];
      if (to !== undefined) { event.preventDefault(); setCurrent((to + offered.length) % offered.length); return; }
      if (event.key === 'Enter' || event.key === 'Tab') { event.preventDefault(); choose(offered[current] as Named); return; }
      if (event.key === 'Escape') { event.stopPropagation(); setAsked(null); return; }
    }
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); submit(); }
    if (event.key === 'Escape') { event.stopPropagation(); leave(); }
  };

  return (
    <form className="relative" onSubmit={(event) => { event.preventDefault(); submit(); }}>
      <textarea
        ref={area} value={text} rows={2} aria-label={label} placeholder={placeholder} data-testid={`${testId}-text`}
        aria-autocomplete="list" aria-controls={offered.length > 0 ? id : undefined} aria-activedescendant={offered.length > 0 ? `${id}-${current}` : undefined}
        aria-invalid={long || undefined} aria-describedby={long ? `${id}-long` : undefined}
        onChange={(event) => { write(event.target.value); look(); }} onKeyUp={(event) => { if (/^(Arrow(Left|Right)|Home|End)$/.test(event.key)) look(); }} onClick={look} onBlur={() => setAsked(null)}
        onKeyDown={onKeyDown}
        className={cx(inputLook, 'block max-h-60 resize-none px-2.5 py-1.5 text-sm')}
      />
      {offered.length > 0 ? (
        <ul id={id} role="listbox" aria-label="People" className="absolute right-0 left-0 z-10 mt-1 rounded-lg border border-line bg-raised p-1 shadow-float">
          {offered.map((person, index) => (
            <li
              key={person.id} id={`${id}-${index}`} role="option" aria-selected={index === current} data-testid="mention-option" data-user-id={person.id}
              onMouseDown={(event) => { event.preventDefault(); choose(person); }} onMouseEnter={() => setCurrent(index)}
              className={cx('flex cursor-pointer items-center gap-2 rounded-md px-2 py-1 text-sm', index === current && 'bg-hover')}
            >
              <Avatar name={person.name} colour={colourOf(person.id)} size={22} /><span className="truncate">{person.name}</span>
            </li>
          ))}
        </ul>
      ) : null}
      {long ? <p id={`${id}-long`} className="mt-1 text-xs text-danger">This is too long for a comment.</p> : null}
      <div className="mt-2 flex justify-end gap-2">
        <Button look="quiet" onClick={leave} data-testid={`${testId}-cancel`}>Cancel</Button>
        <Button type="submit" look="primary" disabled={!fits(text)} data-testid={`${testId}-send`}>{send}</Button>
      </div>
    </form>
  );
}
