import { useEffect, useMemo, useState } from 'react';
import { useApp } from '../app_context';
import { Connections, returnProblem, type Connection, type Provider, type WaysIn } from '../lib/oauth';
import { asProblem, type Problem } from '../lib/problem';
import { absoluteTime, relativeTime } from '../lib/time';
import { claimOAuthReturn } from '../oauth_return';
import { Skeleton } from '../ui/bits';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Field } from '../ui/field';
import { Icon } from '../ui/icons';
import { toastDone } from '../ui/toasts';
import { Choice, ProofDialog } from './account_dialogs';
import { Section, useLoaded } from './account_parts';
import { FormProblem } from './entrance';
import { useSubmit } from './use_submit';

type Asking = { what: 'connect'; provider: Provider } | { what: 'disconnect'; connection: Connection } | { what: 'password' };

function useConnections(): Connections {
  const { session } = useApp();
  return useMemo(() => new Connections(session), [session]);
}

/** Services that sign in to this account. Not there on a hub that knows of none, for an account that has none. */
export function ConnectionsSection({ onWays }: { onWays: (ways: WaysIn) => void }) {
  const connections = useConnections();
  const { value, problem, reload } = useLoaded(async (signal) => ({ providers: await connections.providers(signal), ways: await connections.waysIn(signal) }));
  const [asking, setAsking] = useState<Asking | null>(null);
  const [returned, setReturned] = useState<Problem | null>(null);
  useEffect(() => {
    const back = claimOAuthReturn('/account');
    if (back?.problem) setReturned(returnProblem(back.problem));
    if (back?.ticket) connections.finish(back.ticket).then(() => { toastDone('Your account is connected'); reload(); }, (error: unknown) => setReturned(asProblem(error)));
  }, [connections]);
  useEffect(() => { if (value) onWays(value.ways); }, [value]);
  if (value && value.providers.length === 0 && value.ways.connections.length === 0) return null;
  const done = (words: string) => { setAsking(null); setReturned(null); reload(); toastDone(words); };
  const free = value?.providers.filter((one) => !value.ways.connections.some((taken) => taken.provider === one.name)) ?? [];
  return (
    <Section title="Connected accounts" lead="Services that sign you in here, in the place of a password." testId="account-connections-section">
      <FormProblem problem={returned ?? problem} />
      {!value && !problem ? <Skeleton className="h-14 rounded-lg" /> : null}
      {value && value.ways.connections.length > 0 ? <Rows ways={value.ways} onRemove={(connection) => setAsking({ what: 'disconnect', connection })} /> : null}
      <div className="mt-4 flex flex-wrap gap-2 first:mt-0">
        {free.map((provider) => (
          <Button key={provider.name} icon="link" onClick={() => setAsking({ what: 'connect', provider })} data-testid={`connect-${provider.name}`}>Connect {provider.label}…</Button>
        ))}
      </div>
      {value && !value.ways.password ? (
        <div className="mt-5" data-testid="no-password">
          <p className="mb-3 text-sm text-muted">You have no password here. With one you get in without the service too.</p>
          <Button icon="key" onClick={() => setAsking({ what: 'password' })} data-testid="password-set">Set a password…</Button>
        </div>
      ) : null}
      {asking?.what === 'connect' ? (
        <ProofDialog testId="prove-dialog" title={`Connect ${asking.provider.label}`} lead={`You sign in at ${asking.provider.label} next. From then on that signs you in here.`} action="Go on"
          password={value?.ways.password ?? true} onClose={() => setAsking(null)} work={(password) => connections.begin(asking.provider.name, password)} onDone={(address) => location.assign(address)} />
      ) : null}
      {asking?.what === 'disconnect' ? (
        <ProofDialog testId="prove-dialog" title={`Disconnect ${asking.connection.label}?`} lead="It no longer signs you in here." action="Disconnect" danger
          password={value?.ways.password ?? true} onClose={() => setAsking(null)} work={(password) => connections.remove(asking.connection.provider, password)}
          onDone={() => done(`${asking.connection.label} is disconnected`)} />
      ) : null}
      {asking?.what === 'password' ? <PasswordDialog onClose={() => setAsking(null)} onDone={() => done('Your password was set')} /> : null}
    </Section>
  );
}

function Rows({ ways, onRemove }: { ways: WaysIn; onRemove: (connection: Connection) => void }) {
  return (
    <ul className="divide-y divide-line rounded-xl border border-line bg-surface shadow-card" data-testid="connection-list">
      {ways.connections.map((one) => (
        <li key={one.provider} className="flex items-center gap-3 px-4 py-3" data-testid="connection-row">
          <Icon name="link" size={18} className="shrink-0 text-muted" />
          <div className="min-w-0 flex-1">
            <p className="truncate text-sm font-[550]">{one.label}</p>
            <p className="truncate text-sm text-muted">
              {one.email ? `${one.email} · ` : null}<span title={absoluteTime(one.connected_at)}>connected {relativeTime(one.connected_at)}</span>
            </p>
          </div>
          <Button onClick={() => onRemove(one)} data-testid={`disconnect-${one.provider}`}>Disconnect…</Button>
        </li>
      ))}
    </ul>
  );
}

function PasswordDialog({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const connections = useConnections();
  const [password, setPassword] = useState('');
  const form = useSubmit(() => connections.setPassword(password), onDone);
  return (
    <Dialog title="Set a password" onClose={onClose} testId="password-set-dialog">
      <form onSubmit={(event) => form.submit(event)} className="flex flex-col gap-5" noValidate>
        <p className="text-base text-muted">Your other sign-ins end.</p>
        <FormProblem problem={form.beside('new_password')} />
        <Field label="Password" type="password" autoComplete="new-password" data-autofocus value={password} error={form.at('new_password')}
          hint="At least 8 characters. A few words in a row are best." onChange={(event) => setPassword(event.target.value)} data-testid="password-new" />
        <Choice onClose={onClose}>
          <Button type="submit" look="primary" busy={form.busy} disabled={!password} data-testid="password-set-submit">Set it</Button>
        </Choice>
      </form>
    </Dialog>
  );
}
