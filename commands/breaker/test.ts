import { isPattern } from '../../src/model/key-pattern.ts';
import { oddSettings } from '../../src/model/odd-breaker-settings.ts';
import { plural } from '../../src/model/plural.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { usageError } from '../stream-work.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { printable } from '../term/text.ts';
import { checkNames } from './choose.ts';
import { formatSimulation } from './format-simulation.ts';
import { settingsHelp } from './setting-arguments.ts';
import { simulationJson } from './simulation-json.ts';
import { runSimulations, type TestCalls } from './test-calls.ts';
import { addTestOptions, type TestFlags } from './test-options.ts';
import { type Basis, findBasis, type Variant, variantsOf } from './test-settings.ts';

const ABOUT = `
A simulation: no call is made and nothing is changed. The settings are those in force in Redis, else those of
qctl.yaml and the environment, else the defaults, with --set over them. It begins closed and without an override.
Every call is reported at once; real processes report a failure within a tenth of a second.

Recorded calls are lines, each ok, fail, or {"at": "2026-11-22T06:00:00Z", "outcome": "ok", "durationMs": 120,
"instance": "worker-1"}; at may be ms, and all but outcome may be left out. The file may be compressed.`;

/** `qctl breaker test NAME`. */
export function newCommand(context: Context, entry: CommandEntry, run = runBreakerTest): QctlCommand {
  const command = addTestOptions(createCommand(entry));
  addConnectionOptions(command, ['redis']);
  command.addHelpText('after', `${ABOUT}\n\nSettings:\n${settingsHelp()}`);
  addExamples(command, [
    ['qctl breaker test wazuh-api --rate 100/s --outage 2m+1m', 'when it would open, and when close again'],
    [
      'qctl breaker test wazuh-api --outcomes calls.ndjson --try failureThreshold=3,5,10',
      'against which thresholds',
    ],
    [
      'qctl breaker test new-api --offline --set failureRate=20% --failure-rate 15%',
      'one that is not there yet',
    ],
  ]);
  return command.action((name: string, flags: TestFlags) => run(context, name, flags));
}

/** Carries it out. */
export async function runBreakerTest(context: Context, name: string, flags: TestFlags): Promise<void> {
  const { io, options } = context;
  if (isPattern(name))
    throw usageError(`${name} is a pattern`, 'PATTERN_REFUSED', 'a simulation is of one breaker: name it');
  // What cannot be meant is said before anything is asked.
  variantsOf({}, flags);
  await checkNames(context, [name]);
  const basis = await findBasis(context, name, flags);
  const variants = variantsOf(basis.given, flags);
  const { calls, results } = await runSimulations(context, variants, flags);
  const pairs = results.map((result, at) => ({ variant: variants[at]!, result }));
  if (!options.quiet)
    for (const note of notesOf(basis, variants, calls)) io.stderr.write(`${printable(note)}\n`);
  await renderResult(io, options, {
    type: 'breaker-simulation',
    data: simulationJson(name, basis, calls, pairs),
    table: () => formatSimulation(io.stdout, basis, calls, pairs),
  });
}

function notesOf({ offline, override }: Basis, variants: readonly Variant[], calls: TestCalls): string[] {
  const odd = variants.flatMap(({ label, given }) =>
    oddSettings(given).map((clause) => `warning: ${label ? `${label}: ` : ''}${clause}`),
  );
  const slowUnseen = (calls.generated?.slowRate ?? 0) > 0 && variants.every(({ given }) => !given.slowCallMs);
  return [
    ...(offline && offline !== 'by --offline' ? [`without Redis: ${offline}`] : []),
    ...(override ? [`the override ${override.mode} that is in force is left out`] : []),
    ...(slowUnseen ? ['slow calls are not looked at: slowCallDuration is off'] : []),
    ...(calls.outOfOrder > 0
      ? [
          `${grouped(calls.outOfOrder)} ${plural(calls.outOfOrder, 'line stands')} behind a later one, and ${plural(calls.outOfOrder, 'counts')} at its time`,
        ]
      : []),
    ...odd,
  ];
}
