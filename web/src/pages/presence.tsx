import { useStore } from '../app_context';
import type { DocumentSession } from '../live/document_session';
import { Avatar } from '../ui/bits';
import { cx } from '../ui/cx';

const kShown = 4;

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

/** Everybody else who has the document open. */
export function Presence({ live }: { live: DocumentSession }) {
  const others = useStore(live.people).filter((person) => !person.self);
  if (others.length === 0) return null;
  const shown = others.length > kShown ? others.slice(0, kShown - 1) : others;
  const more = others.slice(shown.length);
  return (
    <>
      <Typing names={others.filter((person) => person.typing).map((person) => person.name)} />
      <ul aria-label="Also here" className="flex items-center pl-1">
        {shown.map((person, index) => (
          <li
            key={person.id} title={person.name} data-testid="presence-avatar" data-user-id={person.id}
            className={cx('-ml-1.5 rounded-full ring-2 ring-canvas animate-fade', index > 1 && 'max-sm:hidden')}
          >
            <Avatar name={person.name} colour={person.colour} />
            <span className="sr-only">{person.name}</span>
          </li>
        ))}
        {more.length > 0 ? (
          <li title={more.map((person) => person.name).join(', ')} className="-ml-1.5 inline-flex h-7 min-w-7 items-center justify-center rounded-full bg-line px-1.5 text-2xs font-[600] text-muted ring-2 ring-canvas">
            +{more.length}
          </li>
        ) : null}
      </ul>
    </>
  );
}
