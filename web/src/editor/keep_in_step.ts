import type Quill from 'quill/core';
import { Delta, type Op } from 'quill/core';
import type { QuillBinding } from 'y-quill';
import type * as Y from 'yjs';
import { showable } from './showable';

/** The part of Quill that the binding uses, with everything that comes from the text made showable. */
export function showingOnly(quill: Quill, rich: boolean): unknown {
  const ops = (delta: Op[] | { ops: Op[] }) => (Array.isArray(delta) ? delta : delta.ops);
  return {
    getModule: (name: string) => quill.getModule(name),
    getSelection: () => quill.getSelection(),
    on: quill.on.bind(quill),
    off: quill.off.bind(quill),
    setContents: (delta: Op[], source: never) => quill.setContents(showable(ops(delta), rich), source),
    updateContents: (delta: Op[], source: never) => quill.updateContents(showable(ops(delta), rich), source),
  };
}

/**
 * Keeps one rule between a shared text and the editor that shows it: the editor has the text and, after it, one newline
 * that is the editor's own.
 *
 * Quill cannot be without a newline at its end, and a shared text may or may not have one there. Without a rule two
 * editors of one text could show a different last line. Formatting the editor's own newline makes it part of the text
 * (Yjs adds it), and then the editor gets a new one.
 *
 * If the two ever differ otherwise, because drawing a change failed, the editor is filled anew from the text, and if
 * that fails too it stops taking input: typing at positions that are off would spoil the text for everybody.
 */
export function keepInStep(quill: Quill, text: Y.Text, binding: QuillBinding, rich: boolean): () => void {
  const source = binding as never;
  let repairing = false;
  const inStep = () => quill.getLength() === text.length + 1;

  const repair = () => {
    const end = quill.getLength();
    if (end === text.length) quill.updateContents(new Delta().retain(end).insert('\n'), source);
    if (inStep()) return;
    const selection = quill.getSelection();
    quill.setContents(showable(text.toDelta() as Op[], rich).insert('\n'), source);
    if (selection) quill.setSelection(Math.min(selection.index, text.length), 0, 'silent');
  };
  const check = () => {
    if (repairing || inStep()) return;
    repairing = true;
    try {
      repair();
    } finally {
      repairing = false;
      if (!inStep()) {
        console.error('The editor could not be brought in step with the document');
        quill.disable();
      }
    }
  };

  check();
  quill.on('text-change', check);
  text.observe(check);
  return () => {
    quill.off('text-change', check);
    text.unobserve(check);
  };
}
