import { useUser } from '../app_context';
import { accessLabel, type GrantedLevel } from '../lib/documents';
import { colourOf, displayName } from '../lib/person';
import type { InheritedShare, Share } from '../lib/sharing';
import { absoluteTime } from '../lib/time';
import { folderPath } from '../router';
import { Avatar } from '../ui/bits';
import { IconButton } from '../ui/button';
import { cx } from '../ui/cx';
import { Select } from '../ui/field';
import { Icon } from '../ui/icons';
import { Link } from './entrance';

export const kLevels: GrantedLevel[] = ['share', 'write', 'suggest', 'comment', 'read'];
export const levelOptions = kLevels.map((level) => <option key={level} value={level}>{accessLabel(level)}</option>);

/** Who it is beside their name, and until when. */
function described(share: Share): string {
  const who = { user: share.email ?? '', group: 'A group', everybody: 'All but guests' }[share.kind];
  return share.expires_at ? `${who}, until ${absoluteTime(share.expires_at)}` : who;
}

function Sign({ share, name }: { share: Share; name: string }) {
  if (share.kind === 'user') return <Avatar name={name} colour={colourOf(share.principal)} size={32} />;
  return (
    <span className="flex size-8 shrink-0 items-center justify-center rounded-full bg-sunken text-muted">
      <Icon name={share.kind === 'group' ? 'group' : 'everybody'} size={18} />
    </span>
  );
}

function Who({ share, name }: { share: Share; name: string }) {
  const user = useUser();
  return <p className="truncate text-sm font-[550]">{name}{share.principal === user.id ? <span className="font-normal text-muted"> (you)</span> : null}</p>;
}

export function ShareRow({ share, changeable, onChange, onRemove }: {
  share: Share; changeable: boolean; onChange: (level: GrantedLevel) => void; onRemove: () => void;
}) {
  const user = useUser();
  const name = displayName(share);
  const leaves = !changeable && share.principal === user.id && share.access_level !== 'owner';
  return (
    <li data-testid="share-item" data-principal={share.principal} className="flex flex-wrap items-center gap-x-3 gap-y-1.5 rounded-lg px-2 py-2">
      <Sign share={share} name={name} />
      <div className={cx('min-w-0 flex-1', changeable && 'max-sm:basis-[calc(100%-2.75rem)]')}>
        <Who share={share} name={name} />
        <p className="truncate text-sm text-muted">{described(share)}</p>
      </div>
      {changeable ? (
        <Select className="max-sm:ml-11" label={`Access of ${name}`} value={share.access_level} onChange={(event) => onChange(event.target.value as GrantedLevel)} data-testid="share-item-level">{levelOptions}</Select>
      ) : (
        <span className="px-2 text-sm text-muted">{accessLabel(share.access_level)}</span>
      )}
      {changeable || leaves ? <IconButton icon="close" label={leaves ? 'Give your access up' : `Remove ${name}`} onClick={onRemove} data-testid="share-item-remove" /> : null}
    </li>
  );
}

/** What a folder above gives: shown, and changed there. */
export function InheritedRow({ share }: { share: InheritedShare }) {
  const name = displayName(share);
  return (
    <li data-testid="share-inherited-item" data-principal={share.principal} className="flex items-center gap-3 rounded-lg px-2 py-2">
      <Sign share={share} name={name} />
      <div className="min-w-0 flex-1">
        <Who share={share} name={name} />
        <p className="truncate text-sm text-muted">
          by {share.folder ? <Link to={folderPath(share.folder.id)}>{share.folder.name}</Link> : 'a folder that you do not see'}
          {share.expires_at ? `, until ${absoluteTime(share.expires_at)}` : null}
        </p>
      </div>
      <span className="px-2 text-sm text-muted">{accessLabel(share.access_level)}</span>
    </li>
  );
}
