import { useEffect, useState, type FormEvent } from 'react';
import { useApp } from '../app_context';
import { asProblem, type Problem } from '../lib/problem';
import { navigate } from '../router';
import { Button } from '../ui/button';
import { cx } from '../ui/cx';
import { Field } from '../ui/field';
import { Entrance, FormProblem, Link, useSetup } from './entrance';

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
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  useEffect(() => {
    if (setup?.needs_owner) navigate('/register', { replace: true });
  }, [setup]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await session.signIn(email.trim(), password);
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };

  const fieldError = (name: string) => (problem?.field === name ? problem.detail || problem.title : null);
  const formProblem = problem && !['email', 'password'].includes(problem.field ?? '') ? problem : null;
  return (
    <Entrance title="Sign in" lead={leads[reason]}>
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-5" noValidate>
        <FormProblem problem={formProblem ?? (problem ? null : setupProblem)} />
        <Field label="E-mail" type="email" autoComplete="username" required autoFocus value={email} error={fieldError('email')}
          onChange={(event) => setEmail(event.target.value)} data-testid="sign-in-email" />
        <Field label="Password" type="password" autoComplete="current-password" required value={password} error={fieldError('password')}
          onChange={(event) => setPassword(event.target.value)} data-testid="sign-in-password" />
        <Button type="submit" look="primary" large busy={busy} disabled={!email.trim() || !password} data-testid="sign-in-submit">Sign in</Button>
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
