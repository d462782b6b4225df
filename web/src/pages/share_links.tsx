import { useEffect, useState } from 'react';
import { accessLabel } from '../lib/documents';
import { asProblem, type Problem } from '../lib/problem';
import { endIn, kEnds, type LinkLevel, type ShareLink } from '../lib/sharing';
import { absoluteTime } from '../lib/time';
import { linkPath } from '../router';
import { Button, IconButton } from '../ui/button';
import { Field, Select } from '../ui/field';
import { Icon } from '../ui/icons';
import { Once } from '../ui/once';
import { toastError } from '../ui/toasts';
import { FormProblem } from './entrance';
import { useSharing } from './use_hub';
import { useSubmit } from './use_submit';

const kLevels: LinkLevel[] = ['read', 'comment', 'suggest', 'write'];
/** What a link is, in a line. */
function described(link: ShareLink): string {
  const parts: string[] = [accessLabel(link.access_level)];
  if (link.has_password) parts.push('with a password');
  if (link.expires_at) parts.push(`until ${absoluteTime(link.expires_at)}`);
  parts.push(`made by ${link.made_by_name}`);
  return parts.join(', ');
}

/** Links to a document or folder, for people without an account. */
export function ShareLinks({ thing }: { thing: string }) {
  const sharing = useSharing();
  const [links, setLinks] = useState<ShareLink[]>([]);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [making, setMaking] = useState(false);
  const [fresh, setFresh] = useState<string | null>(null); // the address of the one just made

  useEffect(() => {
    const controller = new AbortController();
    sharing.links(thing, controller.signal).then(setLinks, (error: unknown) => {
      if (!controller.signal.aborted) setProblem(asProblem(error));
    });
    return () => controller.abort();
  }, [sharing, thing]);

  const made = (link: ShareLink, secret: string) => {
    setLinks((before) => [...before, link]);
    setFresh(location.origin + linkPath(secret));
    setMaking(false);
  };
  const remove = async (link: ShareLink) => {
    try {
      await sharing.removeLink(thing, link.id);
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
      {fresh ? <div className="mt-3"><Once address={fresh} label="Address of the link" testId="share-link">Copy it now: it is not shown again. Whoever has it is let in.</Once></div> : null}
      {making ? <MakeLink thing={thing} onMade={made} onCancel={() => setMaking(false)} /> : null}
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

function MakeLink({ thing, onMade, onCancel }: {
  thing: string; onMade: (link: ShareLink, secret: string) => void; onCancel: () => void;
}) {
  const sharing = useSharing();
  const [name, setName] = useState('');
  const [level, setLevel] = useState<LinkLevel>('read');
  const [hours, setHours] = useState(0);
  const [password, setPassword] = useState('');
  const { busy, at, beside, submit } = useSubmit(() => sharing.makeLink(thing, {
    access_level: level,
    ...(name.trim() ? { name: name.trim() } : {}),
    ...(password ? { password } : {}),
    ...endIn(hours),
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
