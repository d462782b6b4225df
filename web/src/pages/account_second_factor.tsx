import { useEffect, useState } from 'react';
import { encode } from 'uqr';
import type { Enrolment, Factors } from '../lib/account';
import { copyText } from '../lib/clipboard';
import { Badge, Skeleton } from '../ui/bits';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Field } from '../ui/field';
import { toastDone } from '../ui/toasts';
import { Section, useAccount, useLoaded } from './account_parts';
import { Choice, ProofDialog } from './account_dialogs';
import { Passkeys } from './account_passkeys';
import { FormProblem } from './entrance';
import { useSubmit } from './use_submit';

type Asking = { what: 'begin' } | { what: 'confirm'; enrolment: Enrolment } | { what: 'codes'; codes: string[] } | { what: 'renew' } | { what: 'disable' };

/** Codes of an app and passkeys, and the recovery codes that stand in for both. */
export function SecondFactorSection({ onFactors }: { onFactors?: (factors: Factors) => void }) {
  const account = useAccount();
  const { value: factors, problem, reload } = useLoaded((signal) => account.factors(signal));
  const [asking, setAsking] = useState<Asking | null>(null);
  const close = () => { setAsking(null); reload(); };
  useEffect(() => { if (factors) onFactors?.(factors); }, [factors]);
  return (
    <Section title="Two-step sign-in" lead="A code of an app, or a passkey, after the password. Who has your password alone does not get in." testId="account-second-factor-section">
      <FormProblem problem={problem} />
      {!factors && !problem ? <Skeleton className="h-8 w-40" /> : null}
      {factors && !factors.totp ? <Button icon="shield" onClick={() => setAsking({ what: 'begin' })} data-testid="totp-enable">Turn on codes of an app…</Button> : null}
      {factors?.totp ? (
        <>
          <h3 className="text-sm font-[550]">Authenticator app</h3>
          <p className="mt-1 mb-3 flex flex-wrap items-center gap-2 text-sm text-muted" data-testid="totp-on">
            <Badge tone="accent" icon="check">On</Badge> The app’s code is asked for.
          </p>
          <Button onClick={() => setAsking({ what: 'disable' })} data-testid="totp-disable">Turn it off…</Button>
        </>
      ) : null}
      {factors ? <Passkeys passkeys={factors.passkeys} password={factors.password} onChanged={reload} onCodes={(codes) => setAsking({ what: 'codes', codes })} /> : null}
      {factors && (factors.totp || factors.passkeys.length > 0) ? (
        <div className="mt-7">
          <h3 className="text-sm font-[550]">Recovery codes</h3>
          <p className="mt-0.5 mb-3 text-sm text-muted" data-testid="recovery-left">
            {factors.recovery_codes === 1 ? 'One is left.' : `${factors.recovery_codes} are left.`} Each stands in once for the app or a passkey.
          </p>
          {factors.totp || factors.recovery_codes > 0 ? <Button onClick={() => setAsking({ what: 'renew' })} data-testid="recovery-renew">New recovery codes…</Button> : null}
        </div>
      ) : null}
      {factors && asking?.what === 'begin' ? (
        <ProofDialog password={factors.password} title="Turn on codes of an app" action="Go on" testId="totp-begin-dialog" onClose={close}
          lead="You need an authenticator app on your phone, such as Aegis, Google Authenticator or 1Password."
          work={(password) => account.beginTotp(password)} onDone={(enrolment) => setAsking({ what: 'confirm', enrolment })} />
      ) : null}
      {asking?.what === 'confirm' ? (
        <ConfirmDialog enrolment={asking.enrolment} onClose={close} onDone={(codes) => setAsking({ what: 'codes', codes })} />
      ) : null}
      {asking?.what === 'codes' ? <CodesDialog codes={asking.codes} onClose={close} /> : null}
      {factors && asking?.what === 'renew' ? (
        <ProofDialog password={factors.password} title="New recovery codes" action="Make new ones" withCode testId="recovery-dialog" onClose={close}
          lead="Those you have no longer work then."
          work={(password, code) => account.renewRecoveryCodes(password, code)} onDone={(codes) => setAsking({ what: 'codes', codes })} />
      ) : null}
      {factors && asking?.what === 'disable' ? (
        <ProofDialog password={factors.password} title="Turn off codes of the app?" action="Turn it off" danger withCode testId="totp-disable-dialog" onClose={close}
          lead="From then on no code of the app is asked for."
          work={(password, code) => account.disableTotp(password, code)} onDone={() => { toastDone('Codes of the app are off'); close(); }} />
      ) : null}
    </Section>
  );
}

/** Black on white in every theme: cameras expect it. */
function QrCode({ text }: { text: string }) {
  const { data, size } = encode(text, { ecc: 'M', border: 4 });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return (
    <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label="QR code for the app" shapeRendering="crispEdges" data-testid="totp-qr"
      className="size-44 shrink-0 rounded-lg border border-line bg-white">
      <path d={path} fill="#000" />
    </svg>
  );
}

function ConfirmDialog({ enrolment, onClose, onDone }: { enrolment: Enrolment; onClose: () => void; onDone: (codes: string[]) => void }) {
  const account = useAccount();
  const [code, setCode] = useState('');
  const form = useSubmit(() => account.confirmTotp(code.replace(/\s/g, '')), onDone);
  return (
    <Dialog title="Scan this with the app" onClose={onClose} wide testId="totp-confirm-dialog">
      <form onSubmit={form.submit} className="flex flex-col gap-5" noValidate>
        <div className="flex gap-5 max-sm:flex-col max-sm:items-center">
          <QrCode text={enrolment.uri} />
          <div className="min-w-0 text-sm text-muted">
            <p>Or type this key into it:</p>
            <p className="mt-2 rounded-md bg-sunken px-3 py-2 font-mono text-sm break-words text-ink" data-testid="totp-secret">
              {enrolment.secret.match(/.{1,4}/g)?.join(' ')}
            </p>
            <p className="mt-3"><a href={enrolment.uri} className="font-[550] text-accent underline-offset-3 hover:underline">Open the app on this device</a></p>
          </div>
        </div>
        <FormProblem problem={form.beside('code')} />
        <Field label="The code that the app shows" autoComplete="one-time-code" inputMode="numeric" data-autofocus maxLength={7} value={code} error={form.at('code')}
          onChange={(event) => setCode(event.target.value)} data-testid="totp-code" />
        <Choice onClose={onClose}>
          <Button type="submit" look="primary" busy={form.busy} disabled={code.replace(/\s/g, '').length !== 6} data-testid="totp-confirm">Turn it on</Button>
        </Choice>
      </form>
    </Dialog>
  );
}

function CodesDialog({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const [copied, setCopied] = useState(false);
  return (
    <Dialog title="Your recovery codes" onClose={onClose} testId="recovery-codes-dialog">
      <p className="text-base text-muted">Each signs you in once when you have neither the app nor a passkey at hand. Keep them where you keep passwords; they are not shown again.</p>
      <ul className="my-5 grid grid-cols-2 gap-x-3 gap-y-1 rounded-lg bg-sunken px-4 py-3 font-mono text-2xs whitespace-nowrap sm:text-sm" data-testid="recovery-codes">
        {codes.map((code) => <li key={code}>{code}</li>)}
      </ul>
      <div className="flex justify-end gap-2">
        <Button icon={copied ? 'check' : 'copy'} onClick={() => void copyText(codes.join('\n')).then(setCopied)} data-testid="recovery-copy">{copied ? 'Copied' : 'Copy'}</Button>
        <Button look="primary" onClick={onClose} data-testid="recovery-done">I have kept them</Button>
      </div>
    </Dialog>
  );
}
