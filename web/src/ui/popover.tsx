import { useCallback, useEffect, useId, useRef, type ReactElement, type ReactNode } from 'react';
import { useDismiss } from './use_dismiss';

interface TriggerProps {
  'aria-haspopup': 'dialog';
  'aria-expanded': boolean;
  'aria-controls': string | undefined;
  onClick: () => void;
}

/**
 * A panel below the button that opens it, for what is read rather than chosen from. It takes the focus, which goes back to the
 * button with Escape. Where the window is narrow it is as wide as the nearest positioned ancestor.
 */
export function Popover({ trigger, label, open, onOpen, children, testId }: {
  trigger: (props: TriggerProps) => ReactElement; label: string; open: boolean; onOpen: (open: boolean) => void; children: ReactNode; testId: string;
}) {
  const root = useRef<HTMLDivElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const id = useId();
  useDismiss(root, open, useCallback(() => onOpen(false), [onOpen]));
  useEffect(() => { if (open) panel.current?.focus({ preventScroll: true }); }, [open]);
  return (
    <div ref={root} className="inline-flex shrink-0 sm:relative">
      {trigger({ 'aria-haspopup': 'dialog', 'aria-expanded': open, 'aria-controls': open ? id : undefined, onClick: () => onOpen(!open) })}
      {open ? (
        <div
          ref={panel} id={id} role="dialog" aria-label={label} tabIndex={0} data-testid={testId} data-quiet-focus
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return;
            event.stopPropagation();
            onOpen(false);
            root.current?.querySelector<HTMLElement>('[aria-haspopup="dialog"]')?.focus();
          }}
          className="absolute top-full z-40 mt-1.5 max-h-[60dvh] overflow-y-auto overscroll-contain rounded-lg border border-line bg-raised p-3 shadow-float animate-fade max-sm:inset-x-2 sm:right-0 sm:w-72"
        >
          {children}
        </div>
      ) : null}
    </div>
  );
}
