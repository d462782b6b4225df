import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { AppContext } from './app_context';
import { Documents } from './lib/documents';
import { kSessionKey, Session, type SessionStorageArea } from './lib/session';
import { takeLinkToken } from './link_token';
import { takeOAuthReturn } from './oauth_return';
import { startRouter } from './router';
import { takeSetupToken } from './setup_token';

/** The browser's storage, or the page's memory where the browser refuses it: then a session ends with its page. */
function storageArea(area: () => Storage): SessionStorageArea {
  try {
    area().getItem(kSessionKey);
    return area();
  } catch {
    const memory = new Map<string, string>();
    return {
      getItem: (key) => memory.get(key) ?? null,
      setItem: (key, value) => void memory.set(key, value),
      removeItem: (key) => void memory.delete(key),
    };
  }
}

takeSetupToken();
takeLinkToken();
takeOAuthReturn();
startRouter();

const session = new Session({
  fetch: (input, init) => fetch(input, init),
  storage: storageArea(() => localStorage),
  handover: storageArea(() => sessionStorage),
  locks: navigator.locks,
  channel: new BroadcastChannel('concord.session'),
});
addEventListener('storage', (event) => {
  // Somebody else signed in in another tab: nothing of the first person may stay on the screen.
  if ((event.key === kSessionKey || event.key === null) && session.rememberedChanged()) location.reload();
});
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') session.wake();
});
addEventListener('online', () => session.wake());
addEventListener('pagehide', () => session.handOver());
addEventListener('pageshow', () => session.takeHandover());
session.start();

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <AppContext value={{ session, documents: new Documents(session) }}>
      <App />
    </AppContext>
  </StrictMode>,
);
