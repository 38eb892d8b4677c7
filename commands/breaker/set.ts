import type { Standing } from '../../src/breaker/index.ts';
import type { QctlError } from '../../src/errors.ts';
import {
  BREAKER_SETTINGS,
  formatSetting,
  SETTING_KEYS,
  type SettingKey,
} from '../../src/model/breaker-settings.ts';
import { oddSettings } from '../../src/model/odd-breaker-settings.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import { usageError } from '../stream-work.ts';
import type { Change } from './change.ts';
import type { ChangeRow } from './format-changes.ts';
import { addCreateOption, addSteerOptions, type SteerFlags } from './options.ts';
import { parseSettingChanges, settingsHelp } from './setting-arguments.ts';
import { declaredOnCreation, steer } from './steer.ts';

/** `qctl breaker set NAME… SETTING=VALUE…`. */
export function newCommand(context: Context, entry: CommandEntry, run = runBreakerSet): QctlCommand {
  const command = addCreateOption(addSteerOptions(createCommand(entry), 'optional'));
  command.addHelpText(
    'after',
    `\nSettings, each as NAME=VALUE; NAME=- gives it back to program or file:\n${settingsHelp()}\n
What is set stands above what programs and files say. Without settings: what qctl.yaml and the
environment say of a breaker is written to Redis, which makes it where it is not there.`,
  );
  addExamples(command, [
    ['qctl breaker set wazuh-api failureThreshold=10 openTime=2m --reason "noisy night"', 'over its program'],
    ["qctl breaker set 'llm-*' failureRate=- failureThreshold=-", 'program or file decide again'],
    ['qctl breaker set wazuh-api', 'as qctl.yaml has it'],
  ]);
  return command.action((words: string[], flags: SteerFlags) => run(context, words, flags));
}

/** Carries it out. */
export async function runBreakerSet(context: Context, words: string[], flags: SteerFlags): Promise<void> {
  const names = words.filter((word) => !word.includes('='));
  const changes = parseSettingChanges(words.filter((word) => word.includes('=')));
  const keys = SETTING_KEYS.filter((key) => changes[key] !== undefined);
  if (names.length === 0)
    throw usageError('no breaker is named', 'BREAKER_MISSING', "name it before its settings, or '*' for all");
  const asConfigured = keys.length === 0;
  await steer(context, {
    names,
    doing: 'change the settings of breakers',
    reason: flags.reason,
    create: asConfigured ? undefined : (flags.create ?? false),
    operationFor: (target) => {
      if (!asConfigured) return { verb: 'set', changes, declared: declaredOnCreation(target) };
      if (!target.configured && names.includes(target.name)) throw nothingToSet(target.name);
      return target.configured && { verb: 'set', changes, declared: target.configured };
    },
    // Of a pattern only what is configured is of interest then.
    shows: ({ name, configured }) => !asConfigured || configured !== undefined || names.includes(name),
    rowsOf: (change) => rowsOf(change, asConfigured ? changedKeys(change) : keys),
    notesOf: ({ next }) =>
      oddSettings({ ...next.declared, ...next.set }).map((clause) => `warning: ${clause}`),
  });
}

function nothingToSet(name: string): QctlError {
  return usageError(
    `there is nothing to set: neither qctl.yaml nor the environment has settings of ${name}`,
    'SETTINGS_MISSING',
    `give some: qctl breaker set ${name} failureThreshold=5`,
    'or write them below breakers: of the profile',
  );
}

function changedKeys({ prior, next }: Change): SettingKey[] {
  return SETTING_KEYS.filter((key) => settingText(prior, key) !== settingText(next, key));
}

function rowsOf({ name, prior, next, created }: Change, keys: readonly SettingKey[]): ChangeRow[] {
  if (keys.length === 0)
    return [{ name, what: 'settings', before: created ? null : 'as configured', now: 'as configured' }];
  return keys.map((key) => ({
    name,
    what: BREAKER_SETTINGS[key].name,
    before: created ? null : settingText(prior, key),
    now: settingText(next, key),
  }));
}

function settingText({ settings, declared, set, setBy, setHost }: Standing, key: SettingKey): string {
  const value = formatSetting(key, settings[key]);
  if (set[key] !== undefined) return `${value}, set by ${setBy}@${setHost}`;
  if (declared[key] !== undefined) return `${value}, by program or file`;
  return value === 'default' ? value : `${value}, default`;
}
