import * as z from 'zod';
import { isBreakerName } from '../model/breaker-name.ts';
import {
  BREAKER_SETTINGS,
  expectedFor,
  parseSetting,
  SETTING_KEYS,
  type SettingKey,
} from '../model/breaker-settings.ts';
import { isPattern } from '../model/key-pattern.ts';

/** One setting as it is written in qctl.yaml: `5`, `50%`, `60s`, `off`. */
function setting(key: SettingKey) {
  const expected = `expected ${expectedFor(key)}`;
  return z.union([z.string(), z.number()], expected).transform((written, context) => {
    const value = parseSetting(key, String(written));
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', message: expected, input: written });
    return z.NEVER;
  });
}

const settings = Object.fromEntries(
  SETTING_KEYS.map((key) => [BREAKER_SETTINGS[key].name, setting(key).optional()]),
);

const name = z
  .string()
  .refine(isBreakerName, 'cannot be the name of a circuit breaker: no blanks, braces and control characters')
  .refine((given) => !isPattern(given), 'a pattern cannot be the name of a circuit breaker');

/** `breakers:` of a profile. */
export const breakersSchema = z.record(
  name,
  z.strictObject({
    /** Beginning of its variables: WAZUH for WAZUH_CB_TIMEOUT. */
    env: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]*$/, 'expected capitals such as WAZUH, for WAZUH_CB_TIMEOUT')
      .optional(),
    ...settings,
  }),
);

/** One of `breakers:` as validated: the name of a setting -> its value in ms, percent or pieces, and `env`. */
export type BreakerConfig = { env?: string } & Record<string, unknown>;
