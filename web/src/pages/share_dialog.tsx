import { useEffect, useState, type FormEvent } from 'react';
import { useApp, useUser } from '../app_context';
import { copyText } from '../lib/clipboard';
import { accessLabel, mayShare, type DocumentInfo, type GrantedLevel, type Share } from '../lib/documents';
import { colourOf, displayName } from '../lib/person';
import { asProblem, type Problem } from '../lib/problem';
import { absoluteTime } from '../lib/time';
import { documentPath } from '../router';
import { Avatar, Skeleton } from '../ui/bits';
import { Button, IconButton } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Field, Select } from '../ui/field';
import { toastError } from '../ui/toasts';
import { FormProblem } from './entrance';
import { ShareLinks } from './share_links';

const kLevels: GrantedLevel[] = ['share', 'write', 'suggest', 'comment', 'read'];

const options = kLevels.map((level) => <option key={level} value={level}>{accessLabel(level)}</option>);

/** Who it is beside their name, and until when. */
function described(share: Share): string {
  const who = { user: share.email ?? '', group: 'A group', everybody: 'All but guests' }[share.kind];
  return share.expires_at ? `${who}, until ${absoluteTime(share.expires_at)}` : who;
}

function useShares(id: string) {
  const { documents } = useApp();
  const [shares, setShares] = useState<Share[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    documents.shares(id, controller.signal).then(setShares, (error: unknown) => {
      if (!controller.signal.aborted) setProblem(asProblem(error));
    });
    return () => controller.abort();
  }, [documents, id]);
  return { shares, setShares, problem };
}

/** Who may see and change a document. Who may share it changes that; the others see who is in. */
export function ShareDialog({ info, onClose }: { info: DocumentInfo; onClose: () => void }) {
  const { documents } = useApp();
  const { shares, setShares, problem } = useShares(info.id);
  const [email, setEmail] = useState('');
  const [level, setLevel] = useState<GrantedLevel>('write');
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Problem | null>(null);
  const [copied, setCopied] = useState(false);
  const sharesIt = mayShare(info.access_level);

  const put = (share: Share) => setShares((before) => [...(before ?? []).filter((one) => one.principal !== share.principal), share]);

  const invite = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefused(null);
    try {
      put(await documents.share(info.id, email.trim(), level));
      setEmail('');
    } catch (error) {
      setRefused(asProblem(error));
    }
    setBusy(false);
  };
  const change = async (share: Share, to: GrantedLevel) => {
    const replace = (one: Share) => setShares((before) => (before ?? []).map((each) => (each.principal === one.principal ? one : each)));
    replace({ ...share, access_level: to });
    try {
      replace(await documents.share(info.id, share.principal, to, share.expires_at));
    } catch (error) {
      replace(share);
      toastError(error, 'Access was not changed');
    }
  };
  const remove = async (share: Share) => {
    try {
      await documents.unshare(info.id, share.principal);
      setShares((before) => (before ?? []).filter((one) => one.principal !== share.principal));
    } catch (error) {
      toastError(error, 'Access was not removed');
    }
  };
  const copy = async () => {
    if (!(await copyText(location.origin + documentPath(info.id)))) return;
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };

  const fieldError = refused && (refused.field === 'principal' || refused.status === 404) ? refused.detail || refused.title : null;
  return (
    <Dialog title="Share" onClose={onClose} wide testId="share-dialog">
      <p className="-mt-3 mb-5 truncate text-sm text-muted">{info.name}</p>
      {sharesIt ? (
        <form onSubmit={(event) => void invite(event)} noValidate className="mb-5">
          {refused && !fieldError ? <div className="mb-3"><FormProblem problem={refused} /></div> : null}
          <div className="flex items-start gap-2 max-sm:flex-col">
            <Field label="E-mail of somebody on this hub" subject="That person" type="email" autoComplete="off" className="w-full flex-1" value={email} error={fieldError} data-autofocus
              onChange={(event) => { setEmail(event.target.value); setRefused(null); }} data-testid="share-email" />
            <div className="flex gap-2 sm:mt-[1.625rem] max-sm:w-full">
              <Select label="Access" value={level} onChange={(event) => setLevel(event.target.value as GrantedLevel)} className="[&>select]:h-10 max-sm:flex-1 max-sm:[&>select]:w-full" data-testid="share-level">{options}</Select>
              <Button type="submit" look="primary" large busy={busy} disabled={!email.trim()} data-testid="share-submit">Invite</Button>
            </div>
          </div>
        </form>
      ) : (
        <p className="mb-4 text-sm text-muted">Only its owner, and who can share it, change who has access.</p>
      )}
      {problem ? <FormProblem problem={problem} /> : null}
      {!shares && !problem ? <ShareSkeleton /> : null}
      {shares ? (
        <ul data-testid="share-list" className="-mx-2 max-h-72 overflow-y-auto">
          {shares.map((share) => (
            <ShareRow key={share.principal} share={share} changeable={sharesIt && share.access_level !== 'owner'}
              onChange={(to) => void change(share, to)} onRemove={() => void remove(share)} />
          ))}
        </ul>
      ) : null}
      {sharesIt ? <ShareLinks document_={info.id} /> : null}
      <footer className="mt-5 flex items-center justify-between gap-3 border-t border-line pt-4">
        <p className="text-sm text-muted max-sm:hidden">The address works for the people above.</p>
        <Button icon={copied ? 'check' : 'link'} onClick={() => void copy()} data-testid="share-copy-link">{copied ? 'Copied' : 'Copy the address'}</Button>
      </footer>
    </Dialog>
  );
}

function ShareRow({ share, changeable, onChange, onRemove }: {
  share: Share; changeable: boolean; onChange: (level: GrantedLevel) => void; onRemove: () => void;
}) {
  const user = useUser();
  const name = displayName(share);
  return (
    <li data-testid="share-item" data-principal={share.principal} className="flex items-center gap-3 rounded-lg px-2 py-2">
      <Avatar name={name} colour={colourOf(share.principal)} size={32} />
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm font-[550]">{name}{share.principal === user.id ? <span className="font-normal text-muted"> (you)</span> : null}</p>
        <p className="truncate text-sm text-muted">{described(share)}</p>
      </div>
      {changeable ? (
        <>
          <Select label={`Access of ${name}`} value={share.access_level} onChange={(event) => onChange(event.target.value as GrantedLevel)} data-testid="share-item-level">{options}</Select>
          <IconButton icon="close" label={`Remove ${name}`} onClick={onRemove} data-testid="share-item-remove" />
        </>
      ) : (
        <span className="px-2 text-sm text-muted">{accessLabel(share.access_level)}</span>
      )}
    </li>
  );
}

function ShareSkeleton() {
  return (
    <div aria-busy="true" aria-label="Loading" className="flex flex-col gap-4 py-2">
      {[0, 1].map((row) => (
        <div key={row} className="flex items-center gap-3">
          <Skeleton className="size-8 rounded-full" />
          <div className="flex-1"><Skeleton className="mb-1.5 h-3.5 w-1/3" /><Skeleton className="h-3 w-1/2" /></div>
        </div>
      ))}
    </div>
  );
}
