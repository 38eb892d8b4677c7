import { explainReply, replyCode } from '../../../backends/redis/errors.ts';

/** What a call gives; where it fails, the reason as a short clause in place of what the client library says. */
export async function explained<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    throw explanation(cause);
  }
}

/** The same for one error. */
export function explanation(cause: unknown): Error {
  return new Error(reasonOf(cause), { cause });
}

function reasonOf(error: unknown): string {
  // The group was made before the first message.
  if (replyCode(error) === 'NOGROUP')
    return 'the stream and its group are gone: has the server lost its data?';
  return explainReply(error);
}
