import { useEffect, useState } from 'react';
import type { Editor } from './make_editor';

export interface EditorState {
  /** The formats at the selection; the last known ones while the focus is elsewhere. */
  formats: Record<string, unknown>;
  canUndo: boolean;
  canRedo: boolean;
}

const kNothing: EditorState = { formats: {}, canUndo: false, canRedo: false };

/** What the toolbar shows, at most once a frame. */
export function useEditorState({ quill, undoManager }: Editor): EditorState {
  const [state, setState] = useState(kNothing);
  useEffect(() => {
    let frame = 0;
    const look = () => {
      frame = 0;
      const range = quill.getSelection();
      setState((before) => {
        const next: EditorState = {
          formats: range ? quill.getFormat(range) : before.formats,
          canUndo: undoManager.canUndo(),
          canRedo: undoManager.canRedo(),
        };
        return JSON.stringify(next) === JSON.stringify(before) ? before : next;
      });
    };
    const soon = () => { frame ||= requestAnimationFrame(look); };
    const events = ['stack-item-added', 'stack-item-popped', 'stack-cleared'] as const;
    quill.on('editor-change', soon);
    for (const event of events) undoManager.on(event, soon);
    soon();
    return () => {
      cancelAnimationFrame(frame);
      quill.off('editor-change', soon);
      for (const event of events) undoManager.off(event, soon);
    };
  }, [quill, undoManager]);
  return state;
}
