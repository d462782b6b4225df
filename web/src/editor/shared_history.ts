import Quill, { Module, type Delta } from 'quill/core';
import type * as Y from 'yjs';

interface Options {
  undoManager: Y.UndoManager | null;
}

/** Undo and redo of this person's own edits only, in the place of Quill's history, which would undo the others' too. */
export class SharedHistory extends Module<Options> {
  static override DEFAULTS: Options = { undoManager: null };

  constructor(quill: Quill, options: Partial<Options>) {
    super(quill, options);
    const { keyboard } = quill;
    keyboard.addBinding({ key: 'z', shortKey: true }, () => this.undo());
    keyboard.addBinding({ key: ['z', 'Z'] as unknown as string, shortKey: true, shiftKey: true }, () => this.redo());
    keyboard.addBinding({ key: 'y', shortKey: true }, () => this.redo());
    quill.root.addEventListener('beforeinput', (event) => {
      if (event.inputType !== 'historyUndo' && event.inputType !== 'historyRedo') return;
      event.preventDefault();
      if (event.inputType === 'historyUndo') this.undo();
      else this.redo();
    });
  }

  undo(): void {
    this.change((manager) => manager.undo());
  }

  redo(): void {
    this.change((manager) => manager.redo());
  }

  /** What follows is a step of its own. Quill's keyboard module calls this. */
  cutoff(): void {
    this.options.undoManager?.stopCapturing();
  }

  clear(): void {
    this.options.undoManager?.clear();
  }

  private change(act: (manager: Y.UndoManager) => unknown): void {
    const manager = this.options.undoManager;
    if (!manager || !this.quill.isEnabled()) return;
    let changed: Delta | null = null;
    const note = (delta: Delta) => { changed = changed ? changed.compose(delta) : delta; };
    this.quill.on('text-change', note);
    try {
      act(manager);
    } finally {
      this.quill.off('text-change', note);
    }
    if (!changed) return;
    const end = Math.min(endOfChange(changed), this.quill.getLength() - 1);
    this.quill.setSelection(end, 0, 'user');
    this.quill.scrollSelectionIntoView();
  }
}

/** Where the last change of a Delta ends, in the text after it. */
function endOfChange(delta: Delta): number {
  let index = 0;
  let end = 0;
  for (const op of delta.ops) {
    if (op.insert !== undefined) {
      index += typeof op.insert === 'string' ? op.insert.length : 1;
      end = index;
    } else if (typeof op.retain === 'number') {
      index += op.retain;
      if (op.attributes) end = index;
    } else if (op.delete !== undefined) {
      end = index;
    }
  }
  return end;
}
