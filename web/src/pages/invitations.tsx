import { useCallback, useEffect, useState } from 'react';
import { hasEnded, roleLabel, type Invitation, type People } from '../lib/people';
import { asProblem, type Problem } from '../lib/problem';
import { absoluteTime } from '../lib/time';
import { Badge, Skeleton } from '../ui/bits';
import { IconButton } from '../ui/button';
import { Icon } from '../ui/icons';
import { toastDone, toastError } from '../ui/toasts';
import { FormProblem } from './entrance';

export function useInvitations(people: People) {
  const [invitations, setInvitations] = useState<Invitation[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    people.invitations(controller.signal).then(
      (found) => { setInvitations(found); setProblem(null); },
      (error: unknown) => { if (!controller.signal.aborted) setProblem(asProblem(error)); },
    );
    return () => controller.abort();
  }, [people, round]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  return { invitations, problem, reload };
}

/** The invitations that nobody has used yet. */
export function Invitations({ people, invitations, problem, reload }: {
  people: People; invitations: Invitation[] | null; problem: Problem | null; reload: () => void;
}) {
  const withdraw = async (invitation: Invitation) => {
    try {
      await people.withdraw(invitation.id);
      toastDone('The invitation is withdrawn');
    } catch (error) {
      toastError(error, 'The invitation was not withdrawn');
    }
    reload();
  };
  return (
    <section className="mt-10" data-testid="invitations" aria-labelledby="invitations-title">
      <h2 id="invitations-title" className="mb-3 text-base font-[620]">Invitations</h2>
      <FormProblem problem={problem} />
      {!invitations && !problem ? <Skeleton className="h-16 rounded-xl" /> : null}
      {invitations?.length === 0 ? <p className="text-sm text-muted" data-testid="invitations-empty">None is open. One that was used goes from here.</p> : null}
      {invitations && invitations.length > 0 ? (
        <ul className="divide-y divide-line rounded-xl border border-line bg-surface shadow-card">
          {invitations.map((invitation) => {
            const who = invitation.email ?? 'Whoever has the link';
            return (
              <li key={invitation.id} data-testid="invitation-row" className="flex items-center gap-3 px-4 py-3">
                <span className="flex size-9 shrink-0 items-center justify-center rounded-full bg-sunken text-muted"><Icon name={invitation.email ? 'person' : 'link'} size={18} /></span>
                <div className="min-w-0 flex-1">
                  <p className="truncate text-base font-[550]">{who}</p>
                  <p className="text-sm text-muted sm:truncate">{roleLabel(invitation.role)} · until {absoluteTime(invitation.expires_at)} · by {invitation.invited_by_name}</p>
                </div>
                {hasEnded(invitation) ? <Badge>Ended</Badge> : null}
                <IconButton icon="trash" label={`Withdraw the invitation of ${who}`} onClick={() => void withdraw(invitation)} data-testid="invitation-withdraw" />
              </li>
            );
          })}
        </ul>
      ) : null}
    </section>
  );
}
