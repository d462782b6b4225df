import { useEffect, useRef, useState } from 'react';
import { useApp } from '../app_context';
import { asProblem, type Problem } from '../lib/problem';
import { linkToken } from '../link_token';
import { Button } from '../ui/button';
import { Field } from '../ui/field';
import { Icon } from '../ui/icons';
import { Entrance, FormProblem, Link, useSetup } from './entrance';
import { useSubmit } from './use_submit';

function Done({ title, lead, children }: { title: string; lead: string; children?: string }) {
  return (
    <Entrance title={title} lead={lead}>
      {children ? (
        <div className="mb-6 flex items-start gap-3 rounded-lg border border-line bg-surface p-4 text-sm text-muted">
          <Icon name="check" size={18} className="mt-px shrink-0 text-accent" />
          <p>{children}</p>
        </div>
      ) : null}
      <p className="text-sm" data-testid="link-done"><Link to="/sign-in" testId="go-sign-in">To signing in</Link></p>
    </Entrance>
  );
}

/** Sets a password by a link that was mailed, or that an admin handed over. */
export function ResetPage() {
  const { session } = useApp();
  const token = linkToken('/reset');
  const [password, setPassword] = useState('');
  const [done, setDone] = useState(false);
  const { busy, at, beside, submit } = useSubmit(
    () => session.call('/auth/password/reset', { method: 'POST', body: { token, password } }),
    () => setDone(true),
  );

  if (done) return <Done title="Your new password is set" lead="Every other sign-in of yours has ended." />;
  if (token === null) return <Done title="This link is not whole" lead="Open it from the message again, or ask for a new one." />;
  return (
    <Entrance title="Set a new password" lead="It replaces the old one, and ends every sign-in that is open.">
      <form onSubmit={submit} className="flex flex-col gap-5" noValidate>
        <FormProblem problem={beside('password')} />
        <Field label="New password" type="password" autoComplete="new-password" autoFocus required value={password}
          error={at('password')} onChange={(event) => setPassword(event.target.value)}
          hint="At least 8 characters. A few words in a row are best." data-testid="reset-password" />
        <Button type="submit" look="primary" large busy={busy} disabled={!password} data-testid="reset-submit">Set the password</Button>
      </form>
    </Entrance>
  );
}

/** Confirms an address by the link that was mailed to it. */
export function ConfirmPage() {
  const { session } = useApp();
  const token = linkToken('/confirm');
  const asked = useRef(false);
  const [done, setDone] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  useEffect(() => {
    if (token === null || asked.current) return;
    asked.current = true; // the link works once
    session.call('/auth/email/confirm', { method: 'POST', body: { token } })
      .then(() => setDone(true), (error: unknown) => setProblem(asProblem(error)));
  }, [session, token]);

  if (done) return <Done title="Your address is confirmed" lead="Thank you." />;
  if (token === null) return <Done title="This link is not whole" lead="Open it from the message again." />;
  return (
    <Entrance title="Confirming your address" lead={problem ? 'That did not work.' : 'One moment.'}>
      <FormProblem problem={problem} />
      {problem ? <p className="mt-6 text-sm"><Link to="/sign-in" testId="go-sign-in">To signing in</Link></p> : null}
    </Entrance>
  );
}

/** Asks for a link by mail. What is answered does not tell whether there is such an account. */
export function ForgotPage() {
  const { session } = useApp();
  const { problem: setupProblem } = useSetup();
  const [email, setEmail] = useState('');
  const [done, setDone] = useState(false);
  const { busy, problem, at, beside, submit } = useSubmit(
    () => session.call('/auth/password/reset-request', { method: 'POST', body: { email: email.trim() } }),
    () => setDone(true),
  );

  if (done) {
    return (
      <Done title="Look into your mail" lead={`If there is an account with ${email.trim()}, a link is on its way to it.`}>
        The link works once, for an hour.
      </Done>
    );
  }
  return (
    <Entrance title="Forgot your password?" lead="A link that sets a new one comes by mail.">
      <form onSubmit={submit} className="flex flex-col gap-5" noValidate>
        <FormProblem problem={problem ? beside('email') : setupProblem} />
        <Field label="E-mail" type="email" autoComplete="username" autoFocus required value={email}
          error={at('email')} onChange={(event) => setEmail(event.target.value)}
          data-testid="forgot-email" />
        <Button type="submit" look="primary" large busy={busy} disabled={!email.trim()} data-testid="forgot-submit">Send the link</Button>
      </form>
      <p className="mt-6 text-sm text-muted">It came back to you? <Link to="/sign-in" testId="go-sign-in">Sign in</Link></p>
    </Entrance>
  );
}
