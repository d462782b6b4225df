import type Quill from 'quill/core';
import { Delta } from 'quill/core';
import type { QuillBinding } from 'y-quill';
import type * as Y from 'yjs';

/**
 * Keeps one rule between a shared text and the editor that shows it: the editor has the text and, after it, one newline
 * that is the editor's own.
 *
 * Quill cannot be without a newline at its end, and a shared text may or may not have one there. Without a rule two
 * editors of one text could show a different last line. Formatting the editor's own newline makes it part of the text
 * (Yjs adds it), and then the editor gets a new one.
 *
 * If the two ever differ otherwise, because drawing a change failed, the editor is filled anew from the text: typing at
 * positions that are off would spoil it for everybody.
 */
export function keepInStep(quill: Quill, text: Y.Text, binding: QuillBinding): () => void {
  const source = binding as never;
  const check = () => {
    const wanted = text.length + 1;
    const length = quill.getLength();
    if (length === wanted) return;
    if (length === wanted - 1) {
      quill.updateContents(new Delta().retain(length).insert('\n'), source);
      if (quill.getLength() === wanted) return;
    }
    const selection = quill.getSelection();
    quill.setContents(new Delta([...text.toDelta(), { insert: '\n' }]), source);
    if (selection) quill.setSelection(Math.min(selection.index, wanted - 1), 0, 'silent');
  };
  check();
  quill.on('text-change', check);
  text.observe(check);
  return () => {
    quill.off('text-change', check);
    text.unobserve(check);
  };
}
