/**
 * The secret of a link that the hub made: of an invitation, or one that sets a password or confirms an address. It stands
 * behind the '#', is taken out of the address bar at once, and lives in this page only.
 */
const kPages = new Set(['/register', '/reset', '/confirm']);

let taken: { page: string; token: string } | null = null;

export function takeLinkToken(): void {
  const token = location.hash.slice(1);
  if (token === '' || !kPages.has(location.pathname)) return;
  taken = { page: location.pathname, token };
  history.replaceState(null, '', location.pathname + location.search);
}

export const linkToken = (page: '/register' | '/reset' | '/confirm'): string | null => (taken?.page === page ? taken.token : null);
