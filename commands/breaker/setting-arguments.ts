import { findSimilar } from '../../src/config/similar.ts';
import {
  BREAKER_SETTINGS,
  expectedFor,
  parseSetting,
  SETTING_KEYS,
  type SettingKey,
  settingOf,
} from '../../src/model/breaker-settings.ts';
import { usageError } from '../stream-work.ts';

/** Settings of an operator; null gives one back to program or file. */
export type SettingChanges = Partial<Record<SettingKey, number | null>>;

/** Reads `openTime=30s`, and `openTime=-` as null. Throws `usage` with what is expected. */
export function parseSettingChanges(texts: readonly string[]): SettingChanges {
  const changes: SettingChanges = {};
  for (const text of texts) {
    const [name, value] = splitSetting(text);
    const key = requireSetting(name);
    if (changes[key] !== undefined)
      throw usageError(`${name} is given twice`, 'BAD_SETTING', 'leave one of them');
    changes[key] = value === '-' ? null : requireValue(key, value);
  }
  return changes;
}

/** `openTime=30s` in its two parts. */
export function splitSetting(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)];
  throw usageError(
    `${text}: expected NAME=VALUE`,
    'BAD_SETTING',
    'openTime=30s, failureRate=off; openTime=- gives it back',
  );
}

/** The setting of a name. Throws `usage` with the similar one. */
export function requireSetting(name: string): SettingKey {
  const key = settingOf(name);
  if (key) return key;
  const names = SETTING_KEYS.map((one) => BREAKER_SETTINGS[one].name);
  const similar = findSimilar(name, names);
  const hint = similar ? `did you mean ${similar}?` : `settings: ${names.join(', ')}`;
  throw usageError(`${name} is no setting of a circuit breaker`, 'BAD_SETTING', hint);
}

/** The value of a setting. Throws `usage` with what is expected. */
export function requireValue(key: SettingKey, text: string): number {
  const value = parseSetting(key, text);
  if (value !== undefined) return value;
  throw usageError(
    `${BREAKER_SETTINGS[key].name}=${text}: expected ${expectedFor(key)}`,
    'BAD_SETTING',
    `${BREAKER_SETTINGS[key].name}=- gives it back`,
  );
}

/** The settings, one a line, for the help of a command. */
export function settingsHelp(): string {
  const rows = SETTING_KEYS.map((key) => BREAKER_SETTINGS[key]);
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows.map(({ name, help }) => `  ${name.padEnd(width)}  ${help}`).join('\n');
}
