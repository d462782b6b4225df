/**
 * The one-time token that makes the first account of a hub which others can reach. The hub prints a link with
 * ?setup=<token>; the token is taken out of the address bar at once and lives in this page only.
 */
let token: string | null = null;

export function takeSetupToken(): void {
  const url = new URL(location.href);
  token = url.searchParams.get('setup');
  if (token === null) return;
  url.searchParams.delete('setup');
  history.replaceState(null, '', url.pathname + url.search + url.hash);
}

export const setupToken = (): string | null => token;
