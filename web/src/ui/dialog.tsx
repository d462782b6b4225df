import { useEffect, useId, useRef, type ReactNode } from 'react';
import { IconButton } from './button';
import { cx } from './cx';

/**
 * A modal dialog: the browser's <dialog> keeps the focus inside, makes the rest inert and gives the focus back.
 * Mounted means open; what carries data-autofocus gets the focus first. `onClose` is called for Escape, the close button and a press on the backdrop.
 */
export function Dialog({ title, onClose, children, wide, testId }: {
  title: string; onClose: () => void; children: ReactNode; wide?: boolean; testId?: string;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const pressedBackdrop = useRef(false);
  const titleId = useId();

  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) {
      dialog.showModal();
      dialog.querySelector<HTMLElement>('[data-autofocus]')?.focus();
    }
    return () => dialog?.close();
  }, []);

  return (
    <dialog
      ref={ref}
      aria-labelledby={titleId}
      data-testid={testId}
      onCancel={(event) => { event.preventDefault(); onClose(); }}
      onPointerDown={(event) => { pressedBackdrop.current = event.target === ref.current; }}
      onClick={(event) => { if (event.target === ref.current && pressedBackdrop.current) onClose(); }}
      className={cx(
        'm-auto w-[calc(100%-2rem)] overflow-visible rounded-xl border border-line bg-raised p-0 text-ink shadow-dialog animate-rise max-sm:mb-4',
        wide ? 'max-w-[33rem]' : 'max-w-[26rem]',
      )}
    >
      <div className="p-5 sm:p-6">
        <header className="mb-4 flex items-start justify-between gap-4">
          <h2 id={titleId} className="text-lg font-[620]">{title}</h2>
          <IconButton icon="close" label="Close" onClick={onClose} className="-mt-0.5 -mr-1.5" />
        </header>
        {children}
      </div>
    </dialog>
  );
}
