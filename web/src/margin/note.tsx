import type { ReactNode } from 'react';
import { withMentions } from '../lib/names';
import { colourOf } from '../lib/person';
import { absoluteTime, relativeTime } from '../lib/time';
import { Avatar } from '../ui/bits';
import type { Names } from './use_names';

/** Who, and when. */
export function Byline({ who, at, edited, names, children }: { who: string; at: number; edited?: boolean; names: Names; children?: ReactNode }) {
  const name = names.nameOf(who);
  const time = new Date(at).toISOString();
  return (
    <div className="flex items-center gap-2">
      <Avatar name={name} colour={colourOf(who)} size={24} />
      <p className="min-w-0 flex-1 truncate text-sm leading-6">
        <span className="font-[600]" data-testid="note-author">{name}</span>{' '}
        <time dateTime={time} title={absoluteTime(time)} className="text-xs text-muted">{relativeTime(time)}{edited ? ', edited' : ''}</time>
      </p>
      {children}
    </div>
  );
}

/** What somebody said, with those who are mentioned set off. */
export function Said({ body, mentions, names }: { body: string; mentions: readonly string[]; names: Names }) {
  const mentioned = mentions.map((id) => ({ id, name: names.nameOf(id) }));
  return (
    <p className="text-sm break-words whitespace-pre-wrap" data-testid="note-body">
      {withMentions(body, mentioned).map(({ text, mention }, index) => mention
        ? <span key={index} data-mention={mention.id} className="rounded-sm bg-accent-soft px-0.5 font-[550] text-accent">{text}</span>
        : <span key={index}>{text}</span>)}
    </p>
  );
}
