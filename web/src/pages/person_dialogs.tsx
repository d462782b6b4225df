import { useState, type ReactNode } from 'react';
import { wholeAddress, type People, type Person } from '../lib/people';
import { displayName } from '../lib/person';
import { absoluteTime } from '../lib/time';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Once } from '../ui/once';
import { toastDone } from '../ui/toasts';
import { FormProblem } from './entrance';
import type { Asked } from './person_row';
import { useSubmit } from './use_submit';

export interface PersonAsking {
  what: Asked;
  person: Person;
}

interface Asking {
  person: Person;
  people: People;
  onClose: () => void;
  onChanged: (part: Partial<Person>) => void;
}

export function PersonDialog({ asking, ...rest }: { asking: PersonAsking } & Omit<Asking, 'person'>) {
  const all = { ...rest, person: asking.person };
  if (asking.what === 'reset-link') return <ResetLinkDialog {...all} />;
  return asking.what === 'deactivate' ? <DeactivateDialog {...all} /> : <SecondFactorDialog {...all} />;
}

/** Asks once more, then does it. */
function Question<T>({ title, action, danger, work, onDone, onClose, testId, children }: {
  title: string; action: string; danger?: boolean; work: () => Promise<T>; onDone: (result: T) => void; onClose: () => void; testId: string; children: ReactNode;
}) {
  const { busy, problem, submit } = useSubmit(work, onDone);
  return (
    <Dialog title={title} onClose={onClose} testId={testId}>
      <form onSubmit={submit} className="flex flex-col gap-5">
        <FormProblem problem={problem} />
        <p className="text-base text-muted">{children}</p>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose} data-autofocus>Cancel</Button>
          <Button type="submit" look={danger ? 'danger' : 'primary'} busy={busy} data-testid={`${testId}-submit`}>{action}</Button>
        </div>
      </form>
    </Dialog>
  );
}

const Strong = ({ children }: { children: ReactNode }) => <strong className="font-[550] break-words text-ink">{children}</strong>;

function DeactivateDialog({ person, people, onClose, onChanged }: Asking) {
  return (
    <Question title="Deactivate this account?" action="Deactivate" danger testId="deactivate-dialog" onClose={onClose} work={() => people.setActive(person.id, false)}
      onDone={(account) => { onChanged(account); onClose(); toastDone(`${displayName(person)} cannot sign in any more`); }}>
      <Strong>{displayName(person)}</Strong> cannot sign in any more, and what they have open ends at once, their agents included. Their documents stay. You can activate the account again.
    </Question>
  );
}

function SecondFactorDialog({ person, people, onClose, onChanged }: Asking) {
  return (
    <Question title="Take the second step away?" action="Take it away" danger testId="second-factor-dialog" onClose={onClose} work={() => people.resetSecondFactor(person.id)}
      onDone={() => { onChanged({ second_factor: false }); onClose(); toastDone(`${displayName(person)} signs in by the password alone`); }}>
      For when <Strong>{displayName(person)}</Strong> has lost the app and the recovery codes. From then on the password alone signs in, and every sign-in of theirs ends. Be sure that it is they who ask.
    </Question>
  );
}

function ResetLinkDialog({ person, people, onClose }: Asking) {
  const [made, setMade] = useState<{ link: string; expires_at: string } | null>(null);
  if (!made) {
    return (
      <Question title="Make a link for a new password?" action="Make the link" testId="reset-link-dialog" onClose={onClose} work={() => people.makeResetLink(person.id)} onDone={setMade}>
        Whoever opens it sets the password of <Strong>{displayName(person)}</Strong>. Hand it over yourself, by a way that reaches nobody else.
      </Question>
    );
  }
  return (
    <Dialog title="A link for a new password" onClose={onClose} wide testId="reset-link-made">
      <p className="mb-4 text-base text-muted">For <Strong>{displayName(person)}</Strong>. It works once, until {absoluteTime(made.expires_at)}.</p>
      <Once address={wholeAddress(made.link, location.origin)} label="Link for a new password" testId="reset-link">Copy it now: it is not shown again.</Once>
      <div className="mt-5 flex justify-end"><Button onClick={onClose} data-testid="reset-link-done">Done</Button></div>
    </Dialog>
  );
}
