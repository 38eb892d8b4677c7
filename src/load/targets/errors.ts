import { QctlError } from '../../errors.ts';

/** What a backend says of itself as the source of a drain, said of the target of a load run. */
export function ofTarget(error: QctlError): QctlError {
  if (error.kind !== 'source') return error;
  const { message, code, hint, details, cause } = error;
  return new QctlError('target', message, { code, hint, details, cause });
}

/** What is told of messages that were open when their producer was closed. */
export function producerClosed(): QctlError {
  return new QctlError('target', 'the run ended before it was confirmed', {
    code: 'LOAD_UNCONFIRMED',
    hint: ['it may have arrived all the same: the target did not say'],
  });
}

/** What a consumer says after it was killed or closed. */
export function consumerEnded(): QctlError {
  return new QctlError('target', 'the consumer has ended', {
    code: 'LOAD_CONSUMER_ENDED',
    hint: ['nothing is to be done: it was closed with its run'],
  });
}
