const kScheme = /^[a-z][a-z0-9+.-]*:/i;
const kHostAndPort = /^[^/:]+:\d+(?:[/?#]|$)/;
const kOpenable = /^(https?|mailto|tel|sms):/i;
const kEmail = /^[^\s@/]+@[^\s@/]+\.[^\s@/]+$/;

/** The address for a link that somebody typed; null when it is none that may be opened. */
export function linkAddress(text: string): string | null {
  const trimmed = text.trim();
  if (!trimmed || /\s/.test(trimmed)) return null;
  if (kScheme.test(trimmed) && !kHostAndPort.test(trimmed)) return kOpenable.test(trimmed) ? trimmed : null;
  if (kEmail.test(trimmed)) return `mailto:${trimmed}`;
  if (trimmed.startsWith('/') || trimmed.startsWith('#')) return trimmed;
  return `https://${trimmed}`;
}
