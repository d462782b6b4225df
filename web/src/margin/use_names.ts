import { useCallback, useEffect, useMemo, useState } from 'react';
import { useApp, useStore, useUser } from '../app_context';
import type { DocumentInfo } from '../lib/documents';
import { strangerName, type Named } from '../lib/names';
import { displayName } from '../lib/person';
import { isVisitor } from '../lib/visitor';
import type { DocumentSession } from '../live/document_session';
import { useGroups, useSharing } from '../pages/use_hub';

/** Whose members are asked for, at most. */
const kGroups = 10;

export interface Names {
  nameOf: (id: string) => string;
  /** Who may be mentioned: people who have the document, oneself left out. */
  people: readonly Named[];
}

/** Who is who at a document: as the hub says, and for whom it says nothing, as they call themselves. Asks the hub once `wanted`. */
export function useNames(info: DocumentInfo, live: DocumentSession, wanted: boolean, authors: readonly string[]): Names {
  const user = useUser();
  const sharing = useSharing();
  const groups = useGroups();
  const [told, setTold] = useState<readonly Named[]>([]);
  const present = useStore(live.people);
  const asks = wanted && !isVisitor(user);
  const { id, owner, owner_name: ownerName } = info;

  useEffect(() => {
    if (!asks) return;
    const controller = new AbortController();
    const ask = async () => {
      const { shares, inherited } = await sharing.list(id, controller.signal);
      const all = [...shares, ...inherited];
      const found: Named[] = all.filter((one) => one.kind === 'user').map((one) => ({ id: one.principal, name: displayName(one) }));
      setTold(found);
      const ids = [...new Set(all.filter((one) => one.kind === 'group').map((one) => one.principal))].slice(0, kGroups);
      const members = await Promise.all(ids.map((group) => groups.read(group, controller.signal).then((read) => read.people, () => [])));
      if (!controller.signal.aborted) setTold([...found, ...members.flat().map((one) => ({ id: one.id, name: displayName(one) }))]);
    };
    // Names are an addition: without them the comments are there all the same.
    ask().catch(() => {});
    return () => controller.abort();
  }, [asks, id, sharing, groups]);

  const known = useMemo(() => {
    const names = new Map<string, string>();
    for (const person of present) if (person.id.startsWith('usr_')) names.set(person.id, person.name);
    if (ownerName) names.set(owner, ownerName);
    for (const person of told) names.set(person.id, person.name);
    names.set(user.id, displayName(user));
    return names;
  }, [present, told, user, owner, ownerName]);

  // Whom the lists above do not name, because a group or everybody may see the document: the hub says who wrote what.
  const { documents } = useApp();
  const [signed, setSigned] = useState<ReadonlyMap<string, string>>(new Map());
  const strangers = authors.filter((who) => !known.has(who)).join(' ');
  useEffect(() => {
    if (!wanted || !strangers) return;
    const controller = new AbortController();
    documents.authors(id, controller.signal).then((found) => setSigned(new Map(found.map((one) => [one.id, one.name]))), () => {});
    return () => controller.abort();
  }, [wanted, strangers, documents, id]);

  const nameOf = useCallback((who: string) => known.get(who) ?? signed.get(who) ?? strangerName(who), [known, signed]);
  const people = useMemo(() => [...known].filter(([who]) => who !== user.id && who.startsWith('usr_')).map(([who, name]) => ({ id: who, name })), [known, user.id]);
  return { nameOf, people };
}
