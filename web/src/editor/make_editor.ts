import Quill from 'quill/core';
import QuillCursors from 'quill-cursors/core';
import { QuillBinding } from 'y-quill';
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
}

export interface Editor {
  quill: Quill;
  undoManager: Y.UndoManager;
  destroy: () => void;
}

/** How long typing may pause and still be one step of undo. */
const kUndoPauseMs = 500;

/** Puts an editor of a live document into `host`. */
export function makeEditor(host: HTMLElement, live: DocumentSession, options: EditorOptions): Editor {
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

  const binding = new QuillBinding(live.content, showingOnly(quill, options.rich), live.awareness);
  undoManager.addTrackedOrigin(binding);
  const cursors = quill.getModule('cursors') as QuillCursors;
  // After the binding, which moves the cursors.
  const releases = [keepInStep(quill, live.content, binding, options.rich), showNamesOnMove(cursors, live.awareness)];

  return {
    quill,
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
