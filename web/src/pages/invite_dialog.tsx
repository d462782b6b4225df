import { useState } from 'react';
import { roleLabel, rolesToGive, wholeAddress, type MadeInvitation, type People, type Role } from '../lib/people';
import { absoluteTime } from '../lib/time';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Field, Select } from '../ui/field';
import { Once } from '../ui/once';
import { FormProblem } from './entrance';
import { useSubmit } from './use_submit';

const kDays = [{ days: 1, label: 'For a day' }, { days: 7, label: 'For a week' }, { days: 30, label: 'For 30 days' }, { days: 90, label: 'For 90 days' }];

/** Makes an invitation, and shows its link once it is made. */
export function InviteDialog({ people, role, onClose, onMade }: { people: People; role: string; onClose: () => void; onMade: () => void }) {
  const [email, setEmail] = useState('');
  const [as, setAs] = useState<Role>('member');
  const [days, setDays] = useState(7);
  const [made, setMade] = useState<MadeInvitation | null>(null);
  const form = useSubmit(
    () => people.invite({ ...(email.trim() ? { email: email.trim() } : {}), role: as, expires_in_days: days }),
    (invitation) => { setMade(invitation); onMade(); },
  );
  if (made) return <Made invitation={made} onClose={onClose} />;
  return (
    <Dialog title="Invite somebody" onClose={onClose} testId="invite-dialog">
      <form onSubmit={form.submit} className="flex flex-col gap-5" noValidate>
        <FormProblem problem={form.beside('email')} />
        <Field label="E-mail, if it is for one person" subject="This" type="email" autoComplete="off" data-autofocus value={email} error={form.at('email')}
          hint="Left empty, whoever has the link makes an account with it, once." onChange={(event) => setEmail(event.target.value)} data-testid="invite-email" />
        <div className="grid grid-cols-2 gap-3">
          <div>
            <p aria-hidden="true" className="mb-1.5 text-sm font-[550]">As</p>
            <Select label="Role" value={as} onChange={(event) => setAs(event.target.value as Role)} className="w-full [&>select]:h-10" data-testid="invite-role">
              {rolesToGive(role).map((one) => <option key={one} value={one}>{roleLabel(one)}</option>)}
            </Select>
          </div>
          <div>
            <p aria-hidden="true" className="mb-1.5 text-sm font-[550]">Holds</p>
            <Select label="How long it holds" value={days} onChange={(event) => setDays(Number(event.target.value))} className="w-full [&>select]:h-10" data-testid="invite-days">
              {kDays.map((one) => <option key={one.days} value={one.days}>{one.label}</option>)}
            </Select>
          </div>
        </div>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={form.busy} data-testid="invite-submit">Make the invitation</Button>
        </div>
      </form>
    </Dialog>
  );
}

function Made({ invitation, onClose }: { invitation: MadeInvitation; onClose: () => void }) {
  return (
    <Dialog title="The invitation is made" onClose={onClose} wide testId="invite-made">
      <p className="mb-4 text-base text-muted">
        {invitation.mailed ? `It is on its way to ${invitation.email}. The same link is here: ` : invitation.email ? `Send this link to ${invitation.email}. ` : 'Send this link to whom you invite. '}
        It works once, until {absoluteTime(invitation.expires_at)}.
      </p>
      <Once address={wholeAddress(invitation.link, location.origin)} label="Link of the invitation" testId="invite-link">Copy it now: it is not shown again.</Once>
      <div className="mt-5 flex justify-end"><Button onClick={onClose} data-testid="invite-done">Done</Button></div>
    </Dialog>
  );
}
