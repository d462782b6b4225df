import { useEffect, useState, type MouseEvent, type ReactNode } from 'react';
import { useApp } from '../app_context';
import { asProblem, type Problem } from '../lib/problem';
import { navigate } from '../router';
import { ThemeMenu } from '../ui/account_menu';
import { Icon } from '../ui/icons';
import { Wordmark } from '../ui/logo';

export interface Setup {
  needs_owner: boolean;
  setup_token_required: boolean;
  registration: 'open' | 'invitation' | 'closed';
  mail: boolean;
  /** Where passkeys work; null: nowhere. */
  passkeys_at: string | null;
}

const kRetryMs = 3_000;

/** What the hub says about accounts; asks again until it answers. */
export function useSetup(): { setup: Setup | null; problem: Problem | null } {
  const { session } = useApp();
  const [state, setState] = useState<{ setup: Setup | null; problem: Problem | null }>({ setup: null, problem: null });
  useEffect(() => {
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      try {
        setState({ setup: await session.call<Setup>('/auth/setup', { signal: controller.signal }), problem: null });
      } catch (error) {
        if (controller.signal.aborted) return;
        setState((before) => ({ ...before, problem: asProblem(error) }));
        timer = setTimeout(() => void ask(), kRetryMs);
      }
    };
    void ask();
    return () => { controller.abort(); clearTimeout(timer); };
  }, [session]);
  return state;
}

export function Link({ to, children, testId }: { to: string; children: ReactNode; testId?: string }) {
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    navigate(to);
  };
  return <a href={to} onClick={follow} data-testid={testId} className="rounded-sm font-[550] text-accent underline-offset-3 hover:underline">{children}</a>;
}

/** What is wrong with the whole form rather than with one field. */
export function FormProblem({ problem }: { problem: Problem | null }) {
  if (!problem) return null;
  const { heading, detail } = problem.words;
  return (
    <div role="alert" data-testid="form-problem" className="flex items-start gap-2.5 rounded-lg bg-danger-soft px-3.5 py-3 text-sm text-danger">
      <Icon name="warn" size={18} className="mt-px shrink-0" />
      <div>
        <p className="font-[550]">{heading}</p>
        {detail ? <p className="mt-0.5">{detail}</p> : null}
      </div>
    </div>
  );
}

/** The frame of the pages for people who are not signed in: the form, and beside it what awaits them. */
export function Entrance({ title, lead, children }: { title: string; lead: ReactNode; children: ReactNode }) {
  useEffect(() => { document.title = `${title} · Concord`; }, [title]);
  return (
    <div className="grid min-h-dvh flex-1 lg:grid-cols-[minmax(30rem,5fr)_6fr]">
      <div className="flex flex-col px-6 py-6 sm:px-10">
        <header className="flex items-center justify-between">
          <Wordmark />
          <ThemeMenu />
        </header>
        <main className="mx-auto flex w-full max-w-[22rem] flex-1 flex-col justify-center py-12">
          <h1 className="text-xl font-[640]">{title}</h1>
          <p className="mt-2 mb-8 text-base text-muted">{lead}</p>
          {children}
        </main>
      </div>
      <Picture />
    </div>
  );
}

/** A page that two hands write on. */
function Picture() {
  const bar = (x: number, y: number, width: number, strong = false) => (
    <rect x={x} y={y} width={width} height={strong ? 14 : 8} rx={strong ? 5 : 4} className={strong ? 'fill-ink/80' : 'fill-ink/18'} />
  );
  const caret = (x: number, y: number, className: string) => (
    <g className={className}>
      <rect x={x} y={y - 8} width="2.5" height="24" rx="1.25" />
      <rect x={x} y={y - 17} width="30" height="12" rx="3.5" />
    </g>
  );
  return (
    <div aria-hidden="true" className="relative hidden overflow-hidden border-l border-line bg-sunken lg:block">
      <svg viewBox="0 0 720 900" preserveAspectRatio="xMidYMid slice" className="absolute inset-0 size-full">
        <g fill="none" strokeWidth="64" strokeLinecap="round" className="stroke-accent/9">
          <path d="M236 96a460 460 0 0 0 0 708M484 96a460 460 0 0 1 0 708" />
        </g>
        <g transform="translate(150 226)">
          <rect width="420" height="448" rx="18" className="fill-raised stroke-line" strokeWidth="1.5" />
          {bar(44, 52, 196, true)}
          {bar(44, 96, 332)}
          {bar(44, 118, 300)}
          <rect x="40" y="133" width="146" height="20" rx="5" className="fill-accent/20" />
          {bar(44, 140, 138)}
          {caret(185, 139, 'fill-accent')}
          {bar(200, 140, 120)}
          {bar(44, 188, 120, true)}
          {[232, 260, 288].map((y, index) => (
            <g key={y}>
              <rect x="45" y={y - 3} width="14" height="14" rx="4" strokeWidth="1.75" className={index < 2 ? 'fill-accent stroke-accent' : 'fill-transparent stroke-line-strong'} />
              {index < 2 ? <path d={`m48.4 ${y + 4} 2.6 2.6 4.4-5`} fill="none" strokeWidth="1.75" strokeLinecap="round" strokeLinejoin="round" className="stroke-on-accent" /> : null}
              {bar(72, y, [212, 168, 130][index] as number)}
            </g>
          ))}
          {caret(206, 287, 'fill-[#c26a12]')}
          <rect x="44" y="326" width="332" height="78" rx="10" className="fill-sunken" />
          {bar(60, 344, 92)}
          {bar(76, 362, 148)}
          {bar(60, 380, 44)}
        </g>
      </svg>
    </div>
  );
}
