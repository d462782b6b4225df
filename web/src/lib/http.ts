import { Problem, problemFrom, unreachable } from './problem';

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  token?: string;
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
  /** Whether the hub knows this browser by its cookie, or shall: only while another service is asked who it is. */
  cookies?: boolean;
}

export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

const kTimeoutMs = 20_000;

/**
 * One request to the hub: JSON both ways. Resolves with the parsed body, or undefined for an answer without one.
 * Rejects with a Problem; with the caller's abort it rejects with the AbortError itself.
 */
export async function callHub<T>(fetchImpl: Fetch, path: string, call: Call = {}): Promise<T> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), call.timeoutMs ?? kTimeoutMs);
  const forward = () => timeout.abort();
  call.signal?.addEventListener('abort', forward);
  try {
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (call.body !== undefined) headers['Content-Type'] = 'application/json';
    if (call.token !== undefined) headers['Authorization'] = `Bearer ${call.token}`;
    const init: RequestInit = {
      method: call.method ?? 'GET',
      headers,
      signal: timeout.signal,
      cache: 'no-store',
      credentials: call.cookies ? 'same-origin' : 'omit',
    };
    if (call.body !== undefined) init.body = JSON.stringify(call.body);
    let response: Response;
    try {
      response = await fetchImpl(path, init);
    } catch (error) {
      if (call.signal?.aborted) throw error;
      throw unreachable(error);
    }
    if (!response.ok) throw await problemFrom(response);
    if (response.status === 204 || response.status === 202) return undefined as T;
    try {
      return (await response.json()) as T;
    } catch (error) {
      if (call.signal?.aborted) throw error;
      throw new Problem(response.status, 'bad_answer', 'Unexpected answer', 'The hub sent an answer that could not be read.');
    }
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener('abort', forward);
  }
}
