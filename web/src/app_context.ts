import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Documents } from './lib/documents';
import type { Session, User } from './lib/session';
import type { Store } from './lib/store';

/** What every page works with; made in main.tsx. */
export interface App {
  session: Session;
  documents: Documents;
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error('useApp outside of the app');
  return app;
}

export const useStore = <T>(store: Store<T>): T => useSyncExternalStore(store.subscribe, store.get);

/** The signed-in user. Only for what is shown when somebody is. */
export function useUser(): User {
  const state = useStore(useApp().session.state);
  if (state.phase !== 'signed_in') throw new Error('useUser while signed out');
  return state.user;
}
