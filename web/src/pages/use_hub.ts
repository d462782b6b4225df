import { useMemo } from 'react';
import { useApp } from '../app_context';
import { Groups } from '../lib/groups';
import { People } from '../lib/people';
import { Sharing } from '../lib/sharing';

/** What whoever is signed in asks the hub about its people. */
export function usePeople(): People {
  const { session } = useApp();
  return useMemo(() => new People(session), [session]);
}

export function useGroups(): Groups {
  const { session } = useApp();
  return useMemo(() => new Groups(session), [session]);
}

export function useSharing(): Sharing {
  const { session } = useApp();
  return useMemo(() => new Sharing(session), [session]);
}
