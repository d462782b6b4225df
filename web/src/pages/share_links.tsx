import { useEffect, useState } from 'react';
import { useApp } from '../app_context';
import { copyText } from '../lib/clipboard';
import { accessLabel, type LinkLevel, type ShareLink } from '../lib/documents';
import { asProblem, type Problem } from '../lib/problem';
import { absoluteTime } from '../lib/time';
import { linkPath } from '../router';
import { Button, IconButton } from '../ui/button';
import { Field, Select } from '../ui/field';
import { Icon } from '../ui/icons';
import { toastError } from '../ui/toasts';
import { FormProblem } from './entrance';
import { useSubmit } from './use_submit';

const kLevels: LinkLevel[] = ['read', 'comment', 'suggest', 'write'];
const kHourMs = 3_600_000;
const kEnds = [
  { label: 'Without an end', hours: 0 },
  { label: 'For a day', hours: 24 },
  { label: 'For a week', hours: 24 * 7 },
  { label: 'For 30 days', hours: 24 * 30 },
];

/** What a link is, in a line. */
function described(link: ShareLink): string {
  const parts: string[] = [accessLabel(link.access_level)];
  if (link.has_password) parts.push('with a password');
  if (link.expires_at) parts.push(`until ${absoluteTime(link.expires_at)}`);
  parts.push(`made by ${link.made_by_name}`);
  return parts.join(', ');
}

/** Links to a document, for people without an account. */
export function ShareLinks({ document_ }: { document_: string }) {
  const { documents } = useApp();
  const [links, setLinks] = useState<ShareLink[]>([]);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [making, setMaking] = useState(false);
  const [fresh, setFresh] = useState<string | null>(null); // the address of the one just made

  useEffect(() => {
    const controller = new AbortController();
    documents.links(document_, controller.signal).then(setLinks, (error: unknown) => {
      if (!controller.signal.aborted) setProblem(asProblem(error));
    });
    return () => controller.abort();
  }, [documents, document_]);

  const made = (link: ShareLink, secret: string) => {
    setLinks((before) => [...before, link]);
    setFresh(location.origin + linkPath(secret));
    setMaking(false);
  };
  const remove = async (link: ShareLink) => {
    try {
      await documents.removeLink(document_, link.id);
      setLinks((before) => before.filter((one) => one.id !== link.id));
      setFresh(null);
    } catch (error) {
      toastError(error, 'The link was not removed');
    }
  };

  return (
    <section className="mt-5 border-t border-line pt-4" data-testid="share-links">
      <div className="flex items-center justify-between gap-3">
        <h3 className="text-sm font-[600]">Links for people without an account</h3>
        {making ? null : <Button onClick={() => { setMaking(true); setFresh(null); }} data-testid="share-link-make">Make a link</Button>}
      </div>
      {problem ? <div className="mt-3"><FormProblem problem={problem} /></div> : null}
      {fresh ? <Fresh address={fresh} /> : null}
      {making ? <MakeLink document_={document_} onMade={made} onCancel={() => setMaking(false)} /> : null}
      <ul className="-mx-2 mt-1 max-h-48 overflow-y-auto">
        {links.map((link) => (
          <li key={link.id} data-testid="share-link-item" className="flex items-center gap-3 rounded-lg px-2 py-2">
            <span className="flex size-8 shrink-0 items-center justify-center rounded-full bg-sunken text-muted"><Icon name="link" size={16} /></span>
            <div className="min-w-0 flex-1">
              <p className="truncate text-sm font-[550]">{link.name}</p>
              <p className="truncate text-sm text-muted">{described(link)}</p>
            </div>
            <IconButton icon="close" label={`Remove the link ${link.name}`} onClick={() => void remove(link)} data-testid="share-link-remove" />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Shown once: the hub does not keep it. */
function Fresh({ address }: { address: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className="mt-3 rounded-lg bg-accent-soft p-3">
      <div className="flex items-center gap-2">
        <input readOnly value={address} aria-label="Address of the link" onFocus={(event) => event.target.select()} data-testid="share-link-address"
          className="h-8 min-w-0 flex-1 rounded-md border border-line-strong bg-surface px-2.5 text-sm" />
        <Button look="primary" icon={copied ? 'check' : 'copy'} onClick={() => void copyText(address).then(setCopied)} data-testid="share-link-copy">{copied ? 'Copied' : 'Copy'}</Button>
      </div>
      <p className="mt-2 text-sm text-muted">Copy it now: it is not shown again. Whoever has it is let in.</p>
    </div>
  );
}

function MakeLink({ document_, onMade, onCancel }: {
  document_: string; onMade: (link: ShareLink, secret: string) => void; onCancel: () => void;
}) {
  const { documents } = useApp();
  const [name, setName] = useState('');
  const [level, setLevel] = useState<LinkLevel>('read');
  const [hours, setHours] = useState(0);
  const [password, setPassword] = useState('');
  const { busy, at, beside, submit } = useSubmit(() => documents.makeLink(document_, {
    access_level: level,
    ...(name.trim() ? { name: name.trim() } : {}),
    ...(password ? { password } : {}),
    ...(hours ? { expires_at: new Date(Date.now() + hours * kHourMs).toISOString() } : {}),
  }), ({ secret, ...link }) => onMade(link, secret));
  return (
    <form onSubmit={submit} noValidate className="mt-3 flex flex-col gap-3 rounded-lg border border-line p-3">
      <FormProblem problem={beside('name', 'password')} />
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="What it is for" placeholder="Link" autoComplete="off" maxLength={255} value={name} error={at('name')} data-autofocus
          onChange={(event) => setName(event.target.value)} data-testid="share-link-name" />
        <Field label="Password, if wanted" type="text" autoComplete="off" maxLength={256} value={password} error={at('password')}
          onChange={(event) => setPassword(event.target.value)} data-testid="share-link-new-password" />
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <Select label="What the link allows" value={level} onChange={(event) => setLevel(event.target.value as LinkLevel)} data-testid="share-link-level">
          {kLevels.map((one) => <option key={one} value={one}>{accessLabel(one)}</option>)}
        </Select>
        <Select label="How long it holds" value={hours} onChange={(event) => setHours(Number(event.target.value))} data-testid="share-link-end">
          {kEnds.map((end) => <option key={end.hours} value={end.hours}>{end.label}</option>)}
        </Select>
        <span className="flex-1" />
        <Button look="quiet" onClick={onCancel}>Cancel</Button>
        <Button type="submit" look="primary" busy={busy} data-testid="share-link-create">Make it</Button>
      </div>
    </form>
  );
}
