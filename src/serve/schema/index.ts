/** Shapes of answers, for OpenAPI and for those answers that Fastify writes. */

export { ACTED, BREAKER_ACTION, CUTOVER_ACTION, RUN_ACTION } from './actions.ts';
export { BREAKER_HEALTH, CREDENTIALS, errors, HEALTH, NOTHING, okOf, SESSION } from './common.ts';
export { LETTER, LETTERS, PENDING, SERIES, STREAM } from './details.ts';
export { LOOKS, lookOf, WHOLE } from './look.ts';
export { oneOf, text } from './types.ts';
