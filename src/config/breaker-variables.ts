import {
  BREAKER_SETTINGS,
  expectedFor,
  parseSetting,
  SETTING_KEYS,
  type SettingKey,
} from '../model/breaker-settings.ts';
import type { Environment, Variable } from './environment.ts';

/** Other endings that teams already have. */
const ALSO: Partial<Record<SettingKey, string>> = { openMs: 'TIMEOUT', minimumCalls: 'MIN_CALLS' };

/** Endings of the names by setting, the first that is set wins: OPEN_TIME, TIMEOUT. */
const ENDINGS = SETTING_KEYS.map((key) => {
  const own = BREAKER_SETTINGS[key].name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  return { key, endings: [own, ...(ALSO[key] ? [ALSO[key]] : [])] };
});

/** The variables of circuit breakers; NAME stands for the breaker. `help environment` is rendered from it. */
export const BREAKER_VARIABLES: readonly Variable[] = ENDINGS.map(({ key, endings }) => ({
  names: endings.map((ending) => `NAME_CB_${ending}`),
  description: `${BREAKER_SETTINGS[key].name} of circuit breaker NAME: ${expectedFor(key)}`,
}));

/** One variable of a circuit breaker that is set. */
export interface BreakerVariable {
  name: string;
  /** Which breakers: WAZUH in WAZUH_CB_TIMEOUT. */
  prefix: string;
  key: SettingKey;
}

const NAMED = new RegExp(
  `^(QCTL_)?([A-Z][A-Z0-9_]*)_CB_(${ENDINGS.flatMap(({ endings }) => endings).join('|')})$`,
);

/** The variables of circuit breakers, read; those that cannot be read say why. Empty ones count as not set. */
export function findBreakerVariables(
  env: Environment,
): (BreakerVariable & ({ value: number } | { problem: string }))[] {
  const strongest = new Map<string, BreakerVariable & { rank: number; text: string }>();
  for (const [name, text] of Object.entries(env)) {
    const [, qctl, prefix, ending] = (text && NAMED.exec(name)) || [];
    if (!text || !prefix || !ending) continue;
    const { key, endings } = ENDINGS.find((one) => one.endings.includes(ending))!;
    const rank = (qctl ? 0 : endings.length) + endings.indexOf(ending);
    const place = `${prefix} ${key}`;
    const other = strongest.get(place);
    if (!other || rank < other.rank) strongest.set(place, { name, prefix, key, rank, text });
  }
  return [...strongest.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map(read);
}

function read({ name, prefix, key, text }: BreakerVariable & { text: string }) {
  const value = parseSetting(key, withUnit(key, text.trim()));
  const variable = { name, prefix, key };
  if (value !== undefined) return { ...variable, value };
  return { ...variable, problem: `expected ${expectedFor(key)}, got ${JSON.stringify(text.slice(0, 60))}` };
}

/** Durations without a unit are seconds, as many programs have them. */
function withUnit(key: SettingKey, text: string): string {
  const bare = BREAKER_SETTINGS[key].unit === 'duration' && /^\d+(\.\d+)?$/.test(text) && Number(text) > 0;
  return bare ? `${text}s` : text;
}
