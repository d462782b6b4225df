import { useEffect, useState } from 'react';
import { mayShare, type GrantedLevel } from '../lib/documents';
import { copyText } from '../lib/clipboard';
import { asProblem, type Problem } from '../lib/problem';
import { isFolder, thingWord, withShare, type Share, type Shares, type SharedThing } from '../lib/sharing';
import { documentPath, folderPath } from '../router';
import { Skeleton } from '../ui/bits';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { toastError } from '../ui/toasts';
import { FormProblem } from './entrance';
import { ShareForm } from './share_form';
import { ShareLinks } from './share_links';
import { InheritedRow, ShareRow } from './share_rows';
import { useSharing } from './use_hub';

function useShares(id: string) {
  const sharing = useSharing();
  const [all, setAll] = useState<Shares | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    sharing.list(id, controller.signal).then(setAll, (error: unknown) => {
      if (!controller.signal.aborted) setProblem(asProblem(error));
    });
    return () => controller.abort();
  }, [sharing, id]);
  const edit = (change: (shares: Share[]) => Share[]) => setAll((before) => before && { ...before, shares: change(before.shares) });
  return { all, edit, problem };
}

/** Who may see and change a document or folder. Who may share it changes that; the others see who is in. */
export function ShareDialog({ thing, onClose }: { thing: SharedThing; onClose: () => void }) {
  const sharing = useSharing();
  const { all, edit, problem } = useShares(thing.id);
  const sharesIt = mayShare(thing.access_level);
  const word = thingWord(thing.id);

  const change = async (share: Share, to: GrantedLevel) => {
    edit((shares) => withShare(shares, { ...share, access_level: to }));
    try {
      const now = await sharing.share(thing.id, share.principal, to, { expires_at: share.expires_at });
      edit((shares) => withShare(shares, now));
    } catch (error) {
      edit((shares) => withShare(shares, share));
      toastError(error, 'Access was not changed');
    }
  };
  const remove = async (share: Share) => {
    try {
      await sharing.unshare(thing.id, share.principal);
      edit((shares) => shares.filter((one) => one.principal !== share.principal));
    } catch (error) {
      toastError(error, 'Access was not removed');
    }
  };

  return (
    <Dialog title={isFolder(thing.id) ? 'Share the folder' : 'Share'} onClose={onClose} wide testId="share-dialog">
      <p className="-mt-3 mb-5 truncate text-sm text-muted">{thing.name}</p>
      <div className="-mx-2 max-h-[calc(100dvh-13rem)] overflow-y-auto px-2">
        {sharesIt ? <ShareForm thing={thing} onShared={(share) => edit((shares) => withShare(shares, share))} /> : (
          <p className="mb-4 text-sm text-muted">Only its owner, and who can share it, change who has access.</p>
        )}
        {problem ? <FormProblem problem={problem} /> : null}
        {!all && !problem ? <ShareSkeleton /> : null}
        {all ? (
          <ul data-testid="share-list" aria-label="Who has access" className="-mx-2">
            {all.shares.map((share) => (
              <ShareRow key={share.principal} share={share} changeable={sharesIt && share.access_level !== 'owner'}
                onChange={(to) => void change(share, to)} onRemove={() => void remove(share)} />
            ))}
          </ul>
        ) : null}
        {all && all.inherited.length > 0 ? (
          <section className="mt-5 border-t border-line pt-4" data-testid="share-inherited">
            <h3 className="text-sm font-[600]">From the folders it lies in</h3>
            <p className="text-sm text-muted">What is granted on a folder holds for all that lies in it. It is changed there.</p>
            <ul className="-mx-2 mt-1">
              {all.inherited.map((share, index) => <InheritedRow key={index} share={share} />)}
            </ul>
          </section>
        ) : null}
        {sharesIt ? <ShareLinks thing={thing.id} /> : null}
      </div>
      <Foot address={location.origin + (isFolder(thing.id) ? folderPath(thing.id) : documentPath(thing.id))} word={word} />
    </Dialog>
  );
}

function Foot({ address, word }: { address: string; word: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (!(await copyText(address))) return;
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <footer className="mt-5 flex items-center justify-between gap-3 border-t border-line pt-4">
      <p className="text-sm text-muted max-sm:hidden">The address of the {word} works for the people above.</p>
      <Button icon={copied ? 'check' : 'link'} onClick={() => void copy()} data-testid="share-copy-link">{copied ? 'Copied' : 'Copy the address'}</Button>
    </footer>
  );
}

function ShareSkeleton() {
  return (
    <div role="status" aria-busy="true" aria-label="Loading" className="flex flex-col gap-4 py-2">
      {[0, 1].map((row) => (
        <div key={row} className="flex items-center gap-3">
          <Skeleton className="size-8 rounded-full" />
          <div className="flex-1"><Skeleton className="mb-1.5 h-3.5 w-1/3" /><Skeleton className="h-3 w-1/2" /></div>
        </div>
      ))}
    </div>
  );
}
