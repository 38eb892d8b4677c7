import type { FastifyError } from 'fastify';
import { redactText } from '../config/redact.ts';
import { type ErrorKind, isQctlError, type QctlError } from '../errors.ts';

/** An error as every route answers it. */
export interface ErrorAnswer {
  type: 'error';
  /** Stable UPPER_SNAKE name. */
  code: string;
  message: string;
  /** What to do about it. */
  hint: string[];
}

/** Something that the caller has done wrong, with the status of HTTP that says so. */
export class HttpError extends Error {
  readonly statusCode: number;
  readonly code: string;
  readonly hint: string[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    statusCode: number,
    code: string,
    message: string,
    more: { hint?: string[]; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
    this.hint = more.hint ?? [];
    this.headers = more.headers ?? {};
  }
}

const OF_KIND: Partial<Record<ErrorKind, number>> = {
  usage: 400,
  refused: 409,
  locked: 409,
  paused: 409,
  auth: 502,
  target: 503,
  source: 503,
};

const NOT_FOUND = new Set([
  'STREAM_MISSING',
  'GROUP_MISSING',
  'REDIS_NOGROUP',
  'RUN_NOT_FOUND',
  'BREAKER_UNKNOWN',
]);

/** Status, headers and body that tell of an error: never a stack, nothing secret, and of a bug only that there is one. */
export function toAnswer(error: unknown): {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: ErrorAnswer;
  /** Somebody has to look at the program. */
  bug: boolean;
} {
  if (error instanceof HttpError)
    return { status: error.statusCode, headers: error.headers, body: bodyOf(error), bug: false };
  if (isQctlError(error)) return { status: statusOf(error), headers: {}, body: bodyOf(error), bug: false };
  const { statusCode, code = 'REQUEST_INVALID', message } = error as FastifyError;
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return { status: statusCode, headers: {}, body: bodyOf({ code, message, hint: [] }), bug: false };
  const hint = ['what it was stands in what qctl serve has printed'];
  const body = bodyOf({ code: 'UNEXPECTED', message: 'something unexpected went wrong', hint });
  return { status: 500, headers: {}, body, bug: true };
}

function statusOf({ kind, code }: QctlError): number {
  return NOT_FOUND.has(code) ? 404 : (OF_KIND[kind] ?? 500);
}

function bodyOf({ code, message, hint }: Pick<QctlError, 'code' | 'message' | 'hint'>): ErrorAnswer {
  return { type: 'error', code, message: redactText(message), hint: hint.map(redactText) };
}
