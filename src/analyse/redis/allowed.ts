import { replyCode } from '../../backends/redis/index.ts';
import { isQctlError } from '../../errors.ts';

/** Null where this user may not look; every other error passes on. */
export async function unlessDenied<T>(look: Promise<T>): Promise<T | null> {
  try {
    return await look;
  } catch (error) {
    if (isQctlError(error) ? error.code === 'REDIS_NOPERM' : replyCode(error) === 'NOPERM') return null;
    throw error;
  }
}
