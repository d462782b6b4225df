import { useState } from 'react';
import { deviceOf, type SignIn } from '../lib/account';
import { absoluteTime, relativeTime } from '../lib/time';
import { Badge, Skeleton } from '../ui/bits';
import { Button } from '../ui/button';
import { Icon } from '../ui/icons';
import { toastDone, toastError } from '../ui/toasts';
import { Section, useAccount, useLoaded } from './account_parts';
import { FormProblem } from './entrance';

function Row({ signIn, busy, onEnd }: { signIn: SignIn; busy: boolean; onEnd: () => void }) {
  return (
    <li className="flex items-center gap-3 px-4 py-3" data-testid="sign-in-row" data-current={signIn.current}>
      <Icon name="screen" size={18} className="shrink-0 text-muted" />
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm font-[550]" title={signIn.user_agent}>{deviceOf(signIn.user_agent)}</p>
        <p className="truncate text-sm text-muted">
          {signIn.address} · <span title={absoluteTime(signIn.refreshed_at)}>{relativeTime(signIn.refreshed_at)}</span>
        </p>
      </div>
      {signIn.current ? <Badge tone="accent">This one</Badge> : <Button busy={busy} onClick={onEnd} data-testid="sign-in-end">End</Button>}
    </li>
  );
}

/** Where the user is signed in, and a way out of each. */
export function SignInsSection() {
  const account = useAccount();
  const { value, problem, reload } = useLoaded((signal) => account.signIns(signal));
  const [ending, setEnding] = useState<string | null>(null);
  const end = async (what: string, work: () => Promise<unknown>, done: string) => {
    setEnding(what);
    try {
      await work();
      toastDone(done);
    } catch (error) {
      toastError(error, 'The sign-in was not ended');
    }
    setEnding(null);
    reload();
  };
  const sorted = value ? [...value].sort((a, b) => Number(b.current) - Number(a.current)) : null;
  return (
    <Section title="Sign-ins" lead="Ending one closes what it has open, at once." testId="account-sign-ins-section">
      <FormProblem problem={problem} />
      {!sorted && !problem ? <Skeleton className="h-14 rounded-lg" /> : null}
      {sorted ? (
        <ul className="divide-y divide-line rounded-xl border border-line bg-surface shadow-card" data-testid="sign-in-list">
          {sorted.map((signIn) => (
            <Row key={signIn.id} signIn={signIn} busy={ending === signIn.id}
              onEnd={() => void end(signIn.id, () => account.endSignIn(signIn.id), 'That sign-in has ended')} />
          ))}
        </ul>
      ) : null}
      {sorted && sorted.length > 1 ? (
        <Button className="mt-4" busy={ending === 'others'} data-testid="sign-in-end-others"
          onClick={() => void end('others', () => account.endOtherSignIns(), 'Every other sign-in has ended')}>End all others</Button>
      ) : null}
    </Section>
  );
}
