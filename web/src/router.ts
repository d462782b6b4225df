import { Store } from './lib/store';

/**
 * The app's addresses. Kept apart from the hub's API, whose routes begin with /auth and /documents:
 *   /            the documents
 *   /d/<id>      one document
 *   /f/<id>      one folder
 *   /account     one's own account
 *   /people      who is on the hub, for admins
 *   /people/audit   what was done on the hub, for admins
 *   /people/groups, /people/groups/<id>   groups, one of them
 *   /sign-in, /register, /forgot
 *   /reset, /confirm   what links of the hub lead to
 *   /link#<secret>     what was shared by a link
 */
export type Route =
  | { page: 'documents' }
  | { page: 'document'; id: string }
  | { page: 'folder'; id: string }
  | { page: 'account' }
  | { page: 'people' }
  | { page: 'audit' }
  | { page: 'groups'; id: string | null }
  | { page: 'sign_in' }
  | { page: 'register' }
  | { page: 'forgot' }
  | { page: 'reset' }
  | { page: 'confirm' }
  | { page: 'link' }
  | { page: 'nowhere' };

const kFolder = /^\/f\/(fld_[0-9a-z]{1,64})\/?$/;
const kGroup = /^\/people\/groups(?:\/(grp_[0-9a-z]{1,64}))?\/?$/;
export const kAuditPath = '/people/audit';
const kDocument = /^\/d\/(doc_[0-9a-z]{1,64})\/?$/;

export function parseRoute(path: string): Route {
  if (path === '/' || path === '') return { page: 'documents' };
  if (path === '/account') return { page: 'account' };
  if (path === '/people') return { page: 'people' };
  if (path === kAuditPath) return { page: 'audit' };
  if (path === '/sign-in') return { page: 'sign_in' };
  if (path === '/register') return { page: 'register' };
  if (path === '/forgot') return { page: 'forgot' };
  if (path === '/reset') return { page: 'reset' };
  if (path === '/confirm') return { page: 'confirm' };
  if (path === '/link') return { page: 'link' };
  const group = kGroup.exec(path);
  if (group) return { page: 'groups', id: group[1] ?? null };
  const folder = kFolder.exec(path)?.[1];
  if (folder) return { page: 'folder', id: folder };
  const id = kDocument.exec(path)?.[1];
  return id ? { page: 'document', id } : { page: 'nowhere' };
}

export const documentPath = (id: string): string => `/d/${id}`;
export const kGroupsPath = '/people/groups';
export const groupPath = (id: string): string => `${kGroupsPath}/${id}`;
export const folderPath = (id: string): string => `/f/${id}`;
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
