import type { ReactNode } from 'react';
import { actionLabel, kKnownActions, nameOf, type AuditFilter } from '../lib/audit';
import { Button } from '../ui/button';
import { Field, Select } from '../ui/field';
import { Icon } from '../ui/icons';

const kOutcomes = [{ value: 'done', label: 'Done' }, { value: 'refused', label: 'Refused' }, { value: 'failed', label: 'Failed' }];
const kWide = 'w-full [&>select]:h-10';

/** What of the record is shown. Who and what are narrowed by pressing them in the list. */
export function AuditFilters({ filter, names, onChange, onClear }: {
  filter: AuditFilter; names: ReadonlyMap<string, string>; onChange: (part: Partial<AuditFilter>) => void; onClear: () => void;
}) {
  const narrowed = Object.values(filter).some(Boolean);
  return (
    <section aria-label="What is shown" className="mb-5">
      <div className="grid grid-cols-2 gap-3 md:grid-cols-4">
        <Labelled text="What"><Select label="Action" value={filter.action} onChange={(event) => onChange({ action: event.target.value })} className={kWide} data-testid="audit-action">
          <option value="">Everything</option>
          {kKnownActions.map((action) => <option key={action} value={action}>{actionLabel(action)}</option>)}
        </Select></Labelled>
        <Labelled text="How it ended"><Select label="Outcome" value={filter.outcome} onChange={(event) => onChange({ outcome: event.target.value })} className={kWide} data-testid="audit-outcome">
          <option value="">Any way</option>
          {kOutcomes.map((outcome) => <option key={outcome.value} value={outcome.value}>{outcome.label}</option>)}
        </Select></Labelled>
        <Field label="From" type="date" value={filter.from} onChange={(event) => onChange({ from: event.target.value })} data-testid="audit-from" />
        <Field label="To" type="date" value={filter.to} onChange={(event) => onChange({ to: event.target.value })} data-testid="audit-to" />
      </div>
      {narrowed ? (
        <div className="mt-3 flex flex-wrap items-center gap-2">
          {filter.actor ? <Chip words={`By ${nameOf(filter.actor, names)}`} id={filter.actor} onRemove={() => onChange({ actor: '' })} testId="audit-by" /> : null}
          {filter.target ? <Chip words={`About ${nameOf(filter.target, names)}`} id={filter.target} onRemove={() => onChange({ target: '' })} testId="audit-about" /> : null}
          <Button look="quiet" onClick={onClear} data-testid="audit-clear">Show everything</Button>
        </div>
      ) : null}
    </section>
  );
}

function Labelled({ text, children }: { text: string; children: ReactNode }) {
  return <div><p aria-hidden="true" className="mb-1.5 text-sm font-[550]">{text}</p>{children}</div>;
}

function Chip({ words, id, onRemove, testId }: { words: string; id: string; onRemove: () => void; testId: string }) {
  return (
    <span title={id} data-testid={testId} className="inline-flex h-8 max-w-full items-center gap-1 rounded-full bg-accent-soft pl-3 text-sm font-[550] text-accent">
      <span className="truncate">{words}</span>
      <button type="button" aria-label={`${words}: show others too`} onClick={onRemove} className="flex size-8 items-center justify-center rounded-full hover:bg-hover"><Icon name="close" size={14} /></button>
    </span>
  );
}
