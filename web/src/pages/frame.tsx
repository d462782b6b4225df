import { useEffect, type ReactNode } from 'react';
import { useUser } from '../app_context';
import { administers } from '../lib/people';
import { navigate } from '../router';
import { AccountMenu } from '../ui/account_menu';
import { EmptyState } from '../ui/bits';
import { Button, IconButton } from '../ui/button';
import { Wordmark } from '../ui/logo';

/** A page with a title: the bar above, the way back, what can be done, and what it holds. */
export function Frame({ title, actions, back = { to: '/', label: 'To your documents' }, children, testId }: {
  title: string; actions?: ReactNode; back?: { to: string; label: string }; children: ReactNode; testId: string;
}) {
  useEffect(() => { document.title = `${title} · Concord`; }, [title]);
  return (
    <>
      <header className="sticky top-0 z-30 border-b border-line bg-canvas/85 backdrop-blur-md">
        <div className="mx-auto flex h-14 max-w-[62rem] items-center justify-between px-4 sm:px-6">
          <Wordmark />
          <AccountMenu />
        </div>
      </header>
      <main className="mx-auto w-full max-w-[62rem] flex-1 px-4 pt-8 pb-24 sm:px-6 sm:pt-12" data-testid={testId}>
        <div className="mb-5 flex flex-wrap items-center gap-x-2 gap-y-3">
          <IconButton icon="back" label={back.label} onClick={() => navigate(back.to)} className="-ml-2" data-testid="page-back" />
          <h1 className="mr-auto min-w-0 truncate text-xl font-[640]">{title}</h1>
          {actions}
        </div>
        {children}
      </main>
    </>
  );
}

/** A page that the hub answers to admins alone; others are told so in its place. */
export function ForAdmins({ title, children }: { title: string; children: ReactNode }) {
  return administers(useUser().role) ? children : <AdminsOnly title={title} />;
}

export function AdminsOnly({ title }: { title: string }) {
  return (
    <Frame title={title} testId="admins-only">
      <EmptyState icon="shield" title="This page is for admins" actions={<Button look="primary" onClick={() => navigate('/')}>To your documents</Button>}>
        The owner of this hub, and whom they made an admin, manage its people. Ask one of them.
      </EmptyState>
    </Frame>
  );
}
