import type QuillCursors from 'quill-cursors/core';
import type { Awareness } from 'y-protocols/awareness';

const kShownMs = 2_500;

/** Shows the name at somebody's cursor for a moment whenever the cursor moves; otherwise it shows on hovering only. */
export function showNamesOnMove(cursors: QuillCursors, awareness: Awareness): () => void {
  const timers = new Map<number, ReturnType<typeof setTimeout>>();
  const places = new Map<number, string>();

  const hide = (client: number) => {
    timers.delete(client);
    cursors.toggleFlag(String(client), false);
  };
  const onChange = ({ added, updated, removed }: { added: number[]; updated: number[]; removed: number[] }) => {
    for (const client of [...added, ...updated]) {
      if (client === awareness.clientID) continue;
      const place = JSON.stringify((awareness.getStates().get(client) as { cursor?: unknown } | undefined)?.cursor ?? null);
      if (place === places.get(client)) continue;
      places.set(client, place);
      if (place === 'null') continue;
      cursors.toggleFlag(String(client), true);
      clearTimeout(timers.get(client));
      timers.set(client, setTimeout(() => hide(client), kShownMs));
    }
    for (const client of removed) {
      clearTimeout(timers.get(client));
      timers.delete(client);
      places.delete(client);
    }
  };
  awareness.on('change', onChange);
  return () => {
    awareness.off('change', onChange);
    for (const timer of timers.values()) clearTimeout(timer);
  };
}
