import { useEffect, useState } from 'react';
import * as Y from 'yjs';
import { useStore } from '../app_context';
import { copyText } from '../lib/clipboard';
import type { Standing } from '../lib/documents';
import { kContent } from '../live/content';
import type { DocumentSession, LiveState } from '../live/document_session';
import { maySend, type Outbox } from '../live/outbox';
import { navigate } from '../router';
import { Banner, EmptyState } from '../ui/bits';
import { Button } from '../ui/button';
import { toastDone } from '../ui/toasts';

async function copyDocument(doc: Y.Doc): Promise<void> {
  if (await copyText(doc.getText(kContent).toString())) toastDone('Text copied');
}

function offlineWords(state: LiveState): string {
  if (state.kept === 'unavailable') {
    return state.unsaved
      ? 'Offline — keep this page open: changes will be sent, but this browser does not let them be kept.'
      : 'Offline — changes will be sent if this page stays open.';
  }
  return 'Offline — changes are kept on this device and will be sent.';
}

/** What a person must know about the connection; nothing while all is well. */
export function ConnectionNotice({ live, readOnly, refused, onDiscard }: { live: DocumentSession; readOnly: boolean; refused: boolean; onDiscard: () => void }) {
  const state = useStore(live.state);
  if (state.stopped === 'refused' || refused) {
    return (
      <Banner
        tone="danger" icon="warn" testId="refused-notice"
        actions={<>
          <Button onClick={() => void copyDocument(live.doc)} icon="copy">Copy the text</Button>
          <Button onClick={() => live.retry()}>Try again</Button>
          <Button onClick={onDiscard} look="danger">Discard my changes</Button>
        </>}
      >
        The hub does not take your last changes, so they are not saved.{state.detail ? ` It says: ${state.detail}` : ''}
      </Banner>
    );
  }
  if (state.save !== 'offline' || state.stopped) return null;
  return (
    <Banner floating icon="cloudOff" testId="offline-notice" actions={<Button onClick={() => live.nudge()}>Try now</Button>}>
      {readOnly ? 'Offline — you see the document as it was.' : offlineWords(state)}
    </Banner>
  );
}

const kStandings: Record<Standing, string> = {
  read: 'you can read this document, but not change it.',
  comment: 'you can read this document and comment on it, but not edit it.',
  suggest: 'you can comment on this document and suggest changes, but not edit it.',
  write: 'you can edit this document now.',
};

/** What one may do with the document changed while it was open. */
export function AccessNotice({ standing, onClose }: { standing: Standing; onClose: () => void }) {
  const writes = standing === 'write';
  return (
    <Banner icon={writes ? 'pencil' : 'eye'} tone={writes ? 'neutral' : 'warn'} testId="access-notice" actions={<Button onClick={onClose}>All right</Button>}>
      Your access changed: {kStandings[standing]}
    </Banner>
  );
}

/** Changes made here while more was allowed, which can no longer be sent because it is not. */
export function StrandedChanges({ live, documentId, outbox, standing }: { live: DocumentSession; documentId: string; outbox: Outbox; standing: Standing }) {
  const [found, setFound] = useState<Uint8Array[]>([]);
  const [keys, setKeys] = useState<number[]>([]);
  useEffect(() => {
    let current = true;
    outbox.load(documentId).then((all) => {
      if (!current) return;
      const changes = all.filter((change) => !maySend(standing, change));
      setFound(changes.map((change) => change.update));
      setKeys(changes.map((change) => change.key));
    }, () => {});
    return () => { current = false; };
  }, [outbox, documentId, standing]);
  if (found.length === 0) return null;

  const copy = () => {
    const scratch = new Y.Doc();
    Y.applyUpdate(scratch, Y.encodeStateAsUpdate(live.doc));
    for (const update of found) Y.applyUpdate(scratch, update);
    void copyDocument(scratch).finally(() => scratch.destroy());
  };
  const discard = () => void outbox.remove(keys).then(() => setFound([]));
  return (
    <Banner
      icon="warn" testId="stranded-notice"
      actions={<><Button onClick={copy} icon="copy">Copy the text with them</Button><Button onClick={discard}>Discard them</Button></>}
    >
      Changes you made on this device were never sent, and you may no longer make them.
    </Banner>
  );
}

export function Gone({ live }: { live: DocumentSession | null }) {
  return (
    <main className="flex flex-1 items-center justify-center">
      <EmptyState
        icon="page" title="This document isn’t here" testId="document-gone"
        actions={<>
          <Button look="primary" onClick={() => navigate('/')}>To your documents</Button>
          {live ? <CopyUnsent live={live} /> : null}
        </>}
      >
        It was deleted, or it is not shared with you.
      </EmptyState>
    </main>
  );
}

function CopyUnsent({ live }: { live: DocumentSession }) {
  const { unsaved } = useStore(live.state);
  if (!unsaved) return null;
  return <Button icon="copy" onClick={() => void copyDocument(live.doc)}>Copy your unsent text</Button>;
}
