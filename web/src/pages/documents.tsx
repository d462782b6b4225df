import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { useApp, useUser } from '../app_context';
import type { DocumentInfo } from '../lib/documents';
import { asProblem, type Problem } from '../lib/problem';
import { Store } from '../lib/store';
import { openOutbox } from '../sign_out';
import { navigate, documentPath } from '../router';
import { AccountMenu } from '../ui/account_menu';
import { Banner, EmptyState, Skeleton } from '../ui/bits';
import { Button } from '../ui/button';
import { Icon } from '../ui/icons';
import { inputLook } from '../ui/field';
import { cx } from '../ui/cx';
import { Wordmark } from '../ui/logo';
import { DeleteDialog, NewDialog, RenameDialog } from './document_dialogs';
import { DocumentRow } from './document_row';

const kPageSize = 50;
/** A filter looks through this many documents by itself before it asks. */
const kFilterReach = 1_000;

interface Listing {
  documents: DocumentInfo[];
  next: string | null;
  loading: boolean;
  loaded: boolean;
  problem: Problem | null;
}

const kEmpty: Listing = { documents: [], next: null, loading: false, loaded: false, problem: null };

/** The last listing, shown at once when the page is opened again while a fresh one is fetched. */
const remembered = new Store<{ user: string; listing: Listing } | null>(null);

function useListing() {
  const { documents } = useApp();
  const user = useUser();
  const known = remembered.get();
  const [listing, setListing] = useState<Listing>(known?.user === user.id ? known.listing : kEmpty);
  const current = useRef<AbortController | null>(null);

  const load = useCallback(async (after: string | null) => {
    current.current?.abort();
    const controller = (current.current = new AbortController());
    setListing((before) => ({ ...before, loading: true, problem: null }));
    try {
      const page = await documents.list(after, kPageSize, controller.signal);
      if (controller.signal.aborted) return;
      setListing((before) => {
        const earlier = after === null ? [] : before.documents;
        const seen = new Set(earlier.map((document) => document.id));
        const all = [...earlier, ...page.documents.filter((document) => !seen.has(document.id))];
        return { documents: all, next: page.next, loading: false, loaded: true, problem: null };
      });
    } catch (error) {
      if (!controller.signal.aborted) setListing((before) => ({ ...before, loading: false, problem: asProblem(error) }));
    }
  }, [documents]);

  useEffect(() => {
    void load(null);
    return () => current.current?.abort();
  }, [load]);
  useEffect(() => {
    if (listing.loaded) remembered.set({ user: user.id, listing: { ...listing, loading: false } });
  }, [listing, user.id]);

  const change = useCallback((edit: (all: DocumentInfo[]) => DocumentInfo[]) => {
    setListing((before) => ({ ...before, documents: edit(before.documents) }));
  }, []);
  return { listing, load, change };
}

/** Sends what earlier pages could not, and tells which documents still have something waiting here. */
function useDelivery(): { waiting: ReadonlySet<string>; refused: string[]; discard: () => void } {
  const { session } = useApp();
  const user = useUser();
  const [waiting, setWaiting] = useState<ReadonlySet<string>>(new Set());
  const [refused, setRefused] = useState<string[]>([]);

  useEffect(() => {
    const controller = new AbortController();
    void (async () => {
      const outbox = await openOutbox(user.id);
      if (!outbox) return;
      try {
        const found = await outbox.documents();
        if (found.length === 0 || controller.signal.aborted) return;
        setWaiting(new Set(found));
        const { deliverKept } = await import('../live/delivery');
        const result = await deliverKept(session, user, outbox, controller.signal);
        if (controller.signal.aborted) return;
        setWaiting(new Set(await outbox.documents()));
        setRefused(result.refused);
      } finally {
        outbox.close();
      }
    })().catch((error: unknown) => console.error('Kept changes were not sent', error));
    return () => controller.abort();
  }, [session, user]);

  const discard = () => void (async () => {
    const outbox = await openOutbox(user.id);
    if (!outbox) return;
    for (const id of refused) await outbox.remove((await outbox.load(id)).map((change) => change.key));
    outbox.close();
    setRefused([]);
    setWaiting((before) => new Set([...before].filter((id) => !refused.includes(id))));
  })();
  return { waiting, refused, discard };
}

type Asking = { what: 'new' } | { what: 'rename' | 'delete'; document: DocumentInfo } | null;

export function DocumentsPage() {
  const { listing, load, change } = useListing();
  const { waiting, refused, discard } = useDelivery();
  const [filter, setFilter] = useState('');
  const [asking, setAsking] = useState<Asking>(null);
  const search = useRef<HTMLInputElement>(null);

  useEffect(() => { document.title = 'Documents · Concord'; }, []);

  // Documents change elsewhere: look again when the person comes back to this page.
  useEffect(() => {
    const look = () => { if (document.visibilityState === 'visible' && listing.next === null) void load(null); };
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [load, listing.next]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest('input, textarea, select, dialog, [contenteditable]');
      if (typing || event.metaKey || event.ctrlKey || event.altKey) return;
      if (event.key === '/') { event.preventDefault(); search.current?.focus(); }
      if (event.key === 'n') { event.preventDefault(); setAsking({ what: 'new' }); }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);

  const needle = filter.trim().toLocaleLowerCase();
  useEffect(() => {
    if (needle && listing.next && !listing.loading && !listing.problem && listing.documents.length < kFilterReach) void load(listing.next);
  }, [needle, listing, load]);

  const shown = needle
    ? listing.documents.filter((document) => `${document.name}\n${document.owner_name ?? ''}`.toLocaleLowerCase().includes(needle))
    : listing.documents;
  const empty = listing.loaded && listing.documents.length === 0;

  return (
    <>
      <header className="sticky top-0 z-30 border-b border-line bg-canvas/85 backdrop-blur-md">
        <div className="mx-auto flex h-14 max-w-[62rem] items-center justify-between px-4 sm:px-6">
          <Wordmark />
          <AccountMenu />
        </div>
      </header>
      {refused.length > 0 ? (
        <Banner icon="warn" testId="refused-changes" actions={<Button onClick={discard}>Discard them</Button>}>
          {refused.length === 1 ? 'Changes to one document' : `Changes to ${refused.length} documents`} on this device can no
          longer be sent: the document is gone, or you may not edit it any more.
        </Banner>
      ) : null}
      <main className="mx-auto w-full max-w-[62rem] flex-1 px-4 pt-8 pb-24 sm:px-6 sm:pt-12">
        <div className="mb-5 flex flex-wrap items-center gap-3">
          <h1 className="mr-auto text-2xl font-[660]">Documents</h1>
          <div className={cx('relative w-full sm:order-none sm:w-60 max-sm:order-last', empty && 'hidden')}>
            <Icon name="search" size={16} className="pointer-events-none absolute top-1/2 left-2.5 -translate-y-1/2 text-faint" />
            <input
              ref={search} type="search" value={filter} onChange={(event) => setFilter(event.target.value)}
              aria-label="Filter documents" placeholder="Filter" data-testid="doc-filter"
              className={cx(inputLook, 'h-8 pr-2 pl-8 text-sm max-sm:h-10 max-sm:text-base')}
            />
          </div>
          <Button look="primary" icon="plus" onClick={() => setAsking({ what: 'new' })} data-testid="doc-new">New document</Button>
        </div>

        {listing.problem && !listing.loaded ? (
          <EmptyState icon="cloudOff" title={listing.problem.words.heading} testId="list-problem" actions={<Button onClick={() => void load(null)} icon="sync">Try again</Button>}>
            {listing.problem.words.detail}
          </EmptyState>
        ) : !listing.loaded ? (
          <ListSkeleton />
        ) : empty ? (
          <EmptyState icon="page" title="Nothing here yet" testId="list-empty" actions={<Button look="primary" icon="plus" onClick={() => setAsking({ what: 'new' })}>New document</Button>}>
            Start a document, or wait for somebody to share one with you. Everyone you invite writes in it at the same time.
          </EmptyState>
        ) : (
          <>
            <List>
              {shown.map((document) => (
                <DocumentRow
                  key={document.id} document={document} unsent={waiting.has(document.id)}
                  onRename={() => setAsking({ what: 'rename', document })}
                  onDelete={() => setAsking({ what: 'delete', document })}
                />
              ))}
            </List>
            {shown.length === 0 && !listing.loading ? (
              <EmptyState icon="search" title={`Nothing matches “${filter.trim()}”`} testId="filter-empty" actions={<Button onClick={() => setFilter('')}>Show all</Button>} />
            ) : null}
            <footer className="mt-4 flex min-h-8 items-center justify-center gap-3 text-sm text-muted" aria-live="polite">
              {listing.problem ? <span className="text-danger">{listing.problem.words.heading}</span> : null}
              {listing.next ? (
                <Button busy={listing.loading} onClick={() => void load(listing.next)} data-testid="doc-more">Show more</Button>
              ) : null}
            </footer>
          </>
        )}
      </main>

      {asking?.what === 'new' ? <NewDialog onClose={() => setAsking(null)} onDone={(made) => navigate(documentPath(made.id))} /> : null}
      {asking?.what === 'rename' ? (
        <RenameDialog
          document={asking.document} onClose={() => setAsking(null)}
          onDone={(renamed) => { setAsking(null); change((all) => all.map((one) => (one.id === renamed.id ? { ...one, ...renamed } : one))); }}
        />
      ) : null}
      {asking?.what === 'delete' ? (
        <DeleteDialog
          document={asking.document} onClose={() => setAsking(null)}
          onDone={() => { const { id } = asking.document; setAsking(null); change((all) => all.filter((one) => one.id !== id)); }}
        />
      ) : null}
    </>
  );
}

function List({ children }: { children: ReactNode }) {
  return (
    <div className="rounded-xl border border-line bg-surface shadow-card">
      <div aria-hidden="true" className="hidden border-b border-line px-4 py-2 text-xs font-[550] text-faint sm:grid sm:grid-cols-[minmax(0,1fr)_9rem_7rem_8rem_2rem] sm:gap-4">
        <span>Name</span><span>Owner</span><span>Access</span><span>Changed</span>
      </div>
      <ul className="divide-y divide-line" data-testid="doc-list">{children}</ul>
    </div>
  );
}

function ListSkeleton() {
  return (
    <div aria-busy="true" aria-label="Loading documents">
      <List>
        {['w-2/5', 'w-1/2', 'w-1/3', 'w-2/5', 'w-1/4'].map((width, index) => (
          <li key={index} className="flex h-[3.75rem] items-center gap-3 px-4">
            <Skeleton className="size-8 rounded-md" />
            <Skeleton className={cx('h-4', width)} />
          </li>
        ))}
      </List>
    </div>
  );
}

