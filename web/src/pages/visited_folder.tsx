import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react';
import { typeLabel } from '../lib/documents';
import { foldersIn } from '../lib/folders';
import { relativeTime } from '../lib/time';
import { ThemeMenu } from '../ui/account_menu';
import { EmptyState, Skeleton } from '../ui/bits';
import { Button, IconButton } from '../ui/button';
import { Icon, typeIcon, type IconName } from '../ui/icons';
import { Wordmark } from '../ui/logo';
import { useFolders } from './use_folders';
import { useListing } from './use_listing';

const DocumentPage = lazy(() => import('./document'));

/** What lies in a folder, for who came by a link to it. All of it has the link's address: the way on is held here. */
export function VisitedFolder({ id }: { id: string }) {
  const [trail, setTrail] = useState([id]);
  const [reading, setReading] = useState<string | null>(null);
  const at = trail[trail.length - 1] ?? id;
  if (reading !== null) return <Suspense fallback={null}><DocumentPage key={reading} id={reading} onBack={() => setReading(null)} /></Suspense>;
  return (
    <Content key={at} id={at} onUp={trail.length > 1 ? () => setTrail(trail.slice(0, -1)) : null}
      onFolder={(folder) => setTrail([...trail, folder])} onDocument={setReading} />
  );
}

function Content({ id, onUp, onFolder, onDocument }: {
  id: string; onUp: (() => void) | null; onFolder: (id: string) => void; onDocument: (id: string) => void;
}) {
  const { listing, load } = useListing(id);
  const { all, open, problem: folderProblem, reload } = useFolders(id);
  useEffect(() => { document.title = `${open?.name ?? 'Folder'} · Concord`; }, [open?.name]);
  const inside = foldersIn(all ?? [], id);
  const problem = folderProblem ?? listing.problem;
  const loaded = listing.loaded && open !== null;
  return (
    <>
      <header className="sticky top-0 z-30 border-b border-line bg-canvas/85 backdrop-blur-md">
        <div className="mx-auto flex h-14 max-w-[46rem] items-center justify-between px-4 sm:px-6"><Wordmark /><ThemeMenu /></div>
      </header>
      <main className="mx-auto w-full max-w-[46rem] flex-1 px-4 pt-8 pb-24 sm:px-6 sm:pt-12" data-testid="visited-folder">
        <div className="mb-5 flex items-center gap-2">
          {onUp ? <IconButton icon="back" label="To the folder above" onClick={onUp} className="-ml-2" data-testid="visited-up" /> : null}
          <h1 className="min-w-0 truncate text-xl font-[640]">{open?.name ?? 'Folder'}</h1>
        </div>
        {problem && !loaded ? (
          <EmptyState icon="cloudOff" title={problem.words.heading} actions={<Button icon="sync" onClick={() => { reload(); void load(null); }}>Try again</Button>}>{problem.words.detail}</EmptyState>
        ) : !loaded ? <div role="status" aria-busy="true" aria-label="Loading the folder"><Skeleton className="h-28 rounded-xl" /></div> : inside.length + listing.documents.length === 0 ? (
          <EmptyState icon="folder" title="Nothing is in this folder" testId="visited-empty" />
        ) : (
          <ul aria-label="What is in the folder" className="divide-y divide-line rounded-xl border border-line bg-surface shadow-card">
            {inside.map((folder) => <Entry key={folder.id} icon="folder" name={folder.name} onOpen={() => onFolder(folder.id)}>Folder</Entry>)}
            {listing.documents.map((document) => (
              <Entry key={document.id} icon={typeIcon(document.doc_type)} name={document.name} onOpen={() => onDocument(document.id)}>
                {typeLabel(document.doc_type)} · {relativeTime(document.updated_at)}
              </Entry>
            ))}
          </ul>
        )}
        {listing.next ? <p className="mt-4 text-center"><Button busy={listing.loading} onClick={() => void load(listing.next)}>Show more</Button></p> : null}
      </main>
    </>
  );
}

function Entry({ icon, name, onOpen, children }: { icon: IconName; name: string; onOpen: () => void; children: ReactNode }) {
  return (
    <li className="first:[&>button]:rounded-t-xl last:[&>button]:rounded-b-xl">
      <button type="button" onClick={onOpen} data-testid="visited-entry" className="flex w-full items-center gap-3 px-4 py-2.5 text-left hover:bg-hover focus-visible:-outline-offset-2">
        <span className="flex size-9 shrink-0 items-center justify-center rounded-md bg-accent-soft text-accent"><Icon name={icon} size={19} /></span>
        <span className="min-w-0 flex-1"><span className="block truncate text-base font-[550]">{name}</span><span className="block truncate text-sm text-muted">{children}</span></span>
      </button>
    </li>
  );
}
