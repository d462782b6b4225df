import { useStore } from '../app_context';
import type { DocumentSession } from '../live/document_session';
import { Avatar } from '../ui/bits';
import { cx } from '../ui/cx';

const kShown = 4;

/** Everybody else who has the document open. */
export function Presence({ live }: { live: DocumentSession }) {
  const others = useStore(live.people).filter((person) => !person.self);
  if (others.length === 0) return null;
  const shown = others.length > kShown ? others.slice(0, kShown - 1) : others;
  const more = others.slice(shown.length);
  return (
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
  );
}
