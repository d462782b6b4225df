import { useEffect, useState } from 'react';
import { useApp } from '../app_context';
import { AccountMenu } from '../ui/account_menu';
import { Button } from '../ui/button';
import { Wordmark } from '../ui/logo';
import { SecondFactorSection } from './account_second_factor';

/** All there is to whoever has to set up a second step of signing in, until they have. */
export default function SetUpPage() {
  const { session } = useApp();
  const [ready, setReady] = useState(false);
  useEffect(() => { document.title = 'One thing first · Concord'; }, []);
  return (
    <>
      <header className="sticky top-0 z-30 border-b border-line bg-canvas/85 backdrop-blur-md">
        <div className="mx-auto flex h-14 max-w-[62rem] items-center justify-between px-4 sm:px-6">
          <Wordmark />
          <AccountMenu />
        </div>
      </header>
      <main className="mx-auto w-full max-w-[62rem] flex-1 px-4 pt-8 pb-24 sm:px-6 sm:pt-12" data-testid="set-up-page">
        <h1 className="text-xl font-[640]">One thing first</h1>
        <p className="mt-2 mb-4 max-w-[36rem] text-base text-muted">
          This hub asks for a second step at sign-in. Set one up, and keep its recovery codes; until then nothing else opens.
        </p>
        <SecondFactorSection onFactors={(factors) => setReady(factors.totp || factors.passkeys.length > 0)} />
        <div className="flex justify-end border-t border-line pt-6">
          <Button look="primary" large disabled={!ready} onClick={() => session.mustSetUp.set(false)} data-testid="set-up-done">Go on to Concord</Button>
        </div>
      </main>
    </>
  );
}
