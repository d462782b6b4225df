import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useUser } from '../app_context';
import { mayWrite } from '../lib/documents';
import { foldersIn, type Folder } from '../lib/folders';
import { AccountMenu } from '../ui/account_menu';
import { Banner, EmptyState, Skeleton } from '../ui/bits';
import { Button } from '../ui/button';
import { cx } from '../ui/cx';
import { Wordmark } from '../ui/logo';
import { SearchBox } from '../ui/search_box';
import { navigate } from '../router';
import { DocumentRow } from './document_row';
import { DocumentsDialogs, type Asking } from './documents_dialogs';
import { FolderList, FolderMenu, FolderTrail } from './folder_parts';
import { useDelivery } from './use_delivery';
import { useFolders } from './use_folders';
import { useListing } from './use_listing';

/** A filter looks through this many documents by itself before it asks. */
const kFilterReach = 1_000;

/** All documents, with the folders at the top; or what lies in one folder. Made anew for each. */
export function DocumentsPage({ id }: { id: string | null }) {
  const { listing, load, change } = useListing(id);
  const { folders, all, open, problem: folderProblem, reload } = useFolders(id);
  const { waiting, refused, discard } = useDelivery();
  const guest = useUser().role === 'guest';
  const [filter, setFilter] = useState('');
  const [asking, setAsking] = useState<Asking | null>(null);
  const search = useRef<HTMLInputElement>(null);
  const mayMake = id === null || (open !== null && mayWrite(open.access_level));

  useEffect(() => { document.title = `${open?.name ?? 'Documents'} · Concord`; }, [open?.name]);

  // Documents change elsewhere: look again when the person comes back to this page.
  useEffect(() => {
    const look = () => {
      if (document.visibilityState !== 'visible') return;
      reload();
      if (listing.next === null) void load(null);
    };
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [load, reload, listing.next]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest('input, textarea, select, dialog, [contenteditable]');
      if (typing || event.metaKey || event.ctrlKey || event.altKey) return;
      if (event.key === '/') { event.preventDefault(); search.current?.focus(); }
      if (event.key === 'n' && mayMake) { event.preventDefault(); setAsking({ what: 'new' }); }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [mayMake]);

  const needle = filter.trim().toLocaleLowerCase();
  useEffect(() => {
    if (needle && listing.next && !listing.loading && !listing.problem && listing.documents.length < kFilterReach) void load(listing.next);
  }, [needle, listing, load]);

  const shown = needle
    ? listing.documents.filter((document) => `${document.name}\n${document.owner_name ?? ''}`.toLocaleLowerCase().includes(needle))
    : listing.documents;
  const inside = foldersIn(all ?? [], id).filter((folder) => folder.name.toLocaleLowerCase().includes(needle));
  const nameOf = (folder: string | null) => (id === null && folder !== null ? all?.find((one) => one.id === folder)?.name ?? null : null);
  const loaded = listing.loaded && (all !== null || folderProblem !== null);
  const empty = loaded && listing.documents.length === 0 && foldersIn(all ?? [], id).length === 0;
  const problem = listing.loaded ? null : listing.problem;
  const gone = id !== null && open === null && folderProblem !== null && !folderProblem.retryable;
  const retry = () => { void load(null); reload(); };
  const newDocument = <Button look="primary" icon="plus" onClick={() => setAsking({ what: 'new' })} className={empty ? undefined : 'max-sm:flex-1'} data-testid="doc-new">New document</Button>;

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
      <main className="mx-auto w-full max-w-[62rem] flex-1 px-4 pt-8 pb-24 sm:px-6 sm:pt-12" data-testid={id === null ? 'documents-page' : 'folder-page'}>
        {open ? <FolderTrail all={all ?? []} open={open} /> : null}
        <div className="mb-5 flex flex-wrap items-center gap-3">
          <div className="mr-auto flex min-w-0 items-center gap-1 max-sm:w-full max-sm:justify-between">
            <h1 className="min-w-0 truncate text-2xl font-[660]" data-testid="documents-title">{id === null ? 'Documents' : open?.name ?? 'Folder'}</h1>
            {open ? <FolderMenu folder={open} onAsk={(what) => setAsking({ what, folder: open })} align="wide" testId="open-folder-menu" /> : null}
          </div>
          <SearchBox ref={search} label="Filter documents" placeholder="Filter" value={filter} onChange={setFilter} testId="doc-filter"
            className={cx('w-full sm:w-52 max-sm:order-last', (empty || gone) && 'hidden')} />
          {mayMake && !guest ? <Button icon="folder" onClick={() => setAsking({ what: 'new-folder' })} className="max-sm:flex-1" data-testid="folder-new">New folder</Button> : null}
          {mayMake ? newDocument : null}
        </div>

        {gone ? (
          <EmptyState icon="search" title="There is no such folder" testId="folder-gone" actions={<Button look="primary" onClick={() => navigate('/')}>To your documents</Button>}>
            It was removed, or it is not shared with you.
          </EmptyState>
        ) : problem ? (
          <EmptyState icon="cloudOff" title={problem.words.heading} testId="list-problem" actions={<Button onClick={retry} icon="sync">Try again</Button>}>
            {problem.words.detail}
          </EmptyState>
        ) : !loaded ? <ListSkeleton /> : empty ? (
          <EmptyState icon={id === null ? 'page' : 'folder'} title="Nothing here yet" testId="list-empty" actions={mayMake ? newDocument : null}>
            {id === null ? 'Start a document, or wait for somebody to share one with you. Everyone you invite writes in it at the same time.' : 'What is made here, or moved here, is shared with whom the folder is shared with.'}
          </EmptyState>
        ) : (
          <>
            {inside.length > 0 ? <FolderList folders={inside} onAsk={(what, folder) => setAsking({ what, folder })} /> : null}
            {shown.length > 0 ? (
              <List>
                {shown.map((document) => (
                  <DocumentRow
                    key={document.id} document={document} unsent={waiting.has(document.id)} folder={nameOf(document.folder)}
                    onRename={() => setAsking({ what: 'rename-document', document })}
                    onMove={() => setAsking({ what: 'move-document', document })}
                    onDelete={() => setAsking({ what: 'delete', document })}
                  />
                ))}
              </List>
            ) : null}
            {needle && shown.length === 0 && inside.length === 0 && !listing.loading ? (
              <EmptyState icon="search" title={`Nothing matches “${filter.trim()}”`} testId="filter-empty" actions={<Button onClick={() => setFilter('')}>Show all</Button>} />
            ) : null}
            <footer className="mt-4 flex min-h-8 items-center justify-center gap-3 text-sm text-muted" aria-live="polite">
              {listing.problem ? <span className="text-danger">{listing.problem.words.heading}</span> : null}
              {folderProblem ? <span className="text-danger">The folders are not here: {folderProblem.words.heading}</span> : null}
              {listing.next ? <Button busy={listing.loading} onClick={() => void load(listing.next)} data-testid="doc-more">Show more</Button> : null}
            </footer>
          </>
        )}
      </main>
      {asking ? (
        <DocumentsDialogs asking={asking} within={id} all={all ?? []} folders={folders} onClose={() => setAsking(null)} onDocuments={change}
          onFolders={reload} onFolderRemoved={(folder: Folder) => { if (folder.id === id) navigate('/'); else reload(); }} />
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
      <ul aria-label="Documents" className="divide-y divide-line" data-testid="doc-list">{children}</ul>
    </div>
  );
}

function ListSkeleton() {
  return (
    <div role="status" aria-busy="true" aria-label="Loading documents" className="divide-y divide-line rounded-xl border border-line bg-surface shadow-card">
      {['w-2/5', 'w-1/2', 'w-1/3', 'w-2/5', 'w-1/4'].map((width, index) => (
        <div key={index} className="flex h-[3.75rem] items-center gap-3 px-4">
          <Skeleton className="size-8 rounded-md" />
          <Skeleton className={cx('h-4', width)} />
        </div>
      ))}
    </div>
  );
}
