const kWord = /[\p{L}\p{N}]+(?:['’\-][\p{L}\p{N}]+)*/gu;
/** Scripts written without spaces: their words need a dictionary, which the browser has. */
const kUnspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}]/u;
/** Segmenting is far slower than matching; beyond this length the plain rule has to do. */
const kSegmentLimit = 200_000;

export function countWords(text: string): number {
  if (kUnspaced.test(text) && text.length <= kSegmentLimit && typeof Intl.Segmenter === 'function') {
    let count = 0;
    for (const part of new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text)) {
      if (part.isWordLike) count++;
    }
    return count;
  }
  return text.match(kWord)?.length ?? 0;
}
