import { useEffect, useState } from 'react';
import { useUser } from '../app_context';
import { displayName } from '../lib/person';
import { AccountMenu } from '../ui/account_menu';
import { Button, IconButton } from '../ui/button';
import { Field } from '../ui/field';
import { Wordmark } from '../ui/logo';
import { toastDone, toastError } from '../ui/toasts';
import { navigate } from '../router';
import { ConnectionsSection } from './account_connections';
import { RemoveDialog } from './account_dialogs';
import { Section, useAccount } from './account_parts';
import { SecondFactorSection } from './account_second_factor';
import { SignInsSection } from './account_sign_ins';
import { FormProblem } from './entrance';
import { useSubmit } from './use_submit';

const kMaxName = 200;

export default function AccountPage() {
  useEffect(() => { document.title = 'Account · Concord'; }, []);
  const [hasPassword, setHasPassword] = useState(true);
  return (
    <>
      <header className="sticky top-0 z-30 border-b border-line bg-canvas/85 backdrop-blur-md">
        <div className="mx-auto flex h-14 max-w-[62rem] items-center justify-between px-4 sm:px-6">
          <Wordmark />
          <AccountMenu />
        </div>
      </header>
      <main className="mx-auto w-full max-w-[62rem] flex-1 px-4 pt-8 pb-24 sm:px-6 sm:pt-12" data-testid="account-page">
        <div className="mb-4 flex items-center gap-2">
          <IconButton icon="back" label="To your documents" onClick={() => navigate('/')} className="-ml-2" data-testid="account-back" />
          <h1 className="text-xl font-[640]">Account</h1>
        </div>
        <NameSection />
        {hasPassword ? <PasswordSection /> : null}
        <ConnectionsSection onWays={(ways) => setHasPassword(ways.password)} />
        <SecondFactorSection />
        <SignInsSection />
        <DataSection />
        <RemoveSection password={hasPassword} />
      </main>
    </>
  );
}

function NameSection() {
  const account = useAccount();
  const user = useUser();
  const [name, setName] = useState(displayName(user));
  const form = useSubmit(() => account.rename(name.trim()), () => { form.again(); toastDone('Your name was changed'); });
  return (
    <Section title="Name" lead="What others see beside your cursor and your changes." testId="account-name-section">
      <form onSubmit={form.submit} noValidate className="flex max-w-[26rem] flex-col gap-4">
        <FormProblem problem={form.beside('name')} />
        <Field label="Name" autoComplete="name" maxLength={kMaxName} value={name} error={form.at('name')}
          onChange={(event) => setName(event.target.value)} data-testid="account-name" />
        <Field label="E-mail" type="email" value={user.email} readOnly disabled hint="You sign in with it." />
        <div><Button type="submit" busy={form.busy} disabled={!name.trim() || name.trim() === user.name} data-testid="account-name-submit">Save the name</Button></div>
      </form>
    </Section>
  );
}

function PasswordSection() {
  const account = useAccount();
  const user = useUser();
  const [old, setOld] = useState('');
  const [next, setNext] = useState('');
  const form = useSubmit(() => account.changePassword(old, next), () => {
    form.again();
    setOld('');
    setNext('');
    toastDone('Your password was changed; your other sign-ins have ended');
  });
  return (
    <Section title="Password" lead="A new one ends every other sign-in of yours." testId="account-password-section">
      <form onSubmit={form.submit} noValidate className="flex max-w-[26rem] flex-col gap-4">
        <FormProblem problem={form.beside('old_password', 'new_password')} />
        <input type="hidden" autoComplete="username" value={user.email} readOnly />
        <Field label="Old password" type="password" autoComplete="current-password" value={old} error={form.at('old_password')}
          onChange={(event) => setOld(event.target.value)} data-testid="account-old-password" />
        <Field label="New password" type="password" autoComplete="new-password" value={next} error={form.at('new_password')}
          hint="At least 8 characters. A few words in a row are best." onChange={(event) => setNext(event.target.value)} data-testid="account-new-password" />
        <div><Button type="submit" busy={form.busy} disabled={!old || !next} data-testid="account-password-submit">Change the password</Button></div>
      </form>
    </Section>
  );
}

function DataSection() {
  const account = useAccount();
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    try {
      const text = JSON.stringify(await account.export(), null, 2);
      const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
      const link = document.createElement('a');
      link.href = address;
      link.download = 'concord-account.json';
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    } catch (error) {
      toastError(error, 'Your data was not exported');
    }
    setBusy(false);
  };
  return (
    <Section title="Your data" lead="The account, sign-ins, groups, agents, and the documents you own." testId="account-data-section">
      <Button icon="download" busy={busy} onClick={() => void save()} data-testid="account-export">Export as a file</Button>
    </Section>
  );
}

function RemoveSection({ password }: { password: boolean }) {
  const [asking, setAsking] = useState(false);
  return (
    <Section title="Leave this hub" lead="Removes the account and the documents you own, for good." testId="account-remove-section">
      <Button onClick={() => setAsking(true)} data-testid="account-remove">Remove the account…</Button>
      {asking ? <RemoveDialog password={password} onClose={() => setAsking(false)} /> : null}
    </Section>
  );
}
