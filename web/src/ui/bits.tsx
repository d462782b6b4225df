import type { ReactNode } from 'react';
import { initialsOf } from '../lib/person';
import { cx } from './cx';
import { Icon, type IconName } from './icons';

export function Avatar({ name, colour, size = 28, className }: { name: string; colour: string; size?: number; className?: string | undefined }) {
  return (
    <span
      aria-hidden="true"
      style={{ backgroundColor: colour, width: size, height: size, fontSize: Math.round(size * 0.39) }}
      className={cx('inline-flex shrink-0 items-center justify-center rounded-full font-[600] tracking-tight text-white select-none', className)}
    >
      {initialsOf(name)}
    </span>
  );
}

/** A grey bar in the place of something that is still on its way. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden="true" className={cx('block animate-pulse rounded-sm bg-line', className)} />;
}

export function Badge({ children, icon, tone = 'neutral', testId }: { children: ReactNode; icon?: IconName; tone?: 'neutral' | 'accent' | 'warn'; testId?: string }) {
  const tones = { neutral: 'bg-hover text-muted', accent: 'bg-accent-soft text-accent', warn: 'bg-warn-soft text-warn' };
  return (
    <span data-testid={testId} className={cx('inline-flex h-6 shrink-0 items-center gap-1 rounded-full px-2 text-xs font-[550] whitespace-nowrap', tones[tone])}>
      {icon ? <Icon name={icon} size={14} /> : null}
      {children}
    </span>
  );
}

/** A strip that says something about the whole page, with what can be done about it. */
export function Banner({ tone = 'warn', icon, children, actions, testId, floating }: {
  tone?: 'warn' | 'danger' | 'neutral'; icon: IconName; children: ReactNode; actions?: ReactNode; testId?: string;
  /** Lies over the foot of the page rather than moving it: for what comes and goes by itself. */
  floating?: boolean;
}) {
  const tones = { warn: 'bg-warn-soft text-warn', danger: 'bg-danger-soft text-danger', neutral: 'bg-sunken text-muted' };
  return (
    <div role="status" data-testid={testId} className={cx(
      'flex items-center gap-x-3 gap-y-2 text-sm', tones[tone],
      floating
        ? 'fixed bottom-[max(1rem,env(safe-area-inset-bottom))] left-1/2 z-30 w-max max-w-[calc(100vw-2rem)] -translate-x-1/2 rounded-lg py-2 pr-2 pl-3.5 shadow-float animate-fade'
        : 'flex-wrap justify-center px-4 py-2',
    )}>
      <span className="flex items-start gap-2 font-[500]"><Icon name={icon} size={18} className="mt-px shrink-0" /><span>{children}</span></span>
      {actions}
    </div>
  );
}

/** A whole page's worth of "there is nothing here", with the way on. */
export function EmptyState({ icon, title, children, actions, testId }: {
  icon: IconName; title: string; children?: ReactNode; actions?: ReactNode; testId?: string;
}) {
  return (
    <div data-testid={testId} className="mx-auto flex max-w-md flex-col items-center px-6 py-20 text-center">
      <span className="mb-5 flex size-14 items-center justify-center rounded-xl bg-accent-soft text-accent"><Icon name={icon} size={26} /></span>
      <h2 className="text-lg font-[620]">{title}</h2>
      {children ? <div className="mt-1.5 text-base text-balance text-muted">{children}</div> : null}
      {actions ? <div className="mt-6 flex flex-wrap justify-center gap-2">{actions}</div> : null}
    </div>
  );
}
