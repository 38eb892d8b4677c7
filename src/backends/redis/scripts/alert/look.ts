import { defineScript } from '../../script.ts';
import { NOW } from '../cutover/now.ts';
import { onPrimary } from '../on-primary.ts';

/**
 * Reads what is kept of an alert rule. KEYS rule (hash). Returns [version, state (JSON), server time in ms]; both are
 * empty where nothing is kept.
 */
export const lookAtAlert = defineScript(`
${onPrimary('KEYS[1]')}
${NOW}
local kept = redis.call('HMGET', KEYS[1], 'version', 'state')
return {kept[1] or '', kept[2] or '', whole(now)}
`);
