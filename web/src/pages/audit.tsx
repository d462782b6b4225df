import { useEffect, useMemo, useState } from 'react';
import { useApp } from '../app_context';
import { AuditRecord, kWholeRecord, usersOf, type AuditEvent, type AuditFilter } from '../lib/audit';
import { EmptyState, Skeleton } from '../ui/bits';
import { Button } from '../ui/button';
import { AuditFilters } from './audit_filters';
import { Locks } from './audit_locks';
import { AuditRow } from './audit_row';
import { AdminsOnly, ForAdmins, Frame } from './frame';
import { usePages } from './use_pages';
import { useSettled } from './use_settled';

const kTitle = 'Audit record';

/** What was done on the hub, and who is locked out; for who manages it. */
export default function AuditPage() {
  return <ForAdmins title={kTitle}><Everything /></ForAdmins>;
}

/** The names of the users in the events, as they come. */
function useNames(record: AuditRecord, events: AuditEvent[]): ReadonlyMap<string, string> {
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  const [asked] = useState(() => new Set<string>());
  useEffect(() => {
    const ids = usersOf(events).filter((id) => !asked.has(id));
    if (ids.length === 0) return;
    for (const id of ids) asked.add(id);
    // Without them the identifiers stand there.
    record.names(ids).then((more) => setNames((before) => new Map([...before, ...more])), () => { for (const id of ids) asked.delete(id); });
  }, [record, events, asked]);
  return names;
}

const kNone: AuditEvent[] = [];

function Everything() {
  const { session } = useApp();
  const record = useMemo(() => new AuditRecord(session), [session]);
  const [filter, setFilter] = useState<AuditFilter>(kWholeRecord);
  const settled = useSettled(filter);
  const pages = usePages<AuditEvent, number>(JSON.stringify(settled), async (before, signal) => {
    const page = await record.read(settled, before, signal);
    return { items: page.events, next: page.next };
  });
  const names = useNames(record, pages.items ?? kNone);
  if (pages.problem?.status === 403) return <AdminsOnly title={kTitle} />;
  const narrow = (part: Partial<AuditFilter>) => setFilter((before) => ({ ...before, ...part }));
  return (
    <Frame title={kTitle} testId="audit-page" actions={<Button icon="sync" busy={pages.busy} onClick={pages.reload} data-testid="audit-reload">Look again</Button>}>
      <Locks record={record} names={names} />
      <AuditFilters filter={filter} names={names} onChange={narrow} onClear={() => setFilter(kWholeRecord)} />
      {pages.problem && (!pages.items || pages.problem.status === 400) ? (
        <EmptyState icon="cloudOff" title={pages.problem.words.heading} testId="audit-problem" actions={<Button icon="sync" onClick={pages.reload}>Try again</Button>}>{pages.problem.words.detail}</EmptyState>
      ) : !pages.items ? <RecordSkeleton /> : pages.items.length === 0 ? (
        <EmptyState icon="search" title="Nothing of this kind is in the record" testId="audit-empty" actions={<Button onClick={() => setFilter(kWholeRecord)}>Show everything</Button>} />
      ) : (
        <>
          <ul aria-label="Events, the newest first" aria-busy={pages.busy} className="divide-y divide-line rounded-xl border border-line bg-surface shadow-card" data-testid="audit-list">
            {pages.items.map((event) => <AuditRow key={event.seq} event={event} names={names} onNarrow={narrow} />)}
          </ul>
          <footer className="mt-4 flex min-h-8 items-center justify-center gap-3 text-sm text-muted" aria-live="polite">
            {pages.problem ? <span className="text-danger">{pages.problem.words.heading}</span> : null}
            {pages.next !== null ? <Button busy={pages.busy} onClick={pages.more} data-testid="audit-more">Show older ones</Button> : null}
          </footer>
        </>
      )}
    </Frame>
  );
}

function RecordSkeleton() {
  return (
    <div role="status" aria-busy="true" aria-label="Loading the record" className="divide-y divide-line rounded-xl border border-line bg-surface shadow-card">
      {['w-1/2', 'w-2/5', 'w-3/5', 'w-1/2'].map((width, index) => <div key={index} className="flex h-16 items-center px-4"><Skeleton className={`h-4 ${width}`} /></div>)}
    </div>
  );
}
