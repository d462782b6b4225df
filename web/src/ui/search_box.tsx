import type { Ref } from 'react';
import { cx } from './cx';
import { inputLook } from './field';
import { Icon } from './icons';

/** A search field with its sign. */
export function SearchBox({ label, placeholder, value, onChange, className, testId, ref }: {
  label: string; placeholder: string; value: string; onChange: (value: string) => void; className?: string; testId: string; ref?: Ref<HTMLInputElement>;
}) {
  return (
    <div className={cx('relative', className)}>
      <Icon name="search" size={16} className="pointer-events-none absolute top-1/2 left-2.5 -translate-y-1/2 text-faint" />
      <input
        ref={ref} type="search" value={value} onChange={(event) => onChange(event.target.value)} aria-label={label} placeholder={placeholder}
        autoComplete="off" maxLength={50} data-testid={testId} className={cx(inputLook, 'h-8 pr-2 pl-8 text-sm max-sm:h-10 max-sm:text-base')}
      />
    </div>
  );
}
