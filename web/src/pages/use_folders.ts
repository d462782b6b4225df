import { useCallback, useEffect, useMemo, useState } from 'react';
import { useApp, useUser } from '../app_context';
import { Folders, type Folder } from '../lib/folders';
import { asProblem, type Problem } from '../lib/problem';

/** The last list, shown at once while a fresh one is fetched. */
let remembered: { user: string; all: Folder[] } | null = null;

/** All folders that one may see, and the one that is open, if one is. */
export function useFolders(id: string | null) {
  const { session } = useApp();
  const user = useUser();
  const folders = useMemo(() => new Folders(session), [session]);
  const [all, setAll] = useState<Folder[] | null>(remembered?.user === user.id ? remembered.all : null);
  const [open, setOpen] = useState<Folder | null>(all?.find((one) => one.id === id) ?? null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [round, setRound] = useState(0);

  useEffect(() => {
    const controller = new AbortController();
    void (async () => {
      try {
        // The list may be longer than the hub tells at once: what is open is asked for by itself.
        const [list, one] = await Promise.all([folders.list(controller.signal), id === null ? null : folders.read(id, controller.signal)]);
        if (controller.signal.aborted) return;
        remembered = { user: user.id, all: list };
        setAll(list);
        setOpen(one);
        setProblem(null);
      } catch (error) {
        if (!controller.signal.aborted) setProblem(asProblem(error));
      }
    })();
    return () => controller.abort();
  }, [folders, id, user.id, round]);

  const reload = useCallback(() => setRound((before) => before + 1), []);
  return { folders, all, open, problem, reload };
}
