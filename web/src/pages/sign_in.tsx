import { useEffect, useState } from 'react';
import { useApp } from '../app_context';
import { navigate } from '../router';
import { Button } from '../ui/button';
import { cx } from '../ui/cx';
import { Field } from '../ui/field';
import type { SecondStep } from '../lib/session';
import { Entrance, FormProblem, Link, useSetup } from './entrance';
import { useSubmit } from './use_submit';

const leads = {
  none: 'Your documents are where you left them.',
  expired: 'Your session has ended. Sign in again to go on.',
  elsewhere: 'You signed out in another tab.',
};

export function SignInPage({ reason }: { reason: keyof typeof leads }) {
  const { session } = useApp();
  const { setup, problem: setupProblem } = useSetup();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [step, setStep] = useState<SecondStep | null>(null);
  const form = useSubmit(() => session.signIn(email.trim(), password), (wanted) => {
    form.again();
    if (wanted) setPassword('');
    setStep(wanted);
  });

  useEffect(() => {
    if (setup?.needs_owner) navigate('/register', { replace: true });
  }, [setup]);

  if (step) return <SecondStepPage step={step} onAgain={() => setStep(null)} />;
  return (
    <Entrance title="Sign in" lead={leads[reason]}>
      <form onSubmit={form.submit} className="flex flex-col gap-5" noValidate>
        <FormProblem problem={form.beside('email', 'password') ?? (form.problem ? null : setupProblem)} />
        <Field label="E-mail" type="email" autoComplete="username" required autoFocus value={email} error={form.at('email')}
          onChange={(event) => setEmail(event.target.value)} data-testid="sign-in-email" />
        <Field label="Password" type="password" autoComplete="current-password" required value={password} error={form.at('password')}
          onChange={(event) => setPassword(event.target.value)} data-testid="sign-in-password" />
        <Button type="submit" look="primary" large busy={form.busy} disabled={!email.trim() || !password} data-testid="sign-in-submit">Sign in</Button>
      </form>
      {setup?.mail ? (
        <p className="mt-6 text-sm"><Link to="/forgot" testId="go-forgot">Forgot your password?</Link></p>
      ) : null}
      {setup?.registration === 'open' ? (
        <p className={cx('text-sm text-muted', setup.mail ? 'mt-2' : 'mt-6')}>New here? <Link to="/register" testId="go-register">Make an account</Link></p>
      ) : null}
    </Entrance>
  );
}

/** The password was right; now a code. */
function SecondStepPage({ step, onAgain }: { step: SecondStep; onAgain: () => void }) {
  const { session } = useApp();
  const [recovery, setRecovery] = useState(false);
  const [code, setCode] = useState('');
  const form = useSubmit(() => session.finishSignIn(step.ticket, code.trim()), () => {});
  const turn = () => { setRecovery(!recovery); setCode(''); };
  return (
    <Entrance title="One more step" lead={recovery ? 'One of the recovery codes that you kept. It works once.' : 'The code that your authenticator app shows now.'}>
      <form onSubmit={form.submit} className="flex flex-col gap-5" noValidate>
        <FormProblem problem={form.beside('code')} />
        <Field key={String(recovery)} label={recovery ? 'Recovery code' : 'Code'} autoComplete="one-time-code" inputMode={recovery ? 'text' : 'numeric'} autoFocus required
          value={code} error={form.at('code')} onChange={(event) => setCode(event.target.value)} data-testid="second-step-code" />
        <Button type="submit" look="primary" large busy={form.busy} disabled={!code.trim()} data-testid="second-step-submit">Sign in</Button>
      </form>
      {step.second_factor.includes('recovery') ? (
        <p className="mt-6 text-sm">
          <button type="button" onClick={turn} data-testid="second-step-other" className="rounded-sm font-[550] text-accent underline-offset-3 hover:underline">
            {recovery ? 'Use the app instead' : 'Use a recovery code instead'}
          </button>
        </p>
      ) : null}
      <p className="mt-2 text-sm text-muted">
        Somebody else? <button type="button" onClick={onAgain} data-testid="second-step-again" className="rounded-sm font-[550] text-accent underline-offset-3 hover:underline">Begin again</button>
      </p>
    </Entrance>
  );
}
