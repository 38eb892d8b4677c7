import type { ConfigFile } from '../../src/config/file.ts';
import { readConfigFiles } from '../../src/config/load.ts';
import { isQctlError, QctlError } from '../../src/errors.ts';
import { plural } from '../../src/model/plural.ts';
import { breakerWarnings, warningLine } from '../breaker/configured.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import { renderResult } from '../term/render.ts';

/** `qctl config validate`. */
export function newCommand(context: Context, entry: CommandEntry): QctlCommand {
  const command = createCommand(entry).addHelpText(
    'after',
    '\nEvery profile is checked; with --profile, that one alone. Nothing is connected to.',
  );
  addExamples(command, [
    ['qctl config validate --config deploy/qctl.yaml', 'in CI: 5 where a field is wrong, with file and line'],
  ]);
  return command.action(() => validateConfig(context));
}

interface Checked {
  file: string;
  profile: string;
}

async function validateConfig(context: Context): Promise<void> {
  const { env, options } = context;
  const { alertsPart } = await import('../../src/alerts/index.ts');
  const readWholly = (file: ConfigFile, profile: string): void => {
    const { alerts } = file.readProfile(profile, env);
    if (alerts) file.readPart(profile, 'alerts', alertsPart, env);
  };
  const files = await readConfigFiles({ flags: options, env });
  if (files.length === 0) throw nothingToValidate();
  // The files' profile is looked up here too, so that --profile with an unknown name is an error.
  const warnings = breakerWarnings(await context.config());
  const checked: Checked[] = [];
  const failures: QctlError[] = [];
  for (const file of files) {
    for (const profile of file.profiles.filter((name) => !options.profile || name === options.profile)) {
      const failure = capture(() => readWholly(file, profile));
      if (failure) failures.push(failure);
      else checked.push({ file: file.path, profile });
    }
  }
  if (failures.length > 0) throw merge(failures);
  if (!options.quiet) context.io.stderr.write(warnings.map(warningLine).join(''));
  await renderResult(context.io, options, {
    type: 'config-validation',
    data: { valid: true, files: files.map((file) => file.path), checked, warnings },
    table: () => `${files.map((file) => file.name).join(', ')}: valid (${countText(checked.length)})`,
  });
}

function countText(profiles: number): string {
  return `${profiles} ${plural(profiles, 'profile')}`;
}

function capture(read: () => unknown): QctlError | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (isQctlError(error)) return error;
    throw error;
  }
}

/** All that is wrong in one error, so that one run shows everything. */
function merge(failures: readonly QctlError[]): QctlError {
  return new QctlError('config', failures.map((failure) => failure.message).join('\n'), {
    code: 'CONFIG_INVALID',
    hint: failures.flatMap((failure) => failure.hint),
    details: { issues: failures.flatMap((failure) => failure.details.issues ?? []) },
  });
}

function nothingToValidate(): QctlError {
  return new QctlError('config', 'there is no configuration file to validate', {
    code: 'CONFIG_MISSING',
    hint: ["'qctl init' writes one", 'or name a file with --config'],
  });
}
