export { sqsNow } from './clock.ts';
export { connectSqs, type SqsConnection } from './connect.ts';
export { isGone, isRetryableSqs, isThrottle, toSqsError } from './errors.ts';
export { type QueueFacts, queueFacts } from './facts.ts';
export { type SqsOptions, sqsLabel } from './options.ts';
export { missingQueueRights } from './rights.ts';
