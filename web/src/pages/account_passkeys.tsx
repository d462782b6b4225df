import { useState, type FormEvent } from 'react';
import { deviceOf, type Passkey } from '../lib/account';
import { passkeysHere } from '../lib/passkeys';
import { relativeTime } from '../lib/time';
import { Button, IconButton } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Field } from '../ui/field';
import { Icon } from '../ui/icons';
import { toastDone } from '../ui/toasts';
import { Choice, ProofDialog } from './account_dialogs';
import { useAccount } from './account_parts';
import { FormProblem, useSetup } from './entrance';
import { useSubmit } from './use_submit';

const kMaxName = 100;

/** The passkeys of the account; `onCodes` is given recovery codes where there were none before. */
export function Passkeys({ passkeys, password, onChanged, onCodes }: { passkeys: Passkey[]; password: boolean; onChanged: () => void; onCodes: (codes: string[]) => void }) {
  const account = useAccount();
  const [adding, setAdding] = useState(false);
  const [renaming, setRenaming] = useState<Passkey | null>(null);
  const [removing, setRemoving] = useState<Passkey | null>(null);
  return (
    <div className="mt-7" data-testid="passkeys">
      <h3 className="text-sm font-[550]">Passkeys</h3>
      <p className="mt-0.5 mb-3 text-sm text-muted">Your device’s lock or a security key, in the place of the password or after it.</p>
      {passkeys.length > 0 ? (
        <ul className="mb-4 divide-y divide-line rounded-xl border border-line bg-surface shadow-card" data-testid="passkey-list">
          {passkeys.map((one) => (
            <li key={one.id} className="flex items-center gap-3 px-4 py-3" data-testid="passkey-row">
              <Icon name="key" size={18} className="shrink-0 text-muted" />
              <div className="min-w-0 flex-1">
                <p className="truncate text-sm font-[550]">{one.name}</p>
                <p className="truncate text-sm text-muted">{one.used_at ? `Used ${relativeTime(one.used_at)}` : `Added ${relativeTime(one.created_at)}`}</p>
              </div>
              <IconButton icon="pencil" label={`Rename “${one.name}”`} onClick={() => setRenaming(one)} data-testid="passkey-rename" />
              <IconButton icon="trash" label={`Remove “${one.name}”`} onClick={() => setRemoving(one)} data-testid="passkey-remove" />
            </li>
          ))}
        </ul>
      ) : null}
      <AddHere onAdd={() => setAdding(true)} />
      {adding ? (
        <AddDialog password={password} onClose={() => setAdding(false)} onDone={(codes) => { setAdding(false); onChanged(); if (codes.length > 0) onCodes(codes); else toastDone('The passkey was added'); }} />
      ) : null}
      {renaming ? <RenameDialog passkey={renaming} onClose={() => setRenaming(null)} onDone={() => { setRenaming(null); onChanged(); }} /> : null}
      {removing ? (
        <ProofDialog password={password} title={`Remove “${removing.name}”?`} action="Remove it" danger testId="passkey-remove-dialog" onClose={() => setRemoving(null)}
          lead="It no longer signs in to this hub. Your device may go on offering it." work={(shown) => account.removePasskey(removing.id, shown)}
          onDone={() => { setRemoving(null); onChanged(); toastDone('The passkey was removed'); }} />
      ) : null}
    </div>
  );
}

/** The button, where one can be made on this page; else why not. */
function AddHere({ onAdd }: { onAdd: () => void }) {
  const { setup } = useSetup();
  if (!setup) return null;
  const place = passkeysHere(setup.passkeys_at);
  if (place.ok) return <Button icon="plus" onClick={onAdd} data-testid="passkey-add">Add a passkey…</Button>;
  return (
    <p className="flex gap-2.5 rounded-lg bg-sunken px-3.5 py-3 text-sm text-muted" data-testid="passkey-why-not">
      <Icon name="key" size={18} className="mt-px shrink-0" />
      <span className="min-w-0">
        {place.why === 'hub' ? 'This hub cannot take passkeys: they need an address of https and a name, and its settings give it none.' : null}
        {place.why === 'browser' ? 'This browser has no passkeys.' : null}
        {place.why === 'address' ? <>A passkey is tied to a name. To add or use one, open this hub at <a href={`${place.at}/account`} className="font-[550] break-words text-accent underline-offset-3 hover:underline">{place.at}</a>.</> : null}
      </span>
    </p>
  );
}

function AddDialog({ password: asked, onClose, onDone }: { password: boolean; onClose: () => void; onDone: (codes: string[]) => void }) {
  const account = useAccount();
  const [name, setName] = useState(deviceOf(navigator.userAgent));
  const [password, setPassword] = useState('');
  const form = useSubmit(() => account.addPasskey(name.trim(), asked ? password : null), onDone);
  return (
    <Dialog title="Add a passkey" onClose={onClose} testId="passkey-add-dialog">
      <form onSubmit={(event: FormEvent) => form.submit(event)} className="flex flex-col gap-5" noValidate>
        <FormProblem problem={asked ? form.beside('password', 'name') : form.beside('name')} />
        <Field label="Name" value={name} maxLength={kMaxName} error={form.at('name')} hint="By which you know this device." onChange={(event) => setName(event.target.value)} data-testid="passkey-name" />
        {asked ? (
          <Field label="Password" type="password" autoComplete="current-password" data-autofocus value={password} error={form.at('password')}
            onChange={(event) => setPassword(event.target.value)} data-testid="passkey-password" />
        ) : null}
        <Choice onClose={onClose}>
          <Button type="submit" look="primary" busy={form.busy} disabled={!name.trim() || (asked && !password)} data-testid="passkey-submit">Go on</Button>
        </Choice>
      </form>
    </Dialog>
  );
}

function RenameDialog({ passkey, onClose, onDone }: { passkey: Passkey; onClose: () => void; onDone: () => void }) {
  const account = useAccount();
  const [name, setName] = useState(passkey.name);
  const form = useSubmit(() => account.renamePasskey(passkey.id, name.trim()), onDone);
  return (
    <Dialog title="Rename the passkey" onClose={onClose} testId="passkey-rename-dialog">
      <form onSubmit={(event: FormEvent) => form.submit(event)} className="flex flex-col gap-5" noValidate>
        <FormProblem problem={form.beside('name')} />
        <Field label="Name" value={name} maxLength={kMaxName} data-autofocus error={form.at('name')} onChange={(event) => setName(event.target.value)} data-testid="passkey-new-name" />
        <Choice onClose={onClose}>
          <Button type="submit" look="primary" busy={form.busy} disabled={!name.trim()} data-testid="passkey-rename-submit">Rename it</Button>
        </Choice>
      </form>
    </Dialog>
  );
}
