import { useCallback, useEffect, useRef, useState } from 'react';
import { useApp, useUser } from '../app_context';
import type { DocumentInfo } from '../lib/documents';
import { asProblem, type Problem } from '../lib/problem';

const kPageSize = 50;

export interface Listing {
  documents: DocumentInfo[];
  next: string | null;
  loading: boolean;
  loaded: boolean;
  problem: Problem | null;
}

const kEmpty: Listing = { documents: [], next: null, loading: false, loaded: false, problem: null };

/** The last listing, shown at once when the page is opened again while a fresh one is fetched. */
let remembered: { user: string; folder: string | null; listing: Listing } | null = null;

/** The documents that lie in a folder, or for null all that one may see; the newest change first. */
export function useListing(folder: string | null) {
  const { documents } = useApp();
  const user = useUser();
  const known = remembered?.user === user.id && remembered.folder === folder ? remembered.listing : kEmpty;
  const [listing, setListing] = useState<Listing>(known);
  const current = useRef<AbortController | null>(null);

  const load = useCallback(async (after: string | null) => {
    current.current?.abort();
    const controller = (current.current = new AbortController());
    setListing((before) => ({ ...before, loading: true, problem: null }));
    try {
      const page = await documents.list(after, kPageSize, folder, controller.signal);
      if (controller.signal.aborted) return;
      setListing((before) => {
        const earlier = after === null ? [] : before.documents;
        const seen = new Set(earlier.map((document) => document.id));
        const all = [...earlier, ...page.documents.filter((document) => !seen.has(document.id))];
        return { documents: all, next: page.next, loading: false, loaded: true, problem: null };
      });
    } catch (error) {
      if (!controller.signal.aborted) setListing((before) => ({ ...before, loading: false, problem: asProblem(error) }));
    }
  }, [documents, folder]);

  useEffect(() => {
    void load(null);
    return () => current.current?.abort();
  }, [load]);
  useEffect(() => {
    if (listing.loaded) remembered = { user: user.id, folder, listing: { ...listing, loading: false } };
  }, [listing, user.id, folder]);

  const change = useCallback((edit: (all: DocumentInfo[]) => DocumentInfo[]) => {
    setListing((before) => ({ ...before, documents: edit(before.documents) }));
  }, []);
  return { listing, load, change };
}
