import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { useStore, useUser } from '../app_context';
import { accessLabel, isPlain, standingOf, type DocumentInfo } from '../lib/documents';
import { isVisitor } from '../lib/visitor';
import type { Editor } from '../editor/make_editor';
import { EditorSurface } from '../editor/surface';
import type { DocumentSession } from '../live/document_session';
import { InText } from '../margin/in_text';
import { MarginPanel } from '../margin/panel';
import { ModeSwitch, SuggestBar } from '../margin/suggest_bar';
import { useMargin, type Margin } from '../margin/use_margin';
import { useNames } from '../margin/use_names';
import { useSuggesting } from '../margin/use_suggesting';
import { navigate } from '../router';
import { AccountMenu, ThemeMenu } from '../ui/account_menu';
import { Badge, EmptyState, Skeleton } from '../ui/bits';
import { Button, IconButton } from '../ui/button';
import { Icon } from '../ui/icons';
import { Mark } from '../ui/logo';
import { ConnectionChip } from './connection_chip';
import { AccessNotice, ConnectionNotice, Gone, StrandedChanges } from './document_notices';
import { Presence } from './presence';
import { ShareDialog } from './share_dialog';
import { Title } from './title';
import { useDocument, type OpenDocument } from './use_document';

/** `onBack`: where it is a part of another page, the way back to that. */
export default function DocumentPage({ id, onBack }: { id: string; onBack?: (() => void) | undefined }) {
  const document_ = useDocument(id);
  const { fate, info, live } = document_;
  const name = info?.name;
  useEffect(() => { document.title = `${name ?? 'Document'} · Concord`; }, [name]);

  if (fate.kind === 'gone') return <><Header onBack={onBack} /><Gone live={live} /></>;
  if (fate.kind === 'failed') {
    return (
      <>
        <Header onBack={onBack} />
        <main className="flex flex-1 items-center justify-center">
          <EmptyState icon="warn" title={fate.problem.words.heading} actions={<Button onClick={() => navigate('/')}>To your documents</Button>}>{fate.problem.words.detail}</EmptyState>
        </main>
      </>
    );
  }
  if (!info || !live) {
    return (
      <>
        <Header onBack={onBack} />
        {fate.kind === 'loading' && fate.problem ? (
          <main className="flex flex-1 items-center justify-center">
            <EmptyState icon="cloudOff" title={fate.problem.words.heading} testId="document-unreachable">The document opens by itself as soon as the hub answers.</EmptyState>
          </main>
        ) : <TextSkeleton />}
      </>
    );
  }

  return <Opened id={id} document_={document_} info={info} live={live} onBack={onBack} />;
}

/** A document that is here: its header, its text and its margin. */
function Opened({ id, document_, info, live, onBack }: { id: string; document_: OpenDocument; info: DocumentInfo; live: DocumentSession; onBack: (() => void) | undefined }) {
  const visiting = isVisitor(useUser());
  const [sharing, setSharing] = useState(false);
  const [editor, setEditor] = useState<Editor | null>(null);
  const standing = standingOf(info.access_level);
  const silent = standing === 'read';
  const suggesting = useSuggesting(live, id, standing);
  const { draft } = suggesting;
  const { ready } = useStore(live.state);
  const shown = useMemo(() => (draft ? { doc: draft.doc, content: draft.content, awareness: live.awareness, typed: () => live.typed() } : live), [draft, live]);
  const margin = useMargin(live, shown.content, editor, info.access_level);
  const names = useNames(info, live, margin.isOpen, margin.authors);
  const readOnly = standing !== 'write' && !suggesting.on;

  return (
    <>
      <Header onBack={onBack} title={<Title info={info} editable={standing === 'write' && !visiting} onRenamed={document_.setName} />}>
        {silent ? <Badge icon="eye" testId="read-only-badge"><span className="max-sm:sr-only">Read only</span></Badge> : null}
        {standing === 'comment' ? <Badge icon="comment" testId="access-badge"><span className="max-sm:sr-only">{accessLabel(standing)}</span></Badge> : null}
        <ModeSwitch suggesting={suggesting} />
        <ConnectionChip live={live} readOnly={silent} />
        <Presence live={live} documentId={id} />
        <MarginButton margin={margin} />
        {visiting ? null : <Button icon="people" onClick={() => setSharing(true)} data-testid="share-open" aria-label="Share" className="max-sm:w-8 max-sm:px-0 max-sm:[&>svg]:m-0"><span className="max-sm:hidden">Share</span></Button>}
      </Header>
      <ConnectionNotice live={live} readOnly={silent} refused={document_.refused} onDiscard={document_.startOver} />
      {document_.accessChanged ? <AccessNotice standing={standing} onClose={document_.acknowledgeAccess} /> : null}
      {standing !== 'write' && document_.outbox ? <StrandedChanges live={live} documentId={id} outbox={document_.outbox} standing={standing} /> : null}
      <div className="flex flex-1 items-start">
        <div className="flex min-w-0 flex-1 flex-col self-stretch">
          {ready ? (
            <EditorSurface
              live={shown} rich={!isPlain(info.doc_type)} readOnly={readOnly} label={info.name} aside={margin.isOpen} onEditor={setEditor} onComment={() => margin.compose()}
              bar={draft ? <SuggestBar draft={draft} suggesting={suggesting} /> : null}
            >
              {editor && editor.content === shown.content ? <InText editor={editor} margin={margin} real={draft === null} /> : null}
            </EditorSurface>
          ) : <TextSkeleton />}
        </div>
        {margin.isOpen ? <MarginPanel margin={margin} names={names} onLeave={() => editor?.quill.focus({ preventScroll: true })} /> : null}
      </div>
      {sharing ? <ShareDialog thing={info} onClose={() => setSharing(false)} /> : null}
    </>
  );
}

/** Opens the margin and closes it; says how much in it is open. */
function MarginButton({ margin }: { margin: Margin }) {
  const { openCount } = margin;
  return (
    <button
      type="button" aria-expanded={margin.isOpen} aria-label={openCount > 0 ? `Comments, ${openCount} open` : 'Comments'} title="Comments" data-testid="margin-open" data-count={openCount}
      onClick={() => margin.setOpen(!margin.isOpen)}
      className="relative inline-flex size-8 shrink-0 items-center justify-center rounded-md text-muted transition-colors hover:bg-hover hover:text-ink aria-expanded:bg-hover aria-expanded:text-ink"
    >
      <Icon name="comment" size={18} />
      {openCount > 0 ? <span aria-hidden="true" className="absolute -top-0.5 -right-0.5 flex h-4 min-w-4 items-center justify-center rounded-full bg-accent px-1 text-2xs leading-none font-[620] text-on-accent">{openCount > 99 ? '99+' : openCount}</span> : null}
    </button>
  );
}

function Header({ title, onBack, children }: { title?: ReactNode; onBack: (() => void) | undefined; children?: ReactNode }) {
  const visiting = isVisitor(useUser());
  return (
    <header className="sticky top-0 z-30 flex h-14 items-center gap-1.5 border-b border-line bg-canvas/90 px-2 backdrop-blur-md sm:gap-2.5 sm:px-4">
      {onBack ? <IconButton icon="back" label="Back to the folder" onClick={onBack} data-testid="back" /> : visiting ? <span className="p-1"><Mark size={28} /></span> : <a
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

