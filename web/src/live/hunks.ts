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
function context(before: string, from: number, to: number, side: 'left' | 'right', most: number = kContext): string {
  if (side === 'left') {
    const cut = Math.max(from, to - most);
    return (cut > from ? '…' : '') + (isTail(before, cut) ? before.slice(cut + 1, to) : before.slice(cut, to));
  }
  const cut = Math.min(to, from + most);
  return (isTail(before, cut) ? before.slice(from, cut - 1) : before.slice(from, cut)) + (cut < to ? '…' : '');
}

const isTail = (text: string, at: number): boolean => { const unit = text.charCodeAt(at); return unit >= 0xdc00 && unit < 0xe000; };

const endOf = (part: Part): number => (part.kind === 'insert' ? part.at : part.at + part.text.length);

/** What a piece shows of what is long: who reads it is not helped by more, and drawing it would hold up the page. */
const kMaxShownText = 1_500;
const kMaxPieces = 60;

const shortened = (text: string): string => (text.length <= kMaxShownText ? text : `${context(text, 0, text.length, 'right', kMaxShownText)} (${text.length.toLocaleString('en')} characters)`);

/** The first `most` hunks, and how many more there are. */
export function hunksOf(parts: readonly Part[], before: string, most: number): { hunks: Hunk[]; more: number } {
  const hunks: Hunk[] = [];
  let more = 0;
  let pieces: Piece[] = [];
  let end = 0;
  const close = () => { if (hunks.length > 0 && more === 0) pieces.push({ kind: 'same', text: context(before, end, before.length, 'right') }); };
  parts.forEach((part, index) => {
    const joined = index > 0 && part.at - end <= 2 * kContext && (more > 0 || pieces.length < kMaxPieces);
    if (!joined) {
      close();
      if (hunks.length < most) {
        pieces = [{ kind: 'same', text: context(before, 0, part.at, 'left') }];
        hunks.push({ at: part.at, pieces });
      } else more++;
    } else if (part.at > end && more === 0) {
      pieces.push({ kind: 'same', text: before.slice(end, part.at) });
    }
    if (more === 0) pieces.push({ kind: part.kind, text: shortened(part.text), ...(part.kind === 'format' ? { attributes: part.attributes } : {}) });
    end = endOf(part);
  });
  close();
  return { hunks: hunks.map((hunk) => ({ at: hunk.at, pieces: hunk.pieces.filter((piece) => piece.text !== '') })), more };
}
