import { useState, type ReactNode } from 'react';
import { copyText } from '../lib/clipboard';
import { Button } from './button';

/** An address that is shown this once, with a way to copy it. */
export function Once({ address, label, children, testId }: { address: string; label: string; children: ReactNode; testId: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className="rounded-lg bg-accent-soft p-3">
      <div className="flex items-center gap-2">
        <input readOnly value={address} aria-label={label} onFocus={(event) => event.target.select()} data-testid={`${testId}-address`}
          className="h-8 min-w-0 flex-1 rounded-md border border-line-strong bg-surface px-2.5 text-sm" />
        <Button look="primary" icon={copied ? 'check' : 'copy'} data-autofocus onClick={() => void copyText(address).then(setCopied)} data-testid={`${testId}-copy`}>{copied ? 'Copied' : 'Copy'}</Button>
      </div>
      <p className="mt-2 text-sm text-muted">{children}</p>
    </div>
  );
}
