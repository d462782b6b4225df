import { useState, type FormEvent } from 'react';
import { useApp } from '../app_context';
import { asProblem, type Problem } from '../lib/problem';
import { linkToken } from '../link_token';
import { setupToken } from '../setup_token';
import { Button } from '../ui/button';
import { cx } from '../ui/cx';
import { Field } from '../ui/field';
import { Icon } from '../ui/icons';
import { Entrance, FormProblem, Link, useSetup } from './entrance';
import { OAuthButtons } from './oauth_buttons';

/** The hub's rule unless it is configured otherwise. The hub has the last word, and its refusal is shown at the field. */
const kMinPassword = 8;
const kFields = ['name', 'email', 'password'];

export function RegisterPage() {
  const { session } = useApp();
  const { setup, problem: setupProblem } = useSetup();
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const owner = setup?.needs_owner ?? false;
  const token = setupToken();
  const invitation = linkToken('/register');

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await session.register({
        email: email.trim(),
        password,
        ...(name.trim() ? { name: name.trim() } : {}),
        ...(owner && token !== null ? { setup_token: token } : {}),
        ...(invitation !== null ? { invitation } : {}),
      });
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };

  if (setup && !owner && setup.registration === 'closed') {
    return (
      <Entrance title="Registration is closed" lead="The owner of this hub has closed it to new accounts. Ask them to open it for you.">
        <p className="text-sm"><Link to="/sign-in" testId="go-sign-in">Back to signing in</Link></p>
      </Entrance>
    );
  }
  if (setup && !owner && setup.registration === 'invitation' && invitation === null) {
    return (
      <Entrance title="By invitation" lead="An account on this hub needs an invitation. Open its link, or ask an admin of the hub for one.">
        <p className="text-sm" data-testid="invitation-needed"><Link to="/sign-in" testId="go-sign-in">Back to signing in</Link></p>
      </Entrance>
    );
  }
  if (owner && setup?.setup_token_required && token === null) {
    return (
      <Entrance title="Make this hub yours" lead="Others can reach this hub, so its first account needs proof that you run it.">
        <div data-testid="setup-link-needed" className="flex items-start gap-3 rounded-lg border border-line bg-surface p-4 text-sm text-muted">
          <Icon name="link" size={18} className="mt-px shrink-0 text-accent" />
          <p>Open the one-time link that the hub printed when it started. It ends in <code className="rounded-sm bg-hover px-1 py-0.5 font-mono text-xs text-ink">?setup=…</code></p>
        </div>
      </Entrance>
    );
  }

  const fieldError = (field: string) => (problem?.field === field ? problem.detail || problem.title : null);
  const formProblem = problem && !kFields.includes(problem.field ?? '') ? problem : null;
  const longEnough = [...password].length >= kMinPassword;
  return (
    <Entrance
      title={owner ? 'Make this hub yours' : invitation !== null ? 'You are invited' : 'Make an account'}
      lead={owner ? 'This is the first account. It owns the hub, and decides who else may use it.' : 'For writing together with the people on this hub.'}
    >
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-5" noValidate>
        <FormProblem problem={formProblem ?? (problem ? null : setupProblem)} />
        <Field label="Name" autoComplete="name" autoFocus maxLength={100} value={name} error={fieldError('name')}
          onChange={(event) => setName(event.target.value)} hint="What others see beside your cursor." data-testid="register-name" />
        <Field label="E-mail" type="email" autoComplete="username" required value={email} error={fieldError('email')}
          onChange={(event) => setEmail(event.target.value)} data-testid="register-email" />
        <Field label="Password" type="password" autoComplete="new-password" required value={password} error={fieldError('password')}
          onChange={(event) => setPassword(event.target.value)} data-testid="register-password"
          hint={
            <span className={cx('flex items-center gap-1.5 transition-colors', longEnough && 'text-accent')}>
              <Icon name="check" size={16} className={longEnough ? undefined : 'opacity-40'} />
              At least {kMinPassword} characters. A few words in a row are best.
            </span>
          } />
        <Button type="submit" look="primary" large busy={busy} disabled={!email.trim() || !password} data-testid="register-submit">
          {owner ? 'Make it mine' : 'Make the account'}
        </Button>
      </form>
      <OAuthButtons newcomer={{ ...(owner && token !== null ? { setup_token: token } : {}), ...(invitation !== null ? { invitation } : {}) }} />
      {owner ? null : <p className="mt-6 text-sm text-muted">Been here before? <Link to="/sign-in" testId="go-sign-in">Sign in</Link></p>}
    </Entrance>
  );
}
