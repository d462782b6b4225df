import { useId, type InputHTMLAttributes, type ReactNode, type Ref, type SelectHTMLAttributes } from 'react';
import { sentence } from '../lib/problem';
import { cx } from './cx';
import { Icon } from './icons';

export const inputLook =
  'w-full rounded-md border border-line-strong bg-surface text-ink transition-colors duration-100 hover:border-faint focus:border-accent focus:outline-2 focus:outline-offset-0 focus:outline-accent/35 disabled:opacity-60 aria-invalid:border-danger aria-invalid:focus:outline-danger/30';

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  hint?: ReactNode;
  error?: string | null | undefined;
  /** What the error is about, where that is not the label. */
  subject?: string;
  ref?: Ref<HTMLInputElement>;
}

/** The hub names a field as its request does, in quotes; a person knows it by its label. */
const inWords = (error: string, subject: string): string => sentence(error.replace(/^'[\w.]+'/, subject));

/** A labelled input with a hint, and with an error that names itself to assistive technology. */
export function Field({ label, hint, error, subject = label, className, ...rest }: FieldProps) {
  const id = useId();
  const describedBy = cx(hint ? `${id}-hint` : null, error ? `${id}-error` : null) || undefined;
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block text-sm font-[550]">{label}</label>
      <input id={id} aria-invalid={error ? true : undefined} aria-describedby={describedBy} className={cx(inputLook, 'h-10 px-3 text-base')} {...rest} />
      {error ? <p id={`${id}-error`} className="mt-1.5 flex items-start gap-1.5 text-sm text-danger"><Icon name="warn" size={16} className="mt-0.5 shrink-0" />{inWords(error, subject)}</p> : null}
      {hint ? <p id={`${id}-hint`} className="mt-1.5 text-sm text-muted">{hint}</p> : null}
    </div>
  );
}

interface SelectProps extends SelectHTMLAttributes<HTMLSelectElement> {
  label: string;
}

/** The browser's own list, dressed like the other inputs. */
export function Select({ label, className, children, ...rest }: SelectProps) {
  return (
    <span className={cx('relative inline-flex', className)}>
      <select aria-label={label} className={cx(inputLook, 'h-8 appearance-none pr-7 pl-2.5 text-sm')} {...rest}>{children}</select>
      <Icon name="down" size={14} className="pointer-events-none absolute top-1/2 right-2 -translate-y-1/2 text-muted" />
    </span>
  );
}
