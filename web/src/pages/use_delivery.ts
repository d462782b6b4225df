import { useEffect, useState } from 'react';
import { useApp, useUser } from '../app_context';
import { openOutbox } from '../sign_out';

/** Sends what earlier pages could not, and tells which documents still have something waiting here. */
export function useDelivery(): { waiting: ReadonlySet<string>; refused: string[]; discard: () => void } {
  const { session } = useApp();
  const user = useUser();
  const [waiting, setWaiting] = useState<ReadonlySet<string>>(new Set());
  const [refused, setRefused] = useState<string[]>([]);

  useEffect(() => {
    const controller = new AbortController();
    void (async () => {
      const outbox = await openOutbox(user.id);
      if (!outbox) return;
      try {
        const found = await outbox.documents();
        if (found.length === 0 || controller.signal.aborted) return;
        setWaiting(new Set(found));
        const { deliverKept } = await import('../live/delivery');
        const result = await deliverKept(session, user, outbox, controller.signal);
        if (controller.signal.aborted) return;
        setWaiting(new Set(await outbox.documents()));
        setRefused(result.refused);
      } finally {
        outbox.close();
      }
    })().catch((error: unknown) => console.error('Kept changes were not sent', error));
    return () => controller.abort();
  }, [session, user]);

  const discard = () => void (async () => {
    const outbox = await openOutbox(user.id);
    if (!outbox) return;
    for (const id of refused) await outbox.remove((await outbox.load(id)).map((change) => change.key));
    outbox.close();
    setRefused([]);
    setWaiting((before) => new Set([...before].filter((id) => !refused.includes(id))));
  })();
  return { waiting, refused, discard };
}
