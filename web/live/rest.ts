import { useEffect, useState } from 'preact/hooks';
import { useStore } from '../lib/store.ts';
import { live } from './connection.ts';

/** What a question to the server has given so far. */
export interface Answer<T> {
  /** The newest; stays while the next is fetched, and when that fails. */
  data: T | null;
  /** Why the newest attempt has failed; null where it did not. */
  error: string | null;
}

/** What an action has come to. */
export class RequestError extends Error {
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Asks, and again each `everyMs` while the connection is there and somebody looks. `path` null: nothing is asked. */
export function useRest<T>(path: string | null, everyMs: number | null = null): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T> & { path: string | null }>({ ...EMPTY, path });
  const { link } = useStore(live);
  const there = link === 'live';
  useEffect(() => {
    if (path === null || !there) return undefined;
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      if (!document.hidden) {
        const next = await fetchJson<T>(path, ending.signal).then(
          (data) => ({ data, error: null }),
          (error: Error) => ({ data: null, error: error.message }),
        );
        if (ending.signal.aborted) return;
        setAnswer((prior) => ({
          path,
          error: next.error,
          data: next.data ?? (prior.path === path ? prior.data : null),
        }));
      }
      if (everyMs !== null) timer = setTimeout(() => void ask(), everyMs);
    };
    void ask();
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, there]);
  return answer.path === path ? answer : EMPTY;
}

const EMPTY = { data: null, error: null };

/** Throws {@link RequestError} with what the server says. */
export async function fetchJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return answered(await fetch(path, { signal, headers: { accept: 'application/json' } }));
}

/** Sends an action. Throws {@link RequestError}. */
export async function postJson<T>(path: string, body: unknown, csrfToken?: string): Promise<T> {
  const headers: Record<string, string> = { 'content-type': 'application/json', accept: 'application/json' };
  if (csrfToken) headers['x-csrf-token'] = csrfToken;
  return answered(await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }));
}

async function answered<T>(response: Response): Promise<T> {
  const text = await response.text();
  const body = parsed(text);
  if (response.ok) return body as T;
  throw new RequestError(sayWhy(body) ?? `the server answers ${response.status}`, response.status);
}

function parsed(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function sayWhy(body: unknown): string | null {
  const { message, hint } = (body ?? {}) as { message?: unknown; hint?: unknown };
  if (typeof message !== 'string') return null;
  const hints = Array.isArray(hint) ? hint.filter((one) => typeof one === 'string') : [];
  return [message, ...hints].join('; ');
}
