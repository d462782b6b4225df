import Quill from 'quill/core';
import QuillCursors from 'quill-cursors/core';
import { QuillBinding } from 'y-quill';
import type { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import type { DocumentSession } from '../live/document_session';
import { makeRegistry } from './formats';
import { keepInStep, showingOnly } from './keep_in_step';
import { plainKeys, richKeys } from './keys';
import { SharedHistory } from './shared_history';
import { showNamesOnMove } from './show_names';

Quill.register('modules/cursors', QuillCursors, true);
Quill.register('modules/history', SharedHistory as never, true);

export interface EditorOptions {
  rich: boolean;
  readOnly: boolean;
  placeholder: string;
  label: string;
  onLink: () => void;
  onLeave: () => void;
  /** This person changed the text. */
  onTyped: () => void;
}

/** What an editor shows: a document, or a draft of a suggestion to it. */
export type Shown = Pick<DocumentSession, 'doc' | 'content' | 'awareness'>;

export interface Editor {
  quill: Quill;
  /** The text that it shows. */
  content: Y.Text;
  undoManager: Y.UndoManager;
  destroy: () => void;
}

/** How long typing may pause and still be one step of undo. */
const kUndoPauseMs = 500;

/**
 * The awareness as the binding sees it. It tells this person's own cursor by the document's client identifier, which a
 * draft has another one of.
 */
function othersCursors({ doc, awareness }: Shown): Awareness {
  if (doc.clientID === awareness.clientID) return awareness;
  const others = {
    getStates: () => new Map([...awareness.getStates()].filter(([client]) => client !== awareness.clientID)),
    getLocalState: () => awareness.getLocalState(),
    setLocalStateField: (field: string, value: unknown) => awareness.setLocalStateField(field, value),
    on: (name: 'change', listener: () => void) => awareness.on(name, listener),
    off: (name: 'change', listener: () => void) => awareness.off(name, listener),
  };
  return others as unknown as Awareness;
}

/**
 * What is typed goes where the cursor is now. Quill learns a moment after it that the cursor has moved, and would take
 * a letter typed meanwhile for one that replaces what was selected before: the same text, but another edit, which
 * takes comments and what others write there out of their places.
 */
function followCursor(quill: Quill): () => void {
  const follow = (event: InputEvent) => { if (!event.isComposing) quill.selection.update('user'); };
  quill.root.addEventListener('beforeinput', follow, true);
  return () => quill.root.removeEventListener('beforeinput', follow, true);
}

/** Puts an editor of a live document into `host`. */
export function makeEditor(host: HTMLElement, live: Shown, options: EditorOptions): Editor {
  const undoManager = new Y.UndoManager(live.content, { captureTimeout: kUndoPauseMs, trackedOrigins: new Set() });
  const container = host.appendChild(document.createElement('div'));
  const quill = new Quill(container, {
    registry: makeRegistry(options.rich),
    readOnly: options.readOnly,
    placeholder: options.placeholder,
    modules: {
      cursors: { hideDelayMs: 150, hideSpeedMs: 200, selectionChangeSource: null },
      history: { undoManager },
      keyboard: { bindings: options.rich ? richKeys(options.onLink, options.onLeave) : plainKeys(options.onLeave) },
    },
  });
  const root = quill.root;
  root.dataset['testid'] = 'editor';
  root.setAttribute('role', 'textbox');
  root.setAttribute('aria-multiline', 'true');
  root.setAttribute('aria-label', options.label);
  root.setAttribute('aria-readonly', String(options.readOnly));
  root.spellcheck = options.rich;
  // A reader has no cursor to show, but may select and reach the text by keyboard.
  if (options.readOnly) root.tabIndex = 0;

  const binding = new QuillBinding(live.content, showingOnly(quill, options.rich), othersCursors(live));
  undoManager.addTrackedOrigin(binding);
  const cursors = quill.getModule('cursors') as QuillCursors;
  // After the binding, which moves the cursors.
  const onText = (_delta: unknown, _before: unknown, source: string) => { if (source === 'user') options.onTyped(); };
  quill.on('text-change', onText);
  const releases = [() => quill.off('text-change', onText), followCursor(quill), keepInStep(quill, live.content, binding, options.rich), showNamesOnMove(cursors, live.awareness)];

  return {
    quill,
    content: live.content,
    undoManager,
    destroy() {
      for (const release of releases) release();
      binding.destroy();
      undoManager.destroy();
      cursors.destroy();
      host.replaceChildren();
    },
  };
}
