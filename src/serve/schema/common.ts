import { anything, list, maybe, maybeText, maybeTime, object, oneOf, type Schema, text } from './types.ts';

const ERROR = object({ type: oneOf('error'), code: text, message: text, hint: list(text) });

const WHY: Record<number, string> = {
  400: 'what was sent cannot be meant',
  401: 'nobody has logged in',
  403: 'not allowed: from another page, without the token of actions, or actions are off',
  404: 'there is no such thing',
  409: 'refused as things stand',
  429: 'too many failed attempts from this address',
  503: 'Redis does not answer',
};

/** The answers that tell of errors. */
export function errors(...codes: number[]): Record<number, Schema> {
  return Object.fromEntries(codes.map((code) => [code, { ...ERROR, description: WHY[code] }]));
}

/** The answer where all is well. */
export function okOf(schema: object): Schema {
  return { description: 'as things stand', ...schema };
}

export const SESSION = object({
  user: maybeText,
  via: oneOf('none', 'session', 'token', 'basic'),
  actions: maybe(object({ csrfToken: text })),
});

export const CREDENTIALS: Schema = {
  ...{ type: 'object', description: 'the token, or user and password' },
  properties: Object.fromEntries(
    ['token', 'user', 'password'].map((name) => [name, { type: 'string', maxLength: 1024 }]),
  ),
};

export const NOTHING: Schema = { type: 'null', description: 'done' };

export const HEALTH = object({
  status: oneOf('ok', 'down'),
  redis: maybeText,
  seenAt: maybeTime,
  awaySince: maybeTime,
  why: maybeText,
  version: text,
});

export const BREAKER_HEALTH = object({
  status: {
    ...oneOf('ok', 'degraded', 'open', 'unknown'),
    description: 'degraded: half-open, or held so that calls pass',
  },
  why: maybeText,
  circuitBreakers: { type: 'object', additionalProperties: anything },
});
