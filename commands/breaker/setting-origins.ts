import { type GivenSettings, SETTING_KEYS, type SettingKey } from '../../src/model/breaker-settings.ts';
import type { ShownBreaker } from './chosen.ts';

/** Where the value of a setting comes from. */
export type Origin = 'set' | 'declared' | 'configured' | 'default';

/** One setting that is in force. */
export interface SettingInForce {
  key: SettingKey;
  value: number | null;
  from: Origin;
}

/** Every setting of a breaker with its origin, in the order in which they are shown. */
export function settingsInForce({
  settings,
  set,
  declared,
  configured,
  rev,
}: ShownBreaker): SettingInForce[] {
  const layers: [Origin, GivenSettings][] = [
    ['set', set],
    ['declared', declared],
    // What no program has declared yet.
    ['configured', rev === 0 ? (configured ?? {}) : {}],
  ];
  return SETTING_KEYS.map((key) => {
    const [from] = layers.find(([, given]) => given[key] !== undefined) ?? ['default' as const];
    return { key, value: settings[key], from };
  });
}
