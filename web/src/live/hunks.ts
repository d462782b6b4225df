import type { Part } from './suggestion_effect';

/** A piece of text as it is read: what stays, what goes, what comes, what only looks different. */
export interface Piece {
  kind: 'same' | 'insert' | 'delete' | 'format';
  text: string;
  attributes?: Readonly<Record<string, unknown>>;
}

/** Changes that lie close together, with some of the text around them. */
export interface Hunk {
  at: number;
  pieces: readonly Piece[];
}

const kContext = 24;

/** The text from `from` to `to`, never half a character; shortened on the side that is given. */
function context(before: string, from: number, to: number, side: 'left' | 'right'): string {
  if (side === 'left') {
    const cut = Math.max(from, to - kContext);
    return (cut > from ? '…' : '') + (isTail(before, cut) ? before.slice(cut + 1, to) : before.slice(cut, to));
  }
  const cut = Math.min(to, from + kContext);
  return (isTail(before, cut) ? before.slice(from, cut - 1) : before.slice(from, cut)) + (cut < to ? '…' : '');
}

const isTail = (text: string, at: number): boolean => { const unit = text.charCodeAt(at); return unit >= 0xdc00 && unit < 0xe000; };

const endOf = (part: Part): number => (part.kind === 'insert' ? part.at : part.at + part.text.length);

export function hunksOf(parts: readonly Part[], before: string): Hunk[] {
  const hunks: Hunk[] = [];
  let pieces: Piece[] = [];
  let end = 0;
  parts.forEach((part, index) => {
    const joined = index > 0 && part.at - end <= 2 * kContext;
    if (!joined) {
      if (index > 0) pieces.push({ kind: 'same', text: context(before, end, before.length, 'right') });
      pieces = [{ kind: 'same', text: context(before, 0, part.at, 'left') }];
      hunks.push({ at: part.at, pieces });
    } else if (part.at > end) {
      pieces.push({ kind: 'same', text: before.slice(end, part.at) });
    }
    pieces.push(part.kind === 'format' ? { kind: 'format', text: part.text, attributes: part.attributes } : { kind: part.kind, text: part.text });
    end = endOf(part);
  });
  if (hunks.length > 0) pieces.push({ kind: 'same', text: context(before, end, before.length, 'right') });
  return hunks.map((hunk) => ({ at: hunk.at, pieces: hunk.pieces.filter((piece) => piece.text !== '') }));
}
