export { openSqsAccount, type SqsAccount } from './account.ts';
export { sqsNow } from './clock.ts';
export { connectSqs, type SqsConnection } from './connect.ts';
export { deadLetterSources, queueName, queueUrlOf } from './dead-letters.ts';
export { isGone, isRetryableSqs, isThrottle, toSqsError } from './errors.ts';
export { type QueueFacts, queueFacts } from './facts.ts';
export { listQueues } from './list.ts';
export { type SqsAccountOptions, type SqsOptions, sqsLabel } from './options.ts';
export { isDenial, maySend, missingQueueRights } from './rights.ts';
