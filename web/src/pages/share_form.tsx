import { useEffect, useState } from 'react';
import type { GrantedLevel } from '../lib/documents';
import type { Group } from '../lib/groups';
import { asProblem, type Problem } from '../lib/problem';
import { endIn, kEnds, kEverybody, type Share, type SharedThing } from '../lib/sharing';
import { Button } from '../ui/button';
import { cx } from '../ui/cx';
import { Field, Select } from '../ui/field';
import { Icon, type IconName } from '../ui/icons';
import { FormProblem } from './entrance';
import { levelOptions } from './share_rows';
import { useGroups, useSharing } from './use_hub';
import { useSubmit } from './use_submit';

type Kind = 'user' | 'group' | 'everybody';
const kKinds: { value: Kind; label: string; icon: IconName }[] = [
  { value: 'user', label: 'A person', icon: 'person' },
  { value: 'group', label: 'A group', icon: 'group' },
  { value: 'everybody', label: 'Everybody', icon: 'everybody' },
];

/** Gives access: to a person by e-mail, to a group, or to everybody here. */
export function ShareForm({ thing, onShared }: { thing: SharedThing; onShared: (share: Share) => void }) {
  const sharing = useSharing();
  const [kind, setKind] = useState<Kind>('user');
  const [email, setEmail] = useState('');
  const [group, setGroup] = useState('');
  const [level, setLevel] = useState<GrantedLevel>('write');
  const [hours, setHours] = useState(0);
  const principal = { user: email.trim(), group, everybody: kEverybody }[kind];
  const form = useSubmit(() => sharing.share(thing.id, principal, level, endIn(hours)), (share) => {
    form.again();
    onShared(share);
    setEmail('');
    setGroup('');
  });
  const { problem } = form;
  const atPrincipal = problem && (problem.field === 'principal' || problem.status === 404) ? problem.detail || problem.title : null;
  return (
    <form onSubmit={form.submit} noValidate className="mb-5 flex flex-col gap-3">
      {problem && !atPrincipal ? <FormProblem problem={problem} /> : null}
      <Kinds value={kind} onChange={setKind} />
      {kind === 'user' ? (
        <Field label="E-mail of somebody on this hub" subject="That person" type="email" autoComplete="off" value={email} error={atPrincipal} data-autofocus
          onChange={(event) => setEmail(event.target.value)} data-testid="share-email" />
      ) : kind === 'group' ? <GroupChoice value={group} onChange={setGroup} error={atPrincipal} /> : (
        <p className="text-sm text-muted">Everybody with an account here, but guests. Also those who come later.</p>
      )}
      <div className="flex flex-wrap gap-2">
        <Select label="Access" value={level} onChange={(event) => setLevel(event.target.value as GrantedLevel)} className="max-sm:flex-1 max-sm:[&>select]:w-full" data-testid="share-level">{levelOptions}</Select>
        <Select label="How long access holds" value={hours} onChange={(event) => setHours(Number(event.target.value))} className="max-sm:flex-1 max-sm:[&>select]:w-full" data-testid="share-end">
          {kEnds.map((end) => <option key={end.hours} value={end.hours}>{end.label}</option>)}
        </Select>
        <span className="flex-1 max-sm:hidden" />
        <Button type="submit" look="primary" busy={form.busy} disabled={!principal} className="max-sm:w-full" data-testid="share-submit">Share</Button>
      </div>
    </form>
  );
}

function Kinds({ value, onChange }: { value: Kind; onChange: (kind: Kind) => void }) {
  return (
    <fieldset className="flex min-w-0 rounded-lg bg-sunken p-0.5">
      <legend className="sr-only">With whom</legend>
      {kKinds.map((kind) => (
        <label
          key={kind.value}
          className={cx(
            'relative flex h-8 flex-1 cursor-pointer items-center justify-center gap-1.5 rounded-md px-2 text-sm font-[550] whitespace-nowrap transition-colors has-focus-visible:outline-2 has-focus-visible:outline-accent',
            value === kind.value ? 'bg-raised text-ink shadow-card' : 'text-muted hover:text-ink',
          )}
        >
          <input type="radio" name="share-kind" value={kind.value} checked={value === kind.value} onChange={() => onChange(kind.value)} className="sr-only" data-testid={`share-kind-${kind.value}`} />
          <Icon name={kind.icon} size={16} className="shrink-0 max-sm:hidden" />
          {kind.label}
        </label>
      ))}
    </fieldset>
  );
}

function GroupChoice({ value, onChange, error }: { value: string; onChange: (group: string) => void; error: string | null }) {
  const groups = useGroups();
  const [all, setAll] = useState<Group[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    groups.list(controller.signal).then(setAll, (reason: unknown) => { if (!controller.signal.aborted) setProblem(asProblem(reason)); });
    return () => controller.abort();
  }, [groups]);
  if (problem) return <FormProblem problem={problem} />;
  if (all?.length === 0) return <p className="text-sm text-muted" data-testid="share-no-groups">There are no groups on this hub yet. An admin makes them.</p>;
  return (
    <div>
      <Select label="Group" value={value} disabled={!all} onChange={(event) => onChange(event.target.value)} className="w-full [&>select]:h-10 [&>select]:text-base" data-testid="share-group">
        <option value="" disabled>{all ? 'Choose a group' : 'Loading…'}</option>
        {all?.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
      </Select>
      {error ? <p className="mt-1.5 text-sm text-danger">{error}</p> : null}
    </div>
  );
}
