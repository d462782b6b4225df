import { useEffect, useRef, useState } from 'react';
import { useApp, useStore, useUser } from '../app_context';
import type { DocumentSession, Person } from '../live/document_session';

/** Somebody who was at a document, and is not now. */
export interface Seen {
  id: string;
  name: string;
  at: string;
}

/** Others than these are not shown. */
const kMaxSeen = 100;

const newest = (a: Seen, b: Seen): number => b.at.localeCompare(a.at) || a.name.localeCompare(b.name);

/** Who was at a document lately, newest first, without those who are there. The hub is asked when it is `wanted`; null until it has answered. */
export function useSeen(documentId: string, live: DocumentSession, wanted: boolean): readonly Seen[] | null | 'unknown' {
  const { documents } = useApp();
  const user = useUser();
  const people = useStore(live.people);
  const [told, setTold] = useState<readonly Seen[] | null | 'unknown'>(null);
  const [gone, setGone] = useState<readonly Seen[]>([]);
  const before = useRef<readonly Person[]>([]);

  // Who leaves is seen here at once; the hub is told so a moment later.
  useEffect(() => {
    const here = new Set(people.map(({ id }) => id));
    const left = before.current.filter(({ id, self }) => !self && !here.has(id));
    before.current = people;
    if (left.length === 0) return;
    const at = new Date().toISOString();
    setGone((all) => [...left.map(({ id, name }) => ({ id, name, at })), ...all.filter((one) => !left.some(({ id }) => id === one.id))].slice(0, kMaxSeen));
  }, [people]);

  useEffect(() => {
    if (!wanted) return;
    const controller = new AbortController();
    documents.presence(documentId, controller.signal).then(({ clients, seen }) => {
      const there = new Set(clients.map((one) => one.principal));
      setTold(seen.filter((one) => !there.has(one.principal)).map((one) => ({ id: one.principal, name: one.name, at: one.last_seen })));
    }, () => { if (!controller.signal.aborted) setTold((all) => all ?? 'unknown'); });
    return () => controller.abort();
  }, [wanted, documents, documentId]);

  if (told === null || told === 'unknown') return told;
  const here = new Set([user.id, ...people.map(({ id }) => id)]);
  const byPerson = new Map<string, Seen>();
  for (const one of [...told, ...gone]) if (!here.has(one.id) && (byPerson.get(one.id)?.at ?? '') < one.at) byPerson.set(one.id, one);
  return [...byPerson.values()].sort(newest).slice(0, kMaxSeen);
}
