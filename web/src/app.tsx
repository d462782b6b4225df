import { Component, lazy, Suspense, useEffect, useState, type ReactNode } from 'react';
import { useApp, useStore } from './app_context';
import { DocumentsPage } from './pages/documents';
import { LinkPage } from './pages/link';
import { ConfirmPage, ForgotPage, ResetPage } from './pages/links';
import { RegisterPage } from './pages/register';
import { SignInPage } from './pages/sign_in';
import { navigate, route } from './router';
import { setupToken } from './setup_token';
import { signOutNow, signOutQuestion } from './sign_out';
import { EmptyState, Skeleton } from './ui/bits';
import { Button } from './ui/button';
import { Dialog } from './ui/dialog';
import { Mark } from './ui/logo';
import { Toasts } from './ui/toasts';

const AccountPage = lazy(() => import('./pages/account'));
const AuditPage = lazy(() => import('./pages/audit'));
const GroupsPage = lazy(() => import('./pages/groups'));
const PeoplePage = lazy(() => import('./pages/people'));
const SetUpPage = lazy(() => import('./pages/account_set_up'));
const DocumentPage = lazy(() => import('./pages/document'));

/** Where to go after signing in: what was asked for when there was nobody signed in. */
let wanted: string | null = null;

export function App() {
  return (
    <Boundary>
      <Pages />
      <SignOutQuestion />
      <Toasts />
    </Boundary>
  );
}

function Pages() {
  const { session } = useApp();
  const state = useStore(session.state);
  const mustSetUp = useStore(session.mustSetUp);
  const current = useStore(route);
  const signedIn = state.phase === 'signed_in';
  const signedOut = state.phase === 'signed_out';
  const entrance = current.page === 'sign_in' || current.page === 'register' || current.page === 'forgot';
  const byLink = current.page === 'reset' || current.page === 'confirm' || current.page === 'link'; // whoever is signed in

  useEffect(() => {
    if (signedIn && entrance) {
      navigate(wanted ?? '/', { replace: true });
      wanted = null;
    } else if (signedOut && !entrance && !byLink) {
      if (state.reason !== 'none' || (current.page !== 'documents' && current.page !== 'nowhere')) wanted = location.pathname;
      navigate(setupToken() === null ? '/sign-in' : '/register', { replace: true });
    }
  }, [signedIn, signedOut, entrance, byLink, current, state]);

  if (current.page === 'reset') return <ResetPage />;
  if (current.page === 'confirm') return <ConfirmPage />;
  if (current.page === 'link') return <LinkPage />;
  if (signedOut) {
    if (current.page === 'forgot') return <ForgotPage />;
    if (current.page === 'register') return <RegisterPage />;
    return current.page === 'sign_in' ? <SignInPage reason={state.reason} /> : null;
  }
  if (!signedIn) return <Starting unreachable={state.phase === 'unreachable'} />;
  if (mustSetUp) return <Suspense fallback={<Loading />}><SetUpPage /></Suspense>;
  switch (current.page) {
    case 'documents':
      return <DocumentsPage key="all" id={null} />;
    case 'folder':
      return <DocumentsPage key={current.id} id={current.id} />;
    case 'document':
      return <Suspense fallback={<Loading />}><DocumentPage key={current.id} id={current.id} /></Suspense>;
    case 'account':
      return <Suspense fallback={<Loading />}><AccountPage /></Suspense>;
    case 'people':
      return <Suspense fallback={<Loading />}><PeoplePage /></Suspense>;
    case 'audit':
      return <Suspense fallback={<Loading />}><AuditPage /></Suspense>;
    case 'groups':
      return <Suspense fallback={<Loading />}><GroupsPage id={current.id} /></Suspense>;
    case 'nowhere':
      return <Nowhere />;
    default:
      return null;
  }
}

/** A remembered session is being renewed; nothing is shown unless it takes a while. */
function Starting({ unreachable }: { unreachable: boolean }) {
  const { session } = useApp();
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 400);
    return () => clearTimeout(timer);
  }, []);
  if (unreachable) {
    return (
      <main className="flex flex-1 items-center justify-center">
        <EmptyState icon="cloudOff" title="Can’t reach the hub" testId="hub-unreachable" actions={<Button onClick={() => session.wake()}>Try now</Button>}>
          You are still signed in. This page goes on by itself as soon as the hub answers.
        </EmptyState>
      </main>
    );
  }
  return <main className="flex flex-1 items-center justify-center" aria-busy="true">{slow ? <span className="animate-pulse"><Mark size={40} /></span> : null}</main>;
}

function Loading() {
  return (
    <main className="mx-auto w-full max-w-[44rem] px-6 pt-40" aria-busy="true" aria-label="Loading">
      <Skeleton className="mb-6 h-8 w-1/2" />
      <Skeleton className="mb-3 h-4" />
      <Skeleton className="mb-3 h-4 w-11/12" />
      <Skeleton className="h-4 w-2/3" />
    </main>
  );
}

function Nowhere() {
  useEffect(() => { document.title = 'Not found · Concord'; }, []);
  return (
    <main className="flex flex-1 items-center justify-center">
      <EmptyState icon="search" title="There is nothing at this address" actions={<Button look="primary" onClick={() => navigate('/')}>To your documents</Button>}>
        Check the link, or look for it among your documents.
      </EmptyState>
    </main>
  );
}

const documentsHave = (count: number): string => (count === 1 ? 'One document has' : `${count} documents have`);

function SignOutQuestion() {
  const { session } = useApp();
  const atStake = useStore(signOutQuestion);
  if (!atStake) return null;
  const { changes, drafts } = atStake;
  const stay = () => signOutQuestion.set(null);
  return (
    <Dialog title={changes > 0 ? 'Sign out and lose unsent changes?' : 'Sign out and lose your drafts?'} onClose={stay} testId="sign-out-question">
      <div className="flex flex-col gap-2 text-base text-muted">
        {changes > 0 ? (
          <p>
            {documentsHave(changes)} changes on this device that have not reached the hub yet. Signing out removes them from here. If you
            stay, they are sent when the hub can be reached.
          </p>
        ) : null}
        {drafts > 0 ? <p>{documentsHave(drafts)} a draft of suggestions on this device that you have not made yet. Signing out removes {drafts === 1 ? 'it' : 'them'}.</p> : null}
      </div>
      <div className="mt-6 flex justify-end gap-2">
        <Button onClick={stay}>Stay signed in</Button>
        <Button look="danger" onClick={() => void signOutNow(session)}>Sign out</Button>
      </div>
    </Dialog>
  );
}

/** The last resort: an error in drawing the page must not leave a blank one. */
class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <main className="flex min-h-dvh items-center justify-center">
        <EmptyState icon="warn" title="This page broke" actions={<Button look="primary" onClick={() => location.reload()}>Load it again</Button>}>
          Nothing that was saved is lost. <span className="mt-2 block font-mono text-xs break-words text-faint">{error.message}</span>
        </EmptyState>
      </main>
    );
  }
}
