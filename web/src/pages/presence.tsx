import { useState, type ReactNode } from 'react';
import { useStore, useUser } from '../app_context';
import { colourOf } from '../lib/person';
import { absoluteTime, relativeTime } from '../lib/time';
import { isVisitor } from '../lib/visitor';
import type { DocumentSession, Person } from '../live/document_session';
import { Avatar, Skeleton } from '../ui/bits';
import { cx } from '../ui/cx';
import { Icon } from '../ui/icons';
import { Popover } from '../ui/popover';
import { useSeen, type Seen } from './use_seen';

/** Faces in the header; where the window is narrow there is room for two. */
const kShown = 4;
const kShownNarrow = 2;

const inWords = (names: string[]): string => {
  if (names.length === 1) return `${names[0]} is typing`;
  if (names.length === 2) return `${names[0]} and ${names[1]} are typing`;
  return `${names.length} people are typing`;
};

/** Not read out by itself: it would come and go all the time. */
function Typing({ names }: { names: string[] }) {
  if (names.length === 0) return null;
  return (
    <span data-testid="typing" title={inWords(names)} className="flex min-w-0 items-center gap-1.5 text-xs text-muted animate-fade">
      <span aria-hidden="true" className="flex gap-0.5">
        {[0, 1, 2].map((dot) => <span key={dot} style={{ animationDelay: `${dot * 200}ms` }} className="size-1 animate-pulse rounded-full bg-accent" />)}
      </span>
      <span className="max-w-40 truncate max-lg:sr-only">{inWords(names)}</span>
    </span>
  );
}

/** Everybody else who has the document open; and at a press, all of them and who was here lately. */
export function Presence({ live, documentId }: { live: DocumentSession; documentId: string }) {
  const [open, setOpen] = useState(false);
  const asksHub = !isVisitor(useUser());
  const people = useStore(live.people);
  const seen = useSeen(documentId, live, open && asksHub);
  const others = people.filter((person) => !person.self);
  return (
    <>
      <Typing names={others.filter((person) => person.typing).map((person) => person.name)} />
      <Popover
        label="People at this document" open={open} onOpen={setOpen} testId="people-here"
        trigger={(props) => (
          <button
            type="button" data-testid="presence" title="Who is here, and who was" {...props}
            className="inline-flex h-8 min-w-8 items-center justify-center rounded-full px-0.5 text-muted transition-colors hover:bg-hover hover:text-ink aria-expanded:bg-hover aria-expanded:text-ink"
          >
            <span className="sr-only">{others.length > 0 ? `Also here: ${others.map((person) => person.name).join(', ')}` : 'Nobody else is here'}</span>
            {others.length > 0 ? <Faces others={others} /> : <Icon name="group" size={18} />}
          </button>
        )}
      >
        <Section title="Here now">
          {people.map((person) => <Row key={person.id} id={person.id} name={person.name} colour={person.colour} note={person.self ? 'you' : null} testId="person-here" />)}
        </Section>
        {asksHub ? <Lately seen={seen} /> : null}
      </Popover>
    </>
  );
}

function Faces({ others }: { others: readonly Person[] }) {
  const fitting = (most: number) => (others.length > most ? most - 1 : others.length);
  const [wide, narrow] = [fitting(kShown), fitting(kShownNarrow)];
  return (
    <span aria-hidden="true" className="flex items-center pl-1.5">
      {others.slice(0, wide).map((person, index) => (
        <span
          key={person.id} title={person.name} data-testid="presence-avatar" data-user-id={person.id}
          className={cx('-ml-1.5 inline-flex rounded-full ring-2 ring-canvas animate-fade', index >= narrow && 'max-sm:hidden')}
        >
          <Avatar name={person.name} colour={person.colour} />
        </span>
      ))}
      <More count={others.length - wide} className="max-sm:hidden" />
      <More count={others.length - narrow} className="sm:hidden" />
    </span>
  );
}

function More({ count, className }: { count: number; className: string }) {
  if (count === 0) return null;
  return <span className={cx('-ml-1.5 inline-flex h-7 min-w-7 items-center justify-center rounded-full bg-line px-1.5 text-2xs font-[600] text-muted ring-2 ring-canvas', className)}>+{count}</span>;
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="not-first:mt-3" aria-label={title}>
      <h2 className="mb-1 text-xs font-[600] text-muted">{title}</h2>
      <ul>{children}</ul>
    </section>
  );
}

function Row({ id, name, colour, note, testId }: { id: string; name: string; colour: string; note: ReactNode; testId: string }) {
  return (
    <li data-testid={testId} data-user-id={id} className="flex h-8 items-center gap-2.5 text-sm">
      <Avatar name={name} colour={colour} size={24} />
      <span className="min-w-0 flex-1 truncate">{name}</span>
      {note ? <span className="shrink-0 text-xs text-muted">{note}</span> : null}
    </li>
  );
}

function Lately({ seen }: { seen: readonly Seen[] | null | 'unknown' }) {
  if (seen === null) return <Section title="Lately"><li aria-busy="true" className="flex h-8 items-center gap-2.5"><Skeleton className="size-6 rounded-full" /><Skeleton className="h-3 flex-1" /></li></Section>;
  if (seen === 'unknown' || seen.length === 0) {
    return <Section title="Lately"><li data-testid="nobody-seen" className="flex h-8 items-center text-sm text-muted">{seen === 'unknown' ? 'The hub could not be asked.' : 'Nobody else.'}</li></Section>;
  }
  return (
    <Section title="Lately">
      {seen.map(({ id, name, at }) => <Row key={id} id={id} name={name} colour={colourOf(id)} note={<time dateTime={at} title={absoluteTime(at)}>{relativeTime(at)}</time>} testId="person-seen" />)}
    </Section>
  );
}
