import { useState, type FormEvent, type ReactNode } from 'react';
import { useApp } from '../app_context';
import { signOutNow } from '../sign_out';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Field } from '../ui/field';
import { useAccount } from './account_parts';
import { FormProblem } from './entrance';
import { useSubmit } from './use_submit';

/** The foot of a form in a dialog. */
export function Choice({ onClose, children }: { onClose: () => void; children: ReactNode }) {
  return <div className="flex justify-end gap-2"><Button onClick={onClose}>Cancel</Button>{children}</div>;
}

/** Asks for the password, and for a code where `withCode`, before something is done with them. */
export function ProofDialog<T>({ title, lead, action, danger, withCode, work, onDone, onClose, testId }: {
  title: string; lead: ReactNode; action: string; danger?: boolean; withCode?: boolean;
  work: (password: string, code: string) => Promise<T>; onDone: (result: T) => void; onClose: () => void; testId: string;
}) {
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const form = useSubmit(() => work(password, code.trim()), onDone);
  return (
    <Dialog title={title} onClose={onClose} testId={testId}>
      <form onSubmit={(event: FormEvent) => form.submit(event)} className="flex flex-col gap-5" noValidate>
        <div className="text-base text-muted">{lead}</div>
        <FormProblem problem={form.beside('password', 'code')} />
        <Field label="Password" type="password" autoComplete="current-password" data-autofocus value={password} error={form.at('password')}
          onChange={(event) => setPassword(event.target.value)} data-testid="proof-password" />
        {withCode ? (
          <Field label="Code" autoComplete="one-time-code" inputMode="text" value={code} error={form.at('code')} hint="Of your app, or a recovery code."
            onChange={(event) => setCode(event.target.value)} data-testid="proof-code" />
        ) : null}
        <Choice onClose={onClose}>
          <Button type="submit" look={danger ? 'danger' : 'primary'} busy={form.busy} disabled={!password || (withCode && !code.trim())} data-testid="proof-submit">{action}</Button>
        </Choice>
      </form>
    </Dialog>
  );
}

export function RemoveDialog({ onClose }: { onClose: () => void }) {
  const account = useAccount();
  const { session } = useApp();
  return (
    <ProofDialog
      title="Remove your account?" action="Remove it for good" danger testId="remove-dialog" onClose={onClose}
      lead="Your documents and folders go with it, and nobody can bring them back. What you wrote in documents of others stays there. Export your data first if you want to keep it."
      work={(password) => account.remove(password)} onDone={() => void signOutNow(session)}
    />
  );
}
