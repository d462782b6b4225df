import { lazy, Suspense, useCallback, useEffect, useMemo, useState, type FormEvent } from 'react';
import { AppContext, useApp, useStore } from '../app_context';
import { Documents } from '../lib/documents';
import { asProblem, type Problem } from '../lib/problem';
import { isFolder } from '../lib/sharing';
import { openLink, VisitorSession, wantsPassword, type Opened } from '../lib/visitor';
import { EmptyState } from '../ui/bits';
import { Button } from '../ui/button';
import { Field } from '../ui/field';
import { Entrance, FormProblem } from './entrance';
import { VisitedFolder } from './visited_folder';

const DocumentPage = lazy(() => import('./document'));

const kRetryMs = 3_000;

/** The secret stays in the address, behind the '#': the page can be loaded again, and be kept as a bookmark. */
const secretOf = (): string => location.hash.slice(1);

/** What somebody sees who came by a link, whether they have an account or not. */
export function LinkPage() {
  const { session } = useApp();
  const [secret, setSecret] = useState(secretOf);
  const [opened, setOpened] = useState<Opened | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);

  const open = useCallback(async (word?: string) => {
    setBusy(true);
    try {
      setOpened(await openLink(session, secret, word));
      setProblem(null);
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  }, [session, secret]);

  useEffect(() => {
    const look = () => { setSecret(secretOf()); setOpened(null); setProblem(null); };
    addEventListener('hashchange', look);
    return () => removeEventListener('hashchange', look);
  }, []);
  useEffect(() => { if (secret) void open(); }, [open, secret]);
  const again = problem?.retryable ?? false;
  useEffect(() => {
    if (!again || password) return;
    const timer = setTimeout(() => void open(), kRetryMs);
    return () => clearTimeout(timer);
  }, [again, password, open, problem]);

  if (opened) return <Visit opened={opened} />;
  if (!secret || problem?.status === 404 || problem?.status === 400) return <Nothing />;
  if (!problem) return <main className="flex-1" aria-busy="true" />;
  if (!wantsPassword(problem) && !password) {
    return <Entrance title="Opening the link" lead="It opens by itself as soon as the hub lets it."><FormProblem problem={problem} /></Entrance>;
  }
  const submit = (event: FormEvent) => { event.preventDefault(); void open(password); };
  const wrong = wantsPassword(problem) && password ? problem.detail : null;
  return (
    <Entrance title="This link has a password" lead="Whoever sent it to you knows it.">
      <form onSubmit={submit} className="flex flex-col gap-5" noValidate>
        <FormProblem problem={wantsPassword(problem) ? null : problem} />
        <Field label="Password" type="password" autoComplete="off" autoFocus required value={password} error={wrong}
          onChange={(event) => setPassword(event.target.value)} data-testid="link-password" />
        <Button type="submit" look="primary" large busy={busy} disabled={!password} data-testid="link-submit">Open</Button>
      </form>
    </Entrance>
  );
}

function Visit({ opened }: { opened: Opened }) {
  const app = useMemo(() => {
    const session = new VisitorSession((input, init) => fetch(input, init), opened);
    return { session, documents: new Documents(session) };
  }, [opened]);
  const { phase } = useStore(app.session.state);
  if (phase !== 'signed_in') return <Nothing />;
  return <AppContext value={app}><Suspense fallback={null}>{isFolder(opened.thing) ? <VisitedFolder id={opened.thing} /> : <DocumentPage id={opened.thing} />}</Suspense></AppContext>;
}

function Nothing() {
  useEffect(() => { document.title = 'Link · Concord'; }, []);
  return (
    <main className="flex flex-1 items-center justify-center">
      <EmptyState icon="link" title="This link opens nothing" testId="link-nothing">It is not whole, has expired, or was removed. Ask whoever sent it to you.</EmptyState>
    </main>
  );
}
