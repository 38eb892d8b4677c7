import { resolve } from 'node:path';
import * as z from 'zod';
import { text } from '../config/schema.ts';
import { metric } from './metric.ts';
import { measureProgram, programFailed } from './running.ts';
import { textValue } from './scalar.ts';

/** `command`. */
export const command = metric({
  name: 'command',
  schema: z.strictObject({
    run: z.array(text).min(1),
    value: z.enum(['stdout', 'exit']).default('stdout'),
    cwd: text.optional(),
  }),
  unit: 'any',
  description:
    'what a program prints, a number where it is one; with `value: exit` its exit code. `run` is a list of program and arguments, no shell',
  async measure({ run, value, cwd }, measuring) {
    const { cwd: from } = measuring.doors;
    const folder = cwd === undefined ? from : resolve(from ?? '', cwd);
    const outcome = await measureProgram(run, measuring, folder);
    const { ended, code, stdout } = outcome;
    if (value === 'exit' && (ended === 'ok' || ended === 'failed') && code !== null) return code;
    if (ended !== 'ok') throw programFailed(run, outcome);
    return textValue(stdout);
  },
});
