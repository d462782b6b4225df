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

/**
 * Asks for the password, and for a code where `withCode`, before something is done with them. An account that has no
 * password (`password` false) is asked for none: its sign-in has to be recent, which the hub sees to.
 */
export function ProofDialog<T>({ title, lead, action, danger, password: asked, withCode, work, onDone, onClose, testId }: {
  title: string; lead: ReactNode; action: string; danger?: boolean; password: boolean; withCode?: boolean;
  work: (password: string | null, code: string) => Promise<T>; onDone: (result: T) => void; onClose: () => void; testId: string;
}) {
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const form = useSubmit(() => work(asked ? password : null, code.trim()), onDone);
  return (
    <Dialog title={title} onClose={onClose} testId={testId}>
      <form onSubmit={(event: FormEvent) => form.submit(event)} className="flex flex-col gap-5" noValidate>
        <div className="text-base text-muted">{lead}</div>
        <FormProblem problem={asked ? form.beside('password', 'code') : form.beside('code')} />
        {asked ? (
          <Field label="Password" type="password" autoComplete="current-password" data-autofocus value={password} error={form.at('password')}
            onChange={(event) => setPassword(event.target.value)} data-testid="proof-password" />
        ) : null}
        {withCode ? (
          <Field label="Code" autoComplete="one-time-code" inputMode="text" value={code} error={form.at('code')} hint="Of your app, or a recovery code."
            onChange={(event) => setCode(event.target.value)} data-testid="proof-code" />
        ) : null}
        <Choice onClose={onClose}>
          <Button type="submit" look={danger ? 'danger' : 'primary'} busy={form.busy} disabled={(asked && !password) || (withCode && !code.trim())} data-testid="proof-submit">{action}</Button>
        </Choice>
      </form>
    </Dialog>
  );
}

export function RemoveDialog({ password, onClose }: { password: boolean; onClose: () => void }) {
  const account = useAccount();
  const { session } = useApp();
  return (
    <ProofDialog
      title="Remove your account?" action="Remove it for good" danger password={password} testId="remove-dialog" onClose={onClose}
      lead="Your documents and folders go with it, and nobody can bring them back. What you wrote in documents of others stays there. Export your data first if you want to keep it."
      work={(shown) => account.remove(shown)} onDone={() => void signOutNow(session)}
    />
  );
}
