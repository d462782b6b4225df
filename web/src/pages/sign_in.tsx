import { useEffect, useState } from 'react';
import { useApp } from '../app_context';
import { navigate } from '../router';
import { Button } from '../ui/button';
import { cx } from '../ui/cx';
import { Field } from '../ui/field';
import { passkeysHere, type PasskeyPlace } from '../lib/passkeys';
import type { SecondStep } from '../lib/session';
import { Entrance, FormProblem, Link, useSetup } from './entrance';
import { OAuthButtons, useOAuthSignIn } from './oauth_buttons';
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

  const byPasskey = useSubmit(() => session.signInByPasskey(), () => {});
  const back = useOAuthSignIn(setStep);

  useEffect(() => {
    if (setup?.needs_owner && !back.busy && !back.problem) navigate('/register', { replace: true });
  }, [setup, back.busy, back.problem]);

  const place = passkeysHere(setup?.passkeys_at ?? null);
  if (step) return <SecondStepPage step={step} place={place} onAgain={() => setStep(null)} />;
  if (back.busy) return <Entrance title="Signing you in" lead="A moment…"><span aria-busy="true" /></Entrance>;
  return (
    <Entrance title="Sign in" lead={leads[reason]}>
      <form onSubmit={form.submit} className="flex flex-col gap-5" noValidate>
        <FormProblem problem={form.beside('email', 'password') ?? byPasskey.problem ?? (form.problem ? null : back.problem ?? setupProblem)} />
        <Field label="E-mail" type="email" autoComplete="username" required autoFocus value={email} error={form.at('email')}
          onChange={(event) => setEmail(event.target.value)} data-testid="sign-in-email" />
        <Field label="Password" type="password" autoComplete="current-password" required value={password} error={form.at('password')}
          onChange={(event) => setPassword(event.target.value)} data-testid="sign-in-password" />
        <Button type="submit" look="primary" large busy={form.busy} disabled={!email.trim() || !password} data-testid="sign-in-submit">Sign in</Button>
      </form>
      {place.ok && !setup?.needs_owner ? (
        <Button large className="mt-3 w-full" icon="key" busy={byPasskey.busy} onClick={(event) => byPasskey.submit(event)} data-testid="sign-in-passkey">Sign in with a passkey</Button>
      ) : null}
      {setup?.needs_owner ? null : <OAuthButtons />}
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
function SecondStepPage({ step, place, onAgain }: { step: SecondStep; place: PasskeyPlace; onAgain: () => void }) {
  const { session } = useApp();
  const app = step.second_factor.includes('totp');
  const byPasskey = step.publicKey !== undefined && place.ok;
  const codes = app || step.second_factor.includes('recovery');
  const [recovery, setRecovery] = useState(!app);
  const [code, setCode] = useState('');
  const form = useSubmit(() => session.finishSignIn(step.ticket, code.trim()), () => {});
  const passkey = useSubmit(() => session.finishByPasskey(step.ticket, step.publicKey!), () => {});
  const turn = () => { setRecovery(!recovery); setCode(''); };
  return (
    <Entrance title="One more step" lead={byPasskey ? (codes ? 'Show your passkey, or type a code.' : 'Show your passkey.') : recovery ? 'One of the recovery codes that you kept. It works once.' : 'The code that your authenticator app shows now.'}>
      <form onSubmit={form.submit} className="flex flex-col gap-5" noValidate>
        <FormProblem problem={form.beside('code') ?? passkey.problem} />
        {step.publicKey && !place.ok && place.why === 'address' ? (
          <p className="rounded-lg bg-sunken px-3.5 py-3 text-sm text-muted" data-testid="second-step-elsewhere">
            Your passkey works at <a href={`${place.at}/sign-in`} className="font-[550] break-words text-accent underline-offset-3 hover:underline">{place.at}</a> alone.
          </p>
        ) : null}
        {byPasskey ? (
          <Button look="primary" large icon="key" busy={passkey.busy} onClick={(event) => passkey.submit(event)} data-testid="second-step-passkey">Use a passkey</Button>
        ) : null}
        {codes ? <Field key={String(recovery)} label={recovery ? 'Recovery code' : 'Code'} autoComplete="one-time-code" inputMode={recovery ? 'text' : 'numeric'} autoFocus={!byPasskey} required
          value={code} error={form.at('code')} onChange={(event) => setCode(event.target.value)} data-testid="second-step-code" /> : null}
        {codes ? <Button type="submit" look={byPasskey ? 'plain' : 'primary'} large busy={form.busy} disabled={!code.trim()} data-testid="second-step-submit">{byPasskey ? 'Sign in with the code' : 'Sign in'}</Button> : null}
      </form>
      {app && step.second_factor.includes('recovery') ? (
        <p className="mt-6 text-sm">
          <button type="button" onClick={turn} data-testid="second-step-other" className="rounded-sm font-[550] text-accent underline-offset-3 hover:underline">
            {recovery ? 'Use the app instead' : 'Use a recovery code instead'}
          </button>
        </p>
      ) : null}
      <p className={cx('text-sm text-muted', app && step.second_factor.includes('recovery') ? 'mt-2' : 'mt-6')}>
        Somebody else? <button type="button" onClick={onAgain} data-testid="second-step-again" className="rounded-sm font-[550] text-accent underline-offset-3 hover:underline">Begin again</button>
      </p>
    </Entrance>
  );
}
