import { lookAtBreakers, type Override } from '../../src/breaker/index.ts';
import { isQctlError } from '../../src/errors.ts';
import {
  BREAKER_SETTINGS,
  formatSetting,
  type GivenSettings,
  type SettingKey,
} from '../../src/model/breaker-settings.ts';
import { askRedis } from '../ask-redis.ts';
import type { Context } from '../context.ts';
import { usageError } from '../stream-work.ts';
import { unknownBreakers } from './choose.ts';
import { configuredSettings } from './configured.ts';
import { parseSettingChanges, requireSetting, requireValue, splitSetting } from './setting-arguments.ts';
import type { TestFlags } from './test-options.ts';

/** Settings of a breaker, and who has given them. */
export interface Basis {
  given: GivenSettings;
  from: 'redis' | 'configuration' | 'defaults';
  /** That is in force now; it is left out of the simulation. */
  override: Override | null;
  /** Why Redis was not asked, as a clause; null where it was. */
  offline: string | null;
}

/**
 * Those in force in Redis, else those of qctl.yaml and the environment, else the defaults. A Redis that is away is no
 * obstacle where the name is configured or settings are typed.
 */
export async function findBasis(context: Context, name: string, flags: TestFlags): Promise<Basis> {
  const config = await context.config();
  const configured = configuredSettings(config, name);
  const typed = flags.set !== undefined || flags.try !== undefined || flags.offline === true;
  const asked = flags.offline
    ? { offline: 'by --offline' }
    : await askForSettings(context, name, typed || configured !== undefined);
  if ('given' in asked) return { ...asked, from: 'redis', offline: null };
  const { offline } = asked;
  if (configured) return { given: configured, from: 'configuration', override: null, offline };
  if (!typed) throw unknownBreakers([name], [...(asked.known ?? []), ...Object.keys(config.breakers)], false);
  return { given: {}, from: 'defaults', override: null, offline };
}

type Asked = Pick<Basis, 'given' | 'override'> | { offline: string | null; known?: string[] };

async function askForSettings(context: Context, name: string, mayFail: boolean): Promise<Asked> {
  try {
    const redis = await context.redis();
    const [view] = await askRedis(redis, 'look at the breaker', () => lookAtBreakers(redis, [name]));
    if (view!.known) return { given: { ...view!.declared, ...view!.set }, override: view!.override };
    const { knownBreakers } = await import('../../src/breaker/index.ts');
    return { offline: null, known: await askRedis(redis, 'list the breakers', () => knownBreakers(redis)) };
  } catch (error) {
    const away =
      isQctlError(error) && (['target', 'auth'].includes(error.kind) || error.code === 'REDIS_MISSING');
    if (!mayFail || !away) throw error;
    return { offline: error.message };
  }
}

/** One set of settings that is tried. */
export interface Variant {
  /** `failureThreshold=3`; empty where nothing is tried. */
  label: string;
  tried: GivenSettings;
  given: GivenSettings;
}

const MOST_VARIANTS = 50;

/** The settings with `--set` over them, and of `--try` every combination. Throws `usage` for what cannot be meant. */
export function variantsOf(
  basis: GivenSettings,
  { set = [], try: tries = [] }: Pick<TestFlags, 'set' | 'try'>,
): Variant[] {
  const given = { ...basis };
  for (const [key, value] of Object.entries(parseSettingChanges(set)) as [SettingKey, number | null][]) {
    if (value === null) delete given[key];
    else given[key] = value;
  }
  let variants: Variant[] = [{ label: '', tried: {}, given }];
  for (const text of tries) {
    const [key, values] = parseTry(text);
    if (variants[0]!.tried[key] !== undefined)
      throw usageError(
        `${BREAKER_SETTINGS[key].name} is tried twice`,
        'BAD_SETTING',
        '--try NAME=VALUE,VALUE tries several values',
      );
    variants = variants.flatMap((variant) => values.map((value) => withValue(variant, key, value)));
  }
  if (variants.length <= MOST_VARIANTS) return variants;
  throw usageError(
    `${variants.length} combinations are too many`,
    'TOO_MANY_VARIANTS',
    `try up to ${MOST_VARIANTS} at once`,
  );
}

function parseTry(text: string): [SettingKey, number[]] {
  const [name, values] = splitSetting(text);
  const key = requireSetting(name);
  return [key, [...new Set(values.split(',').map((value) => requireValue(key, value)))]];
}

function withValue({ label, tried, given }: Variant, key: SettingKey, value: number): Variant {
  const text = `${BREAKER_SETTINGS[key].name}=${formatSetting(key, value)}`;
  return {
    label: label ? `${label} ${text}` : text,
    tried: { ...tried, [key]: value },
    given: { ...given, [key]: value },
  };
}
