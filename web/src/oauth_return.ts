/**
 * What a sign-in by another service came back with: a ticket that this page claims, or why there is none. It stands
 * behind the '#', is taken out of the address bar at once, and lives in this page only.
 */
export interface OAuthReturn {
  ticket: string | null;
  problem: string | null;
}

type Page = '/sign-in' | '/account';

let taken: (OAuthReturn & { page: string }) | null = null;

export function takeOAuthReturn(): void {
  const found = /^#oauth(-problem)?=([\w-]{1,64})$/.exec(location.hash);
  if (!found || (location.pathname !== '/sign-in' && location.pathname !== '/account')) return;
  const [, problem, value] = found;
  taken = { page: location.pathname, ticket: problem ? null : value!, problem: problem ? value! : null };
  history.replaceState(null, '', location.pathname + location.search);
}

/** Once: a ticket works once. */
export function claimOAuthReturn(page: Page): OAuthReturn | null {
  if (taken?.page !== page) return null;
  const back = taken;
  taken = null;
  return back;
}

export const hasOAuthTicket = (page: Page): boolean => taken?.page === page && taken.ticket !== null;
