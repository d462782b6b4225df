import { Store } from './lib/store';

/**
 * The app's addresses. Kept apart from the hub's API, whose routes begin with /auth and /documents:
 *   /            the documents
 *   /d/<id>      one document
 *   /account     one's own account
 *   /sign-in, /register, /forgot
 *   /reset, /confirm   what links of the hub lead to
 *   /link#<secret>     what was shared by a link
 */
export type Route =
  | { page: 'documents' }
  | { page: 'document'; id: string }
  | { page: 'account' }
  | { page: 'sign_in' }
  | { page: 'register' }
  | { page: 'forgot' }
  | { page: 'reset' }
  | { page: 'confirm' }
  | { page: 'link' }
  | { page: 'nowhere' };

const kDocument = /^\/d\/(doc_[0-9a-z]{1,64})\/?$/;

export function parseRoute(path: string): Route {
  if (path === '/' || path === '') return { page: 'documents' };
  if (path === '/account') return { page: 'account' };
  if (path === '/sign-in') return { page: 'sign_in' };
  if (path === '/register') return { page: 'register' };
  if (path === '/forgot') return { page: 'forgot' };
  if (path === '/reset') return { page: 'reset' };
  if (path === '/confirm') return { page: 'confirm' };
  if (path === '/link') return { page: 'link' };
  const id = kDocument.exec(path)?.[1];
  return id ? { page: 'document', id } : { page: 'nowhere' };
}

export const documentPath = (id: string): string => `/d/${id}`;
export const linkPath = (secret: string): string => `/link#${secret}`;

export const route = new Store<Route>({ page: 'documents' });

export function startRouter(): void {
  const look = () => route.set(parseRoute(location.pathname));
  addEventListener('popstate', look);
  look();
}

export function navigate(path: string, options: { replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, '', path);
  else history.pushState(null, '', path);
  route.set(parseRoute(location.pathname));
  scrollTo(0, 0);
}
