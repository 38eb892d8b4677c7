import { isBreakerName } from '../model/breaker-name.ts';
import { BREAKER_SETTINGS, type GivenSettings, SETTING_KEYS } from '../model/breaker-settings.ts';
import type { BreakerConfig } from './breaker-schema.ts';
import { type BreakerVariable, findBreakerVariables } from './breaker-variables.ts';
import type { Environment } from './environment.ts';

/** A variable of a circuit breaker whose value cannot be meant. */
export interface UnreadableVariable {
  variable: string;
  /** The breakers that it would set. */
  breakers: string[];
  /** `expected a whole number from 1, or off, got "five"`. */
  problem: string;
}

/** What files and environment say of circuit breakers. */
export interface ConfiguredBreakers {
  breakers: Record<string, GivenSettings>;
  /** Part -> where it comes from: `breakers.wazuh-api.openTime` -> `WAZUH_CB_TIMEOUT`. */
  origins: Record<string, string>;
  /** Kept and not thrown: another program may mean something else by such a name. */
  unreadable: UnreadableVariable[];
}

/** Lays the variables over what the files say. */
export function resolveBreakerSettings(
  env: Environment,
  file: Record<string, BreakerConfig> = {},
): ConfiguredBreakers {
  const breakers = Object.fromEntries(Object.entries(file).map(([name, config]) => [name, givenBy(config)]));
  const origins: Record<string, string> = {};
  const unreadable: UnreadableVariable[] = [];
  for (const variable of findBreakerVariables(env)) {
    const meant = breakersMeant(variable.prefix, file);
    if ('problem' in variable)
      unreadable.push({ variable: variable.name, breakers: meant, problem: variable.problem });
    else for (const name of meant) take(name, variable);
  }
  return { breakers, origins, unreadable };

  function take(name: string, { name: variable, key, value }: BreakerVariable & { value: number }): void {
    breakers[name] = { ...(Object.hasOwn(breakers, name) ? breakers[name] : {}), [key]: value };
    origins[`breakers.${name}`] ??= variable;
    origins[`breakers.${name}.${BREAKER_SETTINGS[key].name}`] = variable;
  }
}

function givenBy(config: BreakerConfig): GivenSettings {
  const given: GivenSettings = {};
  for (const key of SETTING_KEYS) {
    const value = config[BREAKER_SETTINGS[key].name];
    if (typeof value === 'number') given[key] = value;
  }
  return given;
}

/**
 * The breakers that a prefix such as WAZUH means: those that say so with `env:`, else the one of this name,
 * else those whose name begins with it (`wazuh-api`), else one that nothing but the environment names.
 */
function breakersMeant(prefix: string, file: Record<string, BreakerConfig>): string[] {
  const names = Object.keys(file);
  const claiming = names.filter((name) => file[name]!.env === prefix);
  if (claiming.length > 0) return claiming;
  const free = names.filter((name) => file[name]!.env === undefined);
  const same = free.filter((name) => inCapitals(name) === prefix);
  if (same.length > 0) return same;
  const beginning = free.filter((name) => inCapitals(name).startsWith(`${prefix}_`));
  if (beginning.length > 0) return beginning;
  const alone = prefix.toLowerCase().replaceAll('_', '-');
  return isBreakerName(alone) ? [alone] : [];
}

function inCapitals(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
}
