// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the references of the plan's own variables
import { PLAN_SCHEMA_FILE } from '../plan/json-schema.ts';
import { firstOf, isInPlace, startNew, stopOld, switchProducers } from './consumers.ts';
import { indented, type RecipeInputs, scalar } from './recipe.ts';

/**
 * A plan that moves one queue: consumers first, then the backlog, then producers. Where producers ask a route
 * the traffic moves by percent; where they do not, it moves at once, within a bounded pause.
 */
export function queueRecipe(inputs: RecipeInputs): string {
  const old = stopOld(inputs);
  const lines = [
    ...head(inputs),
    ...checks(inputs),
    '',
    '# Nobody consumes what lies in the source from the stop of the old workers until the backlog is moved.',
    '# A pause that lasts longer goes back by itself.',
    'freezes:',
    `  - { name: flip, from: ${firstOf(old)}, to: backlog, maxPause: ${inputs.maxPause} }`,
    '',
    'steps:',
    ...(inputs.route === null ? [] : [...mirror(), ...shadow(inputs), ...live(inputs)]),
    ...flip(inputs, old),
    ...warm(),
    ...complete(inputs),
    ...rollback(),
  ];
  return `${lines.join('\n')}\n`;
}

function head(inputs: RecipeInputs): string[] {
  const { name, profile, source, stream, group, from, route } = inputs;
  return [
    `# yaml-language-server: $schema=./${PLAN_SCHEMA_FILE}`,
    `# (qctl cutover schema --out-file ${PLAN_SCHEMA_FILE} writes it, for editors)`,
    '#',
    `# Moves ${source} (${from}) to the stream ${stream}. Read it, replace what is marked FILL IN, then:`,
    '#   qctl cutover plan FILE              what it does, how long it takes, how it goes back',
    '#   qctl cutover run FILE --rehearse    in a sandbox, forwards and backwards',
    '#   qctl cutover run FILE',
    'apiVersion: qctl/v1',
    `name: ${scalar(name ?? `${source.replace(/[^\w.-]+/g, '-')}-to-redis`)}`,
    ...(profile === undefined ? [] : [`profile: ${scalar(profile)}`]),
    '',
    'variables:',
    `  source: ${scalar(source)}   # in qctl.yaml`,
    `  stream: ${scalar(stream)}`,
    `  group: ${scalar(group)}`,
    ...(route === null
      ? []
      : [`  route: ${scalar(route)}   # producers ask it: import { Router } from 'qctl'`]),
    '',
    '# window: { notBefore: "02:00", notAfter: "05:00", timezone: Europe/Berlin, jitter: 60s }',
    '',
  ];
}

function checks({ route, oldUnits, newUnits, deployments }: RecipeInputs): string[] {
  const beside = newUnits.length > 0 && deployments.length === 0 && oldUnits.length > 0;
  const from = route !== null ? 'live' : beside ? 'flip' : 'warm';
  return [
    '# Watched while the steps run. What is FILL IN here is what your service promises.',
    'checks:',
    '  - name: lag                     # the new workers keep up; FILL IN: the number',
    '    metric: redis.lag',
    '    with: { stream: "${stream}", group: "${group}" }',
    '    success: value < 1000',
    '    interval: 10s',
    '    failureLimit: 2',
    `    from: ${from}`,
    '  - name: pending                 # and finish what they take; FILL IN: the number',
    '    metric: redis.pending',
    '    with: { stream: "${stream}", group: "${group}" }',
    '    success: value < 1000',
    '    interval: 10s',
    '    failureLimit: 2',
    `    from: ${from}`,
    '  - name: old-side                # asked in a rollback alone; FILL IN: better a URL of the old workers that says how they are',
    '    metric: source.depth',
    '    with: { source: "${source}" }',
    '    success: value < 10000',
    '    interval: 1s',
    '    from: never',
  ];
}

function stage(name: string, why: string[], steps: readonly string[]): string[] {
  return [...why.map((line) => `  # ${line}`), `  - stage: ${name}`, '    steps:', ...indented(steps, 6), ''];
}

function mirror(): string[] {
  return stage(
    'mirror',
    ['Producers write a copy to a stream of its own; the old side alone counts.'],
    ['- name: mirror', '  route: { name: "${route}-mirror", percent: 100 }'],
  );
}

function shadow(inputs: RecipeInputs): string[] {
  return stage(
    'shadow',
    ['New workers read, and their results are compared; nothing that they do counts.'],
    [
      ...(isInPlace(inputs) ? [] : startNew(inputs)),
      '- name: watch-shadow',
      '  monitor: { for: 10m }',
      '# FILL IN: the streams in which both sides leave their results, and what tells them apart',
      '# - name: compare',
      '#   compare:',
      '#     old: { redis: results-old, from: 10m }',
      '#     new: { redis: results-new, from: 10m }',
      '#     key: id',
      '#     lateAfter: 1m                 # what came so lately may still get its partner',
      '- name: approve-live',
      '  approve: { text: the new side may get its first messages }',
      ...(isInPlace(inputs)
        ? []
        : [
            '# FILL IN: here the new workers leave the mirror for ${stream}, by a setting of theirs and a restart',
          ]),
    ],
  );
}

function live(inputs: RecipeInputs): string[] {
  const why = isInPlace(inputs)
    ? ['A part of the messages goes to the stream. FILL IN: something must consume it by now.']
    : ['A part of the messages goes to the stream, more with each step.'];
  return stage('live', why, [
    '- name: live',
    '  route: { name: "${route}", percent: [1, 5, 25, 50], hold: 10m, checks: [lag, pending] }',
  ]);
}

function flip(inputs: RecipeInputs, old: readonly string[]): string[] {
  const { from, route } = inputs;
  const rows = from === 'postgres' ? `, rows: "state = 'processing'"` : '';
  return stage(
    'flip',
    ['Consumers first, then the backlog, then producers.'],
    [
      ...(route === null && !isInPlace(inputs) ? startNew(inputs) : []),
      '- name: approve-flip',
      '  approve: { text: the old workers are stopped and the backlog is moved }',
      ...(route === null ? [] : ['- name: all', '  route: { name: "${route}", percent: 100 }']),
      ...old,
      '- name: in-flight               # what the old workers had in hand is finished, or back in the source',
      ...(rows ? ['  # FILL IN: how a row looks that a worker has in hand'] : []),
      `  wait: { until: { metric: source.inFlight, with: { source: "\${source}"${rows} }, success: value == 0 }, atMost: ${inputs.maxPause} }`,
      '- name: backlog',
      '  # As much as is ready by then: while producers are at work the source is never empty.',
      '  drain: { source: "${source}", stream: "${stream}", group: "${group}", until: backlog }',
      ...switchProducers(inputs),
      '- name: rest                    # what producers wrote to the source until then',
      '  drain: { source: "${source}", stream: "${stream}", group: "${group}", settle: 5s }',
    ],
  );
}

function warm(): string[] {
  return stage(
    'warm',
    ['The old side stands by. Within this time a failing check goes back by itself.'],
    ['- name: keep-warm', '  monitor: { for: 15m, checks: [lag, pending] }'],
  );
}

function complete({ route }: RecipeInputs): string[] {
  const steps = [
    '- name: complete',
    '  approve: { text: the move is complete }',
    ...(route === null ? [] : ['- name: mirror-off', '  route: { name: "${route}-mirror", percent: 0 }']),
  ];
  const why = [
    'After that `qctl rollback` still goes back; take the old side away when nobody will want it any more.',
  ];
  return stage('complete', why, steps);
}

function rollback(): string[] {
  return [
    'rollback:',
    '  health: [old-side]',
    '  healthTimeout: 30s',
    '  # budget: 15m                  # refuses a plan whose way back may take longer; see undoTimeout',
    '  keep: 24h',
  ];
}
