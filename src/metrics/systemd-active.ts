import * as z from 'zod';
import { flag, text } from '../config/schema.ts';
import { metric } from './metric.ts';
import { measureProgram, programFailed } from './running.ts';

const unit = text.refine((name) => /^[^-\s]\S*$/.test(name), 'expected the name of a unit');

/** `systemd.active`. */
export const systemdActive = metric({
  name: 'systemd.active',
  schema: z.strictObject({ unit, user: flag.default(false) }),
  unit: 'text',
  description:
    "what `systemctl is-active` says of a unit: `'active'`, `'inactive'`, `'activating'`, `'failed'`; with `user: true` of the user's own",
  async measure({ unit, user }, measuring) {
    const run = ['systemctl', ...(user ? ['--user'] : []), 'is-active', unit];
    const outcome = await measureProgram(run, measuring);
    // Its exit code says no more than whether it is active.
    const [state] = outcome.stdout.trim().split('\n');
    const ran = outcome.ended === 'ok' || outcome.ended === 'failed';
    if (!ran || !state) throw programFailed(run, outcome);
    return state;
  },
});
