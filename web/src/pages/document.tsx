import { useEffect, useState, type ReactNode } from 'react';
import { useStore, useUser } from '../app_context';
import { isPlain, mayWrite, type DocumentInfo } from '../lib/documents';
import { isVisitor } from '../lib/visitor';
import { EditorSurface } from '../editor/surface';
import type { DocumentSession } from '../live/document_session';
import { navigate } from '../router';
import { AccountMenu, ThemeMenu } from '../ui/account_menu';
import { Badge, EmptyState, Skeleton } from '../ui/bits';
import { Button } from '../ui/button';
import { Mark } from '../ui/logo';
import { ConnectionChip } from './connection_chip';
import { AccessNotice, ConnectionNotice, Gone, StrandedChanges } from './document_notices';
import { Presence } from './presence';
import { ShareDialog } from './share_dialog';
import { Title } from './title';
import { useDocument } from './use_document';

export default function DocumentPage({ id }: { id: string }) {
  const document_ = useDocument(id);
  const { fate, info, live } = document_;
  const [sharing, setSharing] = useState(false);
  const visiting = isVisitor(useUser());
  const name = info?.name;
  useEffect(() => { document.title = `${name ?? 'Document'} · Concord`; }, [name]);

  if (fate.kind === 'gone') return <><Header /><Gone live={live} /></>;
  if (fate.kind === 'failed') {
    return (
      <>
        <Header />
        <main className="flex flex-1 items-center justify-center">
          <EmptyState icon="warn" title={fate.problem.words.heading} actions={<Button onClick={() => navigate('/')}>To your documents</Button>}>{fate.problem.words.detail}</EmptyState>
        </main>
      </>
    );
  }
  if (!info || !live) {
    return (
      <>
        <Header />
        {fate.kind === 'loading' && fate.problem ? (
          <main className="flex flex-1 items-center justify-center">
            <EmptyState icon="cloudOff" title={fate.problem.words.heading} testId="document-unreachable">The document opens by itself as soon as the hub answers.</EmptyState>
          </main>
        ) : <TextSkeleton />}
      </>
    );
  }

  const readOnly = !mayWrite(info.access_level);
  return (
    <>
      <Header title={<Title info={info} editable={!readOnly && !visiting} onRenamed={document_.setName} />}>
        {readOnly ? <Badge icon="eye" testId="read-only-badge"><span className="max-sm:sr-only">Read only</span></Badge> : null}
        <ConnectionChip live={live} readOnly={readOnly} />
        <Presence live={live} />
        {visiting ? null : <Button icon="people" onClick={() => setSharing(true)} data-testid="share-open" aria-label="Share" className="max-sm:w-8 max-sm:px-0 max-sm:[&>svg]:m-0"><span className="max-sm:hidden">Share</span></Button>}
      </Header>
      <ConnectionNotice live={live} readOnly={readOnly} onDiscard={document_.startOver} />
      {document_.accessChanged ? <AccessNotice readOnly={readOnly} onClose={document_.acknowledgeAccess} /> : null}
      {readOnly && document_.outbox ? <StrandedChanges live={live} documentId={id} outbox={document_.outbox} /> : null}
      <Text live={live} info={info} readOnly={readOnly} />
      {sharing ? <ShareDialog info={info} onClose={() => setSharing(false)} /> : null}
    </>
  );
}

/** The editor once the content is here. */
function Text({ live, info, readOnly }: { live: DocumentSession; info: DocumentInfo; readOnly: boolean }) {
  const { ready } = useStore(live.state);
  if (!ready) return <TextSkeleton />;
  return <EditorSurface live={live} rich={!isPlain(info.doc_type)} readOnly={readOnly} label={info.name} />;
}

function Header({ title, children }: { title?: ReactNode; children?: ReactNode }) {
  const visiting = isVisitor(useUser());
  return (
    <header className="sticky top-0 z-30 flex h-14 items-center gap-1.5 border-b border-line bg-canvas/90 px-2 backdrop-blur-md sm:gap-2.5 sm:px-4">
      {visiting ? <span className="p-1"><Mark size={28} /></span> : <a
        href="/" aria-label="Back to your documents" title="Documents" data-testid="back" className="rounded-md p-1"
        onClick={(event) => { if (!event.metaKey && !event.ctrlKey && !event.shiftKey) { event.preventDefault(); navigate('/'); } }}
      >
        <Mark size={28} />
      </a>}
      <div className="min-w-0 flex-1">{title ?? null}</div>
      {children}
      {visiting ? <ThemeMenu /> : <AccountMenu />}
    </header>
  );
}

function TextSkeleton() {
  return (
    <main className="mx-auto w-full max-w-[46rem] px-6 pt-24 sm:px-10" aria-busy="true" aria-label="Loading the document" data-testid="document-loading">
      <Skeleton className="mb-8 h-8 w-3/5" />
      {['w-full', 'w-11/12', 'w-full', 'w-2/3'].map((width, index) => <Skeleton key={index} className={`mb-4 h-4 ${width}`} />)}
    </main>
  );
}

