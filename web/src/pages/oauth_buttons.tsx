import { useEffect, useState } from 'react';
import { useApp } from '../app_context';
import { Connections, departurePath, keepNewcomer, returnProblem, takeNewcomer, type Newcomer, type Provider } from '../lib/oauth';
import { asProblem, type Problem } from '../lib/problem';
import type { SecondStep } from '../lib/session';
import { claimOAuthReturn, hasOAuthTicket } from '../oauth_return';
import { Button } from '../ui/button';

/** A button for each service that people may sign in with; nothing where there is none. `newcomer` makes the trip in this tab. */
export function OAuthButtons({ newcomer = {}, onProblem }: { newcomer?: Newcomer; onProblem?: (problem: Problem) => void }) {
  const { session } = useApp();
  const [providers, setProviders] = useState<Provider[]>([]);
  const [going, setGoing] = useState<string | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    new Connections(session).providers(controller.signal).then(setProviders, (error: unknown) => {
      if (!controller.signal.aborted) onProblem?.(asProblem(error));
    });
    const back = () => setGoing(null); // from the service, by the browser's button
    addEventListener('pageshow', back);
    return () => { controller.abort(); removeEventListener('pageshow', back); };
  }, [session]);
  if (providers.length === 0) return null;
  const go = (provider: Provider) => {
    keepNewcomer(sessionStorage, newcomer);
    setGoing(provider.name);
    location.assign(departurePath(provider));
  };
  return (
    <div className="mt-6 flex flex-col gap-3" data-testid="oauth-buttons">
      <p className="flex items-center gap-3 text-sm text-muted before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">or</p>
      {providers.map((one) => (
        <Button key={one.name} large className="w-full" busy={going === one.name} onClick={() => go(one)} data-testid={`oauth-${one.name}`}>
          <span className="min-w-0 truncate">Continue with {one.label}</span>
        </Button>
      ))}
    </div>
  );
}

/** Finishes what came back from a service: `busy` from the first moment on. `onStep` is given the second step that is wanted. */
export function useOAuthSignIn(onStep: (step: SecondStep) => void): { busy: boolean; problem: Problem | null } {
  const { session } = useApp();
  const [busy, setBusy] = useState(() => hasOAuthTicket('/sign-in'));
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    const back = claimOAuthReturn('/sign-in');
    if (back?.problem) setProblem(returnProblem(back.problem));
    if (!back?.ticket) return;
    session.finishOAuth(back.ticket, takeNewcomer(sessionStorage)).then(
      (step) => { setBusy(false); if (step) onStep(step); },
      (error: unknown) => { setBusy(false); setProblem(asProblem(error)); },
    );
  }, [session]);
  return { busy, problem };
}
