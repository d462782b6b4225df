import type Quill from 'quill/core';
import type { Place } from '../live/anchors';

/** What parts of the text are marked as. How each looks, editor.css says. */
export type Mark = 'comment' | 'comment-current' | 'deletion' | 'insertion' | 'formatting';

/** Whether the browser can mark text without changing it (CSS Custom Highlight API); where not, the margin alone tells. */
const able = typeof CSS !== 'undefined' && 'highlights' in CSS;
const nameOf = (mark: Mark): string => `concord-${mark}`;

/** Of what overlaps, the later of these is seen. */
const kOrder: readonly Mark[] = ['comment', 'insertion', 'deletion', 'formatting', 'comment-current'];

/** Marks places of the text; what the text is made of stays as it is. */
export function showMarks(quill: Quill, mark: Mark, places: readonly Place[]): void {
  if (!able) return;
  const ranges = places.filter((place) => place.length > 0).map((place) => rangeOf(quill, place)).filter((range) => range !== null);
  if (ranges.length === 0) {
    CSS.highlights.delete(nameOf(mark));
    return;
  }
  const highlight = new Highlight(...ranges);
  highlight.priority = kOrder.indexOf(mark);
  CSS.highlights.set(nameOf(mark), highlight);
}

export function clearMarks(): void {
  if (able) for (const mark of kOrder) CSS.highlights.delete(nameOf(mark));
}

function rangeOf(quill: Quill, place: Place): Range | null {
  const [startNode, startOffset, endNode, endOffset] = quill.selection.rangeToNative(place);
  if (!startNode || !endNode) return null;
  const range = document.createRange();
  range.setStart(startNode, startOffset);
  range.setEnd(endNode, endOffset);
  return range;
}
