import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { useApp } from '../app_context';
import { Account } from '../lib/account';
import { asProblem, type Problem } from '../lib/problem';

/** One thing about the account, with what can be done about it. */
export function Section({ title, lead, children, testId }: { title: string; lead: ReactNode; children: ReactNode; testId: string }) {
  return (
    <section data-testid={testId} className="border-t border-line py-8 first-of-type:border-t-0 md:grid md:grid-cols-[15rem_minmax(0,1fr)] md:gap-10">
      <header className="mb-5 md:mb-0">
        <h2 className="text-base font-[620]">{title}</h2>
        <p className="mt-1 text-sm text-muted">{lead}</p>
      </header>
      <div className="min-w-0">{children}</div>
    </section>
  );
}

/** What whoever is signed in does to their account. */
export function useAccount(): Account {
  const { session } = useApp();
  return useMemo(() => new Account(session), [session]);
}

/** What the hub answers, asked for once; `reload` asks again. What `ask` asks for does not change while the page stands. */
export function useLoaded<T>(ask: (signal: AbortSignal) => Promise<T>) {
  const [value, setValue] = useState<T | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    ask(controller.signal).then(
      (answer) => { setValue(answer); setProblem(null); },
      (error: unknown) => { if (!controller.signal.aborted) setProblem(asProblem(error)); },
    );
    return () => controller.abort();
  }, [round]);
  return { value, problem, reload: () => setRound((before) => before + 1) };
}
