/**
 * One error shape for everything that goes wrong between the page and the hub.
 *
 * The hub answers errors as RFC 9457 problem details (`application/problem+json`). What never reached the hub gets
 * status 0 and code `unreachable`.
 */
export class Problem extends Error {
  constructor(
    /** HTTP status, or 0 when there was no answer. */
    readonly status: number,
    /** Stable code of the problem, for example `conflict`. */
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    /** The member of the request that was refused, when there is one. */
    readonly field: string | null = null,
    /** The request's id in the hub's logs. */
    readonly instance: string | null = null,
    /** Why, where the code alone does not say: a word for programs. */
    readonly reason: string | null = null,
  ) {
    super(detail || title);
    this.name = 'Problem';
  }

  /**
   * What to tell a person. The hub's titles are the names of HTTP statuses, which tell them nothing where there is a
   * detail; what this page found out itself has a title worth reading.
   */
  get words(): { heading: string; detail: string } {
    if (this.status >= 400 && this.detail) return { heading: sentence(this.detail), detail: '' };
    return { heading: this.title, detail: this.detail };
  }

  get unreachable(): boolean {
    return this.status === 0;
  }

  /** Whether the same request may succeed later without anyone changing anything. */
  get retryable(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** With a capital at its start. */
export function sentence(words: string): string {
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Reads the problem out of a response that was not successful. Never throws. */
export async function problemFrom(response: Response): Promise<Problem> {
  let body: Record<string, unknown> = {};
  try {
    const parsed: unknown = await response.json();
    if (parsed !== null && typeof parsed === 'object') body = parsed as Record<string, unknown>;
  } catch {
    // Not JSON: a proxy's page, perhaps. The status has to do.
  }
  const title = text(body['title']) || response.statusText || `Error ${response.status}`;
  return new Problem(
    response.status,
    text(body['code']) || String(response.status),
    title,
    text(body['detail']),
    text(body['field']) || null,
    text(body['instance']) || null,
    text(body['reason']) || null,
  );
}

export function unreachable(cause?: unknown): Problem {
  const problem = new Problem(0, 'unreachable', 'Can’t reach the hub', 'Check the connection, then try again.');
  problem.cause = cause;
  return problem;
}

/** Turns whatever was thrown into a Problem, so that a page has one thing to show. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Problem(-1, 'unexpected', 'Something went wrong', message);
}
