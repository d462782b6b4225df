import { useCallback, useEffect, useRef, useState } from 'react';
import { useApp, useUser } from '../app_context';
import { standingOf, type DocumentInfo } from '../lib/documents';
import { asProblem, type Problem } from '../lib/problem';
import { DocumentSession } from '../live/document_session';
import type { Outbox } from '../live/outbox';
import { openOutbox } from '../sign_out';

const kRetryMs = 3_000;
const kLookAgainMs = 1_500;
/** The hub may turn a session away that it says is allowed; after this many times it is believed. */
const kMaxRestarts = 3;

export type Fate =
  | { kind: 'loading'; problem: Problem | null }
  | { kind: 'here' }
  /** Deleted, or not shared with this person (any more). */
  | { kind: 'gone' }
  | { kind: 'failed'; problem: Problem };

export interface OpenDocument {
  fate: Fate;
  info: DocumentInfo | null;
  live: DocumentSession | null;
  /** Access changed while the document was open. */
  accessChanged: boolean;
  /** The hub keeps closing over what is unsent here. */
  refused: boolean;
  outbox: Outbox | null;
  setName: (name: string) => void;
  lookAgain: () => void;
  /** Leaves everything unsent here behind and opens the document afresh. */
  startOver: () => void;
  acknowledgeAccess: () => void;
}

/** A document's description and its live session, kept right while access, connection and document change. */
export function useDocument(id: string): OpenDocument {
  const { documents, session } = useApp();
  const user = useUser();
  const [info, setInfo] = useState<DocumentInfo | null>(null);
  const [fate, setFate] = useState<Fate>({ kind: 'loading', problem: null });
  const [outbox, setOutbox] = useState<Outbox | null | undefined>(undefined);
  const [live, setLive] = useState<DocumentSession | null>(null);
  const [epoch, setEpoch] = useState(0);
  const [accessChanged, setAccessChanged] = useState(false);
  const [refused, setRefused] = useState(false);
  const restarts = useRef(0);
  /** What the session before put into the outbox is there. */
  const keeping = useRef<Promise<void>>(Promise.resolve());
  const latest = useRef<DocumentInfo | null>(null);
  const lastLook = useRef(0);

  /** Reads the description; tells what became of the document. */
  const read = useCallback(async (signal?: AbortSignal): Promise<'here' | 'gone' | Problem> => {
    try {
      const found = await documents.read(id, signal);
      if (latest.current && standingOf(latest.current.access_level) !== standingOf(found.access_level)) setAccessChanged(true);
      latest.current = found;
      setInfo(found);
      setFate({ kind: 'here' });
      return 'here';
    } catch (error) {
      const problem = asProblem(error);
      if (problem.status === 404 || problem.status === 403) {
        setFate({ kind: 'gone' });
        return 'gone';
      }
      return problem;
    }
  }, [documents, id]);

  useEffect(() => {
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const attempt = async () => {
      const result = await read(controller.signal);
      if (controller.signal.aborted || result === 'here' || result === 'gone') return;
      if (!result.retryable) { setFate({ kind: 'failed', problem: result }); return; }
      setFate({ kind: 'loading', problem: result });
      timer = setTimeout(() => void attempt(), kRetryMs);
    };
    void attempt();
    return () => { controller.abort(); clearTimeout(timer); };
  }, [read]);

  const standing = info ? standingOf(info.access_level) : null;
  useEffect(() => {
    if (standing === null || outbox === undefined) return;
    const made = new DocumentSession({ documentId: id, user, session, outbox, level: standing, present: true });
    setLive(made);
    void made.start();
    const leave = () => made.flush();
    const wake = () => {
      const visible = document.visibilityState === 'visible';
      made.watch(!visible);
      if (visible) made.nudge();
      else leave();
    };
    // Where the browser keeps nothing, leaving would lose what is not saved: let it ask.
    const ask = (event: BeforeUnloadEvent) => {
      const { unsaved, kept } = made.state.get();
      if (unsaved && kept === 'unavailable') event.preventDefault();
    };
    addEventListener('online', wake);
    addEventListener('beforeunload', ask);
    addEventListener('pagehide', leave);
    document.addEventListener('visibilitychange', wake);
    return () => {
      removeEventListener('online', wake);
      removeEventListener('beforeunload', ask);
      removeEventListener('pagehide', leave);
      document.removeEventListener('visibilitychange', wake);
      setLive(null);
      made.destroy();
      keeping.current = made.settled();
    };
  }, [id, user, session, outbox, standing, epoch]);

  // After the above, so that what a session wrote last is kept before the outbox is closed.
  useEffect(() => {
    let current = true;
    let opened: Outbox | null = null;
    void openOutbox(user.id).then((box) => {
      opened = box;
      if (current) setOutbox(box);
      else box?.close();
    });
    return () => {
      current = false;
      void keeping.current.then(() => opened?.close());
    };
  }, [user.id]);

  const lookAgain = useCallback(() => {
    if (Date.now() - lastLook.current < kLookAgainMs) return;
    lastLook.current = Date.now();
    void read();
  }, [read]);

  // The hub turned the session away: find out why from the description.
  useEffect(() => {
    if (!live) return;
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      const before = latest.current?.access_level;
      const result = await read();
      if (result === 'gone') return;
      if (result !== 'here') { timer = setTimeout(() => void ask(), kRetryMs); return; }
      const after = latest.current?.access_level;
      if (before && after && standingOf(before) !== standingOf(after)) return;
      if (restarts.current++ < kMaxRestarts) setEpoch((count) => count + 1);
      else if (live.state.get().unsaved) setRefused(true); // what was made here is more than the hub takes from this person
      else setFate({ kind: 'gone' });
    };
    const look = () => {
      const { stopped, save } = live.state.get();
      if (save === 'saved') restarts.current = 0;
      if (stopped === 'forbidden' || stopped === 'not_found') void ask();
    };
    const releases = [live.state.subscribe(look), live.renamed.subscribe(lookAgain), live.access.subscribe(() => void read())];
    look();
    return () => { clearTimeout(timer); for (const release of releases) release(); };
  }, [live, read, lookAgain]);

  useEffect(() => {
    const look = () => { if (document.visibilityState === 'visible' && latest.current) lookAgain(); };
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [lookAgain]);

  const startOver = useCallback(() => {
    void (async () => {
      live?.destroy();
      await live?.settled();
      if (outbox) await outbox.remove((await outbox.load(id)).map((change) => change.key));
      restarts.current = 0;
      setRefused(false);
      setEpoch((count) => count + 1);
    })();
  }, [live, outbox, id]);

  const setName = useCallback((name: string) => {
    setInfo((before) => {
      const next = before ? { ...before, name } : before;
      latest.current = next;
      return next;
    });
    live?.announceRename();
  }, [live]);

  return {
    fate, info, live, accessChanged, refused, outbox: outbox ?? null, setName, lookAgain, startOver,
    acknowledgeAccess: useCallback(() => setAccessChanged(false), []),
  };
}
