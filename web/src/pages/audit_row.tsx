import { Fragment, useState } from 'react';
import { nameOf, sentenceOf, type AuditEvent, type AuditFilter } from '../lib/audit';
import { sentence } from '../lib/problem';
import { absoluteTime } from '../lib/time';
import { Badge } from '../ui/bits';
import { IconButton } from '../ui/button';
import { cx } from '../ui/cx';

const kOutcome = { done: null, refused: 'Refused', failed: 'Failed' } as const;

/** One event: what happened in words, when, where from; and all that the line says, where it is asked for. */
export function AuditRow({ event, names, onNarrow }: { event: AuditEvent; names: ReadonlyMap<string, string>; onNarrow: (part: Partial<AuditFilter>) => void }) {
  const [open, setOpen] = useState(false);
  const outcome = kOutcome[event.outcome];
  const pieces = sentenceOf(event);
  return (
    <li data-testid="audit-row" data-action={event.action} data-seq={event.seq} className="px-4 py-3">
      <div className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <p className="text-base break-words">
            {pieces.map((piece, index) => {
              if (!('id' in piece)) return <Fragment key={index}>{index === 0 ? sentence(piece.text) : piece.text}</Fragment>;
              const name = nameOf(piece.id, names);
              const words = index === 0 ? sentence(name) : name;
              const part = piece.id === event.actor ? { actor: piece.id } : piece.id === event.target ? { target: piece.id } : null;
              if (!part) return <span key={index} title={piece.id} className="font-[550]">{words}</span>;
              return <button key={index} type="button" title={`${piece.id}: show only these`} onClick={() => onNarrow(part)} className="rounded-sm font-[550] underline-offset-3 hover:underline" data-testid="audit-narrow">{words}</button>;
            })}
          </p>
          <p className="mt-0.5 flex flex-wrap gap-x-2 text-sm text-muted">
            <time dateTime={event.time}>{absoluteTime(event.time)}</time>
            {event.address ? <span className="break-all">from {event.address}</span> : null}
            {event.request_id ? <span className="font-mono text-xs leading-5 break-all">{event.request_id}</span> : null}
          </p>
        </div>
        {outcome ? <Badge tone="warn">{outcome}</Badge> : null}
        <IconButton icon="down" label={open ? 'Show less' : 'Show the whole line'} aria-expanded={open} onClick={() => setOpen(!open)} className={cx('-my-1 transition-transform', open && 'rotate-180')} data-testid="audit-details" />
      </div>
      {open ? <Line event={event} /> : null}
    </li>
  );
}

/** The line as it stands in the record. */
function Line({ event }: { event: AuditEvent }) {
  const { detail, ...fields } = event;
  const all = [...Object.entries(fields), ...Object.entries(detail).map(([name, value]) => [`detail.${name}`, value] as const)];
  return (
    <dl data-testid="audit-line" className="mt-3 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 rounded-lg bg-sunken p-3 text-xs">
      {all.map(([name, value]) => (
        <Fragment key={name}>
          <dt className="text-muted">{name}</dt>
          <dd className="font-mono break-all">{String(value) || '–'}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
