import { useCallback, useEffect, useId, useRef, useState, type KeyboardEvent, type ReactElement, type ReactNode } from 'react';
import { cx } from './cx';
import { Icon, type IconName } from './icons';
import { useDismiss } from './use_dismiss';

export interface MenuItem {
  label: string;
  icon?: IconName;
  danger?: boolean;
  /** Makes it one of a choice; the chosen one is marked. */
  checked?: boolean;
  testId?: string;
  onSelect: () => void;
}

interface TriggerProps {
  'aria-haspopup': 'menu';
  'aria-expanded': boolean;
  'aria-controls': string | undefined;
  onClick: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

/** A menu button after the ARIA pattern: arrows, Home, End, Escape, and the focus goes back to the button. */
export function Menu({ trigger, items, header, label, align = 'end' }: {
  trigger: (props: TriggerProps) => ReactElement;
  items: (MenuItem | 'separator')[];
  header?: ReactNode;
  label: string;
  /** Under which end of the button it begins; `wide`: the end where the window is narrow, else the start. */
  align?: 'start' | 'end' | 'wide';
}) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();

  const entries = () => [...(list.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])];
  const close = (refocus: boolean) => {
    setOpen(false);
    if (refocus) root.current?.querySelector<HTMLElement>('[aria-haspopup="menu"]')?.focus();
  };

  useDismiss(root, open, useCallback(() => setOpen(false), []));
  useEffect(() => {
    if (!open) return;
    entries()[0]?.focus({ preventScroll: true });
    list.current?.scrollIntoView({ block: 'nearest' });
  }, [open]);

  const onKeyDown = (event: KeyboardEvent) => {
    const all = entries();
    const index = all.indexOf(document.activeElement as HTMLElement);
    const moves: Record<string, number> = {
      ArrowDown: (index + 1) % all.length, ArrowUp: (index - 1 + all.length) % all.length, Home: 0, End: all.length - 1,
    };
    const next = moves[event.key];
    if (next !== undefined) {
      event.preventDefault();
      all[next]?.focus();
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      close(true);
    } else if (event.key === 'Tab') {
      setOpen(false);
    }
  };

  return (
    <div ref={root} className="relative inline-flex">
      {trigger({
        'aria-haspopup': 'menu',
        'aria-expanded': open,
        'aria-controls': open ? id : undefined,
        onClick: () => setOpen(!open),
        onKeyDown: (event) => {
          if (event.key === 'ArrowDown') { event.preventDefault(); setOpen(true); }
        },
      })}
      {open ? (
        <div
          ref={list} id={id} role="menu" aria-label={label} tabIndex={-1} onKeyDown={onKeyDown}
          className={cx(
            'absolute top-full z-40 mt-1.5 min-w-48 rounded-lg border border-line bg-raised p-1 shadow-float animate-fade',
            { start: 'left-0', end: 'right-0', wide: 'right-0 sm:right-auto sm:left-0' }[align],
          )}
        >
          {header ? <div className="px-2.5 py-2">{header}</div> : null}
          {items.map((item, index) => item === 'separator' ? (
            <div key={index} role="separator" className="my-1 border-t border-line" />
          ) : (
            <button
              key={index} type="button" tabIndex={-1} data-testid={item.testId}
              role={item.checked === undefined ? 'menuitem' : 'menuitemradio'}
              aria-checked={item.checked}
              onClick={() => { close(true); item.onSelect(); }}
              className={cx(
                'flex h-8 w-full items-center gap-2.5 rounded-md px-2.5 text-left text-sm whitespace-nowrap outline-none focus:bg-hover hover:bg-hover',
                item.danger ? 'text-danger' : 'text-ink',
              )}
            >
              {item.icon ? <Icon name={item.icon} size={17} className={item.danger ? undefined : 'text-muted'} /> : null}
              <span className="flex-1">{item.label}</span>
              {item.checked ? <Icon name="check" size={16} className="text-accent" /> : null}
            </button>
          ))}
        </div>
      ) : null}
    </div>
  );
}
