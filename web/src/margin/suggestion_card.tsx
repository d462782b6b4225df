import { hunksOf, type Piece } from '../live/hunks';
import type { Effect } from '../live/suggestion_effect';
import { kEmbedded } from '../live/text_change';
import { isOpen, type Suggestion } from '../live/suggestions';
import { Badge } from '../ui/bits';
import { Button } from '../ui/button';
import { cx } from '../ui/cx';
import { Byline } from './note';
import type { Names } from './use_names';

const kShownHunks = 6;

/** A suggestion: what it would change, and the way to decide. */
export function SuggestionCard({ suggestion, effect, before, current, me, maySuggest, mayWrite, names, onAccept, onReject, onGo, onCurrent }: {
  suggestion: Suggestion; effect: Effect | undefined; before: string; current: boolean; me: string; maySuggest: boolean; mayWrite: boolean; names: Names;
  onAccept: () => void; onReject: () => void; onGo: (at: number) => void; onCurrent: () => void;
}) {
  const open = isOpen(suggestion);
  const mine = suggestion.author === me;
  const applies = effect?.kind === 'change';
  const decision = suggestion.accepted ?? suggestion.rejected;
  return (
    <li
      data-testid="suggestion" data-note-id={suggestion.id} data-state={open ? 'open' : suggestion.accepted ? 'accepted' : 'rejected'} aria-current={current || undefined} tabIndex={-1}
      onClick={onCurrent} data-quiet-focus
      className={cx('rounded-lg border bg-surface p-3 shadow-card transition-colors', current ? 'border-accent' : 'border-line')}
    >
      <article aria-label={`Suggestion of ${names.nameOf(suggestion.author)}`}>
        <Byline who={suggestion.author} at={suggestion.at} names={names}><Badge icon="suggest" tone="accent"><span className="sr-only sm:not-sr-only">Suggestion</span></Badge></Byline>
        {suggestion.message ? <p className="mt-1 text-sm break-words whitespace-pre-wrap">{suggestion.message}</p> : null}
        {open ? <Change effect={effect} before={before} onGo={onGo} /> : null}
        {decision ? <p className="mt-2 text-xs text-muted">{suggestion.accepted ? 'Accepted' : decision.by === suggestion.author ? 'Withdrawn' : 'Refused'} by {names.nameOf(decision.by)}</p> : null}
      </article>
      {open ? (
        <div className="mt-2 flex gap-2">
          {mayWrite ? <Button look="primary" className="h-7 px-2.5" disabled={!applies} onClick={onAccept} data-testid="suggestion-accept">Accept</Button> : null}
          {mayWrite && !mine ? <Button className="h-7 px-2.5" onClick={onReject} data-testid="suggestion-reject">Refuse</Button> : null}
          {mine && maySuggest ? <Button look={mayWrite ? 'plain' : 'quiet'} className={cx('h-7 px-2.5', !mayWrite && '-ml-2')} onClick={onReject} data-testid="suggestion-withdraw">Withdraw</Button> : null}
        </div>
      ) : null}
    </li>
  );
}

function Change({ effect, before, onGo }: { effect: Effect | undefined; before: string; onGo: (at: number) => void }) {
  const look = 'mt-2 text-xs text-muted';
  if (!effect) return null;
  if (effect.kind === 'waits') return <p className={look}>It builds on edits that have not come here yet.</p>;
  if (effect.kind === 'refused') return <p className={look}>It is not a change of the text, so it cannot be accepted.</p>;
  if (effect.parts.length === 0) return <p className={look}>Nothing is left of what it would change.</p>;
  const { hunks, more } = hunksOf(effect.parts, before, kShownHunks);
  return (
    <ul className="mt-2 flex flex-col gap-1.5" aria-label="What it changes">
      {hunks.map((hunk, index) => (
        <li key={index} className="rounded-md bg-sunken">
          <button type="button" title="Show it in the text" onClick={() => onGo(hunk.at)} className="block w-full px-2 py-1.5 text-left text-xs leading-5 break-words whitespace-pre-wrap">
            {hunk.pieces.map((piece, at) => <PieceOfText key={at} piece={piece} />)}
          </button>
        </li>
      ))}
      {more > 0 ? <li className="text-xs text-muted">and {more === 1 ? 'one more place' : `${more} more places`}</li> : null}
    </ul>
  );
}

/** Ends of lines and things that are no characters have to be seen to be judged. */
const seen = (text: string): string => text.replaceAll('\n', '¶\n').replaceAll(kEmbedded, '▢');

function formatWords(attributes: Readonly<Record<string, unknown>>): string {
  return Object.entries(attributes).map(([name, value]) => (value === null || value === false ? `no ${name}` : value === true ? name : `${name} ${String(value)}`)).join(', ').slice(0, 80);
}

function PieceOfText({ piece }: { piece: Piece }) {
  switch (piece.kind) {
    case 'insert':
      return <ins className="suggested-insertion">{seen(piece.text)}</ins>;
    case 'delete':
      return <del className="suggested-deletion">{seen(piece.text)}</del>;
    case 'format':
      return <span className="suggested-format">{piece.text}<span className="text-muted"> [{formatWords(piece.attributes ?? {})}]</span></span>;
    default:
      return <span className="text-muted">{piece.text}</span>;
  }
}
