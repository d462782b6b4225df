import { useEffect, useState } from 'react';
import { useStore } from '../app_context';
import type { DocumentSession, SaveState } from '../live/document_session';
import { cx } from '../ui/cx';
import { Icon, type IconName } from '../ui/icons';

/** "Saved" is shown once it has been so for this long: it may come late, never early. */
const kCalmMs = 350;

const looks: Record<SaveState, { label: string; icon: IconName; tone: string }> = {
  connecting: { label: 'Connecting…', icon: 'sync', tone: 'text-faint' },
  saved: { label: 'Saved', icon: 'cloudCheck', tone: 'text-muted' },
  saving: { label: 'Saving…', icon: 'sync', tone: 'text-muted' },
  offline: { label: 'Offline', icon: 'cloudOff', tone: 'text-warn' },
};

/** Where the changes made here are. `data-state` is the state itself, the words may lag behind by a moment. */
export function ConnectionChip({ live, readOnly }: { live: DocumentSession; readOnly: boolean }) {
  const { save } = useStore(live.state);
  const [shown, setShown] = useState<SaveState>(save);
  useEffect(() => {
    if (save !== 'saved' || shown !== 'saving') {
      setShown(save);
      return;
    }
    const timer = setTimeout(() => setShown('saved'), kCalmMs);
    return () => clearTimeout(timer);
  }, [save, shown]);

  const look = looks[shown];
  const label = readOnly && shown === 'saved' ? 'Live' : look.label;
  const title = shown === 'saved'
    ? (readOnly ? 'You see every change as it is made' : 'Every change you made is stored on the hub')
    : shown === 'saving' ? 'Your last changes are on their way to the hub' : label;
  return (
    <span
      data-testid="connection-state" data-state={save} title={title}
      className={cx('inline-flex h-8 items-center gap-1.5 px-1 text-sm font-[500] whitespace-nowrap', look.tone)}
    >
      <Icon name={look.icon} size={18} className={shown === 'connecting' ? 'animate-spin' : undefined} />
      <span className="max-md:sr-only">{label}</span>
    </span>
  );
}
