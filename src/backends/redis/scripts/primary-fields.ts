import { defineScript } from '../script.ts';
import { onPrimary } from './on-primary.ts';

/** Fields of a hash as the primary has them. KEYS hash. ARGV fields. Returns their values, nil for those it has not. */
export const primaryFields = defineScript(`
${onPrimary('KEYS[1]')}
return redis.call('HMGET', KEYS[1], unpack(ARGV))
`);
