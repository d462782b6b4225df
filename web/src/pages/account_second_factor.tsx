import { useState } from 'react';
import { encode } from 'uqr';
import type { Enrolment } from '../lib/account';
import { copyText } from '../lib/clipboard';
import { Badge, Skeleton } from '../ui/bits';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Field } from '../ui/field';
import { toastDone } from '../ui/toasts';
import { Section, useAccount, useLoaded } from './account_parts';
import { Choice, ProofDialog } from './account_dialogs';
import { FormProblem } from './entrance';
import { useSubmit } from './use_submit';

type Asking = { what: 'begin' } | { what: 'confirm'; enrolment: Enrolment } | { what: 'codes'; codes: string[] } | { what: 'renew' } | { what: 'disable' };

/** Codes of an app in the place of the password alone. */
export function SecondFactorSection() {
  const account = useAccount();
  const { value: factors, problem, reload } = useLoaded((signal) => account.factors(signal));
  const [asking, setAsking] = useState<Asking | null>(null);
  const close = () => { setAsking(null); reload(); };
  return (
    <Section title="Two-step sign-in" lead="A code of an app on your phone, asked for after the password. Who has your password alone does not get in." testId="account-second-factor-section">
      <FormProblem problem={problem} />
      {!factors && !problem ? <Skeleton className="h-8 w-40" /> : null}
      {factors && !factors.totp ? <Button icon="shield" onClick={() => setAsking({ what: 'begin' })} data-testid="totp-enable">Turn it on…</Button> : null}
      {factors?.totp ? (
        <>
          <p className="mb-4 flex flex-wrap items-center gap-2 text-sm text-muted" data-testid="totp-on">
            <Badge tone="accent" icon="check">On</Badge>
            {factors.recovery_codes === 1 ? 'One recovery code is left.' : `${factors.recovery_codes} recovery codes are left.`}
          </p>
          <div className="flex flex-wrap gap-2">
            <Button onClick={() => setAsking({ what: 'renew' })} data-testid="recovery-renew">New recovery codes…</Button>
            <Button onClick={() => setAsking({ what: 'disable' })} data-testid="totp-disable">Turn it off…</Button>
          </div>
        </>
      ) : null}
      {asking?.what === 'begin' ? (
        <ProofDialog title="Turn on two-step sign-in" action="Go on" testId="totp-begin-dialog" onClose={close}
          lead="You need an authenticator app on your phone, such as Aegis, Google Authenticator or 1Password."
          work={(password) => account.beginTotp(password)} onDone={(enrolment) => setAsking({ what: 'confirm', enrolment })} />
      ) : null}
      {asking?.what === 'confirm' ? (
        <ConfirmDialog enrolment={asking.enrolment} onClose={close} onDone={(codes) => setAsking({ what: 'codes', codes })} />
      ) : null}
      {asking?.what === 'codes' ? <CodesDialog codes={asking.codes} onClose={close} /> : null}
      {asking?.what === 'renew' ? (
        <ProofDialog title="New recovery codes" action="Make new ones" withCode testId="recovery-dialog" onClose={close}
          lead="Those you have no longer work then."
          work={(password, code) => account.renewRecoveryCodes(password, code)} onDone={(codes) => setAsking({ what: 'codes', codes })} />
      ) : null}
      {asking?.what === 'disable' ? (
        <ProofDialog title="Turn off two-step sign-in?" action="Turn it off" danger withCode testId="totp-disable-dialog" onClose={close}
          lead="From then on the password alone signs in."
          work={(password, code) => account.disableTotp(password, code)} onDone={() => { toastDone('Two-step sign-in is off'); close(); }} />
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
      <p className="text-base text-muted">Each signs you in once when you have not got the app. Keep them where you keep passwords; they are not shown again.</p>
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
