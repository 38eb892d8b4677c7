import type { ResolvedConfig } from '../../src/config/resolve.ts';
import { QctlError } from '../../src/errors.ts';
import {
  BREAKER_SETTINGS,
  formatSetting,
  type GivenSettings,
  SETTING_KEYS,
} from '../../src/model/breaker-settings.ts';
import { oddSettings } from '../../src/model/odd-breaker-settings.ts';
import type { Context } from '../context.ts';

/** What of the configuration is about circuit breakers. */
export type BreakerConfiguration = Pick<ResolvedConfig, 'breakers' | 'unreadable' | 'origins'>;

/**
 * What qctl.yaml and the environment say of one breaker; undefined where they do not know it. Throws `config` where a
 * variable of this breaker cannot be read: it must not run with other settings than somebody believes.
 */
export function configuredSettings(config: BreakerConfiguration, name: string): GivenSettings | undefined {
  const [bad] = config.unreadable.filter(({ breakers }) => breakers.includes(name));
  if (bad)
    throw new QctlError('config', `${bad.variable}: ${bad.problem}`, {
      code: 'ENVIRONMENT_INVALID',
      hint: ["run 'qctl help environment' for the variables that are read"],
      details: { variable: bad.variable, breaker: name },
    });
  return Object.hasOwn(config.breakers, name) ? config.breakers[name] : undefined;
}

/** What is likely to surprise in the settings of all configured breakers. */
export function breakerWarnings({ breakers, unreadable }: BreakerConfiguration): string[] {
  const unread = unreadable.map(({ variable, problem }) => `${variable}: ${problem}`);
  const odd = Object.entries(breakers).flatMap(([name, given]) =>
    oddSettings(given).map((clause) => `breaker ${name}: ${clause}`),
  );
  return [...unread, ...odd];
}

/** Says which variables of breakers cannot be read: what is shown of a breaker may not be what somebody believes. */
export async function warnUnreadable({ io, options, config }: Context): Promise<void> {
  if (options.quiet) return;
  for (const { variable, problem } of (await config()).unreadable)
    io.stderr.write(warningLine(`${variable}: ${problem}`));
}

/** As it stands on stderr. */
export function warningLine(text: string): string {
  return `qctl: warning: ${text}\n`;
}

/** Settings as they are written in qctl.yaml. */
export function writtenSettings(given: GivenSettings): Record<string, string> {
  return Object.fromEntries(
    SETTING_KEYS.flatMap((key) =>
      given[key] === undefined ? [] : [[BREAKER_SETTINGS[key].name, formatSetting(key, given[key])]],
    ),
  );
}
