// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what plans say
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPlan } from '../../src/cutover/index.ts';
import { isQctlError } from '../../src/errors.ts';
import { SOME_KINDS } from './plan-kinds.ts';

const read = (
  text: string,
  given: { env?: Record<string, string>; variables?: Record<string, string> } = {},
) => readPlan({ text, path: 'plan.yaml' }, { env: {}, kinds: SOME_KINDS, ...given });
const failure = async (text: string, given = {}) => {
  const error = await read(text, given).then(
    () => new Error('it was read'),
    (thrown: unknown) => thrown,
  );
  if (!isQctlError(error)) throw error;
  return error;
};
const HEAD = 'apiVersion: qctl/v1\nname: orders\n';
const withSteps = (steps: string, rest = '') => `${HEAD}${rest}steps:\n${steps}`;

describe('a plan', () => {
  test('gets ids, stages, defaults and lines', async () => {
    const plan = await read(
      withSteps(`  - name: Stop the old workers!
    stage: flip
    systemd: { stop: worker-old.service }
    timeout: 2m
    retries: 2
  - stage: live
    steps:
      - name: live
        route: { name: orders, percent: [5, 25], hold: 10m }
      - wait: { for: 30s }
      - wait: { for: 1s }
  - exec: [touch, /tmp/x]
    undo:
      - exec: [rm, /tmp/x]
        retries: 1
    pointOfNoReturn: true
    confirm: true
`),
    );
    expect(plan.steps.map(({ id, stage, line }) => [id, stage, line])).toEqual(
      [
        ['stop-the-old-workers', 'flip', 4],
        ['live/5', 'live', 11],
        ['live/25', 'live', 11],
        ['live/wait-1', 'live', 13],
        ['live/wait-2', 'live', 14],
        ['exec-1/confirm', null, 15],
        ['exec-1', null, 15],
      ].map(([id, stage]) => [id, stage, expect.any(Number)]),
    );
    expect(plan.steps[0]).toMatchObject({
      line: 4,
      timeoutMs: 120_000,
      retries: 2,
      undo: 'auto',
      undoTimeoutMs: 10_000,
    });
    expect(plan.steps.at(-1)).toMatchObject({
      pointOfNoReturn: true,
      repeatable: false,
      undoTimeoutMs: 65_000,
    });
    expect(plan).toMatchObject({ lock: 'orders', profile: null, baseline: null, secrets: [], variables: {} });
    expect(plan.hash).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test('binds checks and freezes to steps by their names, and to stages', async () => {
    const plan = await read(
      withSteps(
        `  - { name: Stop old, stage: flip, systemd: { stop: old } }
  - { stage: flip, wait: { for: 1s } }
  - { name: start new, systemd: { start: new } }
`,
        `checks:
  - { name: lag, metric: redis.lag, with: { stream: orders, group: g }, success: value < 10, from: flip, until: start-new }
  - { name: health, metric: http, with: { url: "http://x/health" }, failure: value != 200, from: never, onFailure: warn, interval: 2s }
freezes: [{ from: Stop old, to: flip, maxPause: 30s }]
rollback: { health: [health], budget: 1m, returns: [{ stream: s, group: g, to: orders, minIdle: 5s }] }
preflight: { checks: [health] }
baseline: { duration: 10m }
`,
      ),
    );
    expect(plan.checks).toMatchObject([
      {
        name: 'lag',
        from: 'stop-old',
        until: 'start-new',
        failureLimit: 0,
        errorLimit: 4,
        onFailure: 'rollback',
      },
      { name: 'health', from: 'never', until: null, intervalMs: 2000 },
    ]);
    expect(plan.freezes).toEqual([
      { name: 'freeze-1', from: 'stop-old', to: 'flip/wait-1', maxPauseMs: 30_000 },
    ]);
    expect(plan.rollback).toMatchObject({ budgetMs: 60_000, returns: [{ stream: 's', minIdleMs: 5000 }] });
    expect(plan.baseline).toEqual({ durationMs: 600_000 });
  });

  test('may use anchors, merges, CRLF and keys of its author', async () => {
    const text = withSteps(
      '  - { <<: *slow, name: a, wait: { for: 1s } }\n  - { <<: *slow, timeout: 1m, wait: { for: 2s } }\n',
      'x-slow: &slow { timeout: 5m, retries: 1 }\n',
    ).replaceAll('\n', '\r\n');
    const { steps } = await read(`\uFEFF${text}`);
    expect(steps.map(({ timeoutMs, retries }) => [timeoutMs, retries])).toEqual([
      [300_000, 1],
      [60_000, 1],
    ]);
  });

  test('names who is told of what', async () => {
    const steps = '  - wait: { for: 1s }\n';
    const { notify } = await read(
      withSteps(
        steps,
        'notify: [{ on: completed, http: { url: "http://x" } }, { on: [failed, paused], exec: [mail] }]\n',
      ),
    );
    expect(notify.map(({ on, step }) => [on, step.kind.name, step.undo])).toEqual([
      [['completed'], 'http', 'none'],
      [['failed', 'paused'], 'exec', 'none'],
    ]);
  });
});

describe('a file that is none', () => {
  test('two documents are told of with the line of the second', async () => {
    const text = withSteps('  - { exec: [sync], undo: none }\n');
    const error = await failure(`${text}---\n${text}`);
    expect(error.message).toMatch(
      /^plan.yaml:[45]: not valid YAML: a second document begins here, and the file is one$/,
    );
  });

  test('of a thousand mistakes fifty are told', async () => {
    const lines = (await failure(withSteps('  - { exek: [x] }\n'.repeat(1000)))).message.split('\n');
    expect([lines.length, lines.at(-1)]).toEqual([51, expect.stringMatching(/^… and \d+ more$/)]);
  });
});

describe('what would do harm', () => {
  test.each([
    [
      'a timeout of nothing',
      '  - { exec: [sync], undo: none, timeout: 0s }\n',
      '',
      /timeout: expected more than 0s/,
    ],
    [
      'a limit that no timer can tell',
      '  - { name: a, exec: [sync], undo: none }\n',
      'freezes: [{ from: a, to: a, maxPause: 30d }]\n',
      /maxPause: expected more than 0s, and 24d at most/,
    ],
    ['an undo of no steps', '  - { exec: [sync], undo: [] }\n', '', /undo: /],
  ])('%s is refused', async (_, steps, rest, problem) => {
    expect((await failure(withSteps(steps, rest))).message).toMatch(problem);
  });
});

describe('variables', () => {
  const VARIABLES = `variables:
  stream: orders
  group: \${stream}-workers
  percent: 5
  url: { env: TARGET_URL, default: 'http://local' }
  token: { env: API_TOKEN }
  header: Bearer \${token}
`;
  const STEPS = `  - { name: r, route: { name: "\${group}", percent: "\${percent}" } }
  - { name: h, exec: [curl, -H, "\${header}", "\${url}/$\${literal}"], undo: none }
`;
  const env = { API_TOKEN: 's3cret-value', TARGET_URL: '' };

  test('are put into texts, a number staying a number, and secrets are kept apart', async () => {
    const plan = await read(withSteps(STEPS, VARIABLES), { env, variables: { percent: '25' } });
    expect(plan.steps[0]!.params).toEqual({ name: 'orders-workers', percent: 25 });
    expect(plan.steps[1]!.params).toEqual({
      run: ['curl', '-H', 'Bearer s3cret-value', 'http://local/${literal}'],
    });
    expect(plan.variables).toEqual({
      stream: 'orders',
      group: 'orders-workers',
      percent: '25',
      url: 'http://local',
    });
    expect(plan.secrets.toSorted()).toEqual(['Bearer s3cret-value', 's3cret-value']);
    expect(JSON.stringify(plan.steps.map(({ outline }) => outline))).not.toContain('s3cret');
  });

  test('are part of the hash unless they are secret', async () => {
    const hash = async (token: string, percent: string) =>
      (await read(withSteps(STEPS, VARIABLES), { env: { API_TOKEN: token }, variables: { percent } })).hash;
    expect(await hash('a', '1')).toBe(await hash('b', '1'));
    expect(await hash('a', '1')).not.toBe(await hash('a', '2'));
  });

  test('that are wrong are all told of at once', async () => {
    const error = await failure(
      withSteps(
        '  - { route: { name: "${streem}", percent: 1 } }\n  - { exec: ["${HOME}"], undo: none }\n',
        VARIABLES,
      ),
      { env },
    );
    expect(error.message).toBe(
      [
        'plan.yaml:11: steps.0.route.name: there is no variable streem',
        'plan.yaml:12: steps.1.exec.0: there is no variable HOME',
      ].join('\n'),
    );
    expect(error.hint[0]).toContain('did you mean stream?');
    const others = await failure(withSteps(STEPS, VARIABLES), {
      variables: { persent: '1', token: 'x', percent: 'all' },
    });
    expect(others.message.split('\n').map((line) => line.replace(/^plan.yaml:/, ''))).toEqual([
      '3: variables: there is no variable persent to be set',
      '6: variables.percent: expected a number, as the plan has it',
      '8: variables.token: is secret and cannot be set by hand: others see the arguments of a command',
      '9: variables.header: there is no variable token',
    ]);
    expect((await failure(withSteps(STEPS, VARIABLES))).message).toContain(
      'variables.token: API_TOKEN is not set',
    );
  });

  test.each([
    [
      'under a name that says so',
      '  - { exec: { run: [sync], env: { DB_PASSWORD: hunter2-x } }, undo: none }\n',
      '',
    ],
    ['in a list', '  - { exec: { run: [sync], env: { token: [hunter2-x] } }, undo: none }\n', ''],
    ['in a URL', '  - { exec: [curl, "https://me:hunter2-x@host/"], undo: none }\n', ''],
    ['as a variable', '  - { exec: [sync], undo: none }\n', 'variables: { apiToken: hunter2-x }\n'],
    [
      'as the default of one that is said to be secret',
      '  - { exec: [sync], undo: none }\n',
      'variables: { pin: { env: PIN, default: hunter2-x, secret: true } }\n',
    ],
  ])(
    'a secret that stands in the plan itself, %s, is refused with its line and not shown',
    async (_, steps, rest) => {
      const error = await failure(withSteps(steps, rest));
      expect(error.code).toBe('PLAN_INVALID');
      expect(error.message).toMatch(/^plan.yaml:\d+: .*: is a secret, and the text of a plan is kept/m);
      expect(error.hint.join()).toMatch(/env: VARIABLE, secret: true/);
      expect(JSON.stringify([error.message, error.hint, error.details])).not.toContain('hunter2');
    },
  );

  test('may take what is secret from another, or be empty', async () => {
    const more = `${VARIABLES}  password: \${token}\n  pin: { env: PIN, default: '', secret: true }\n`;
    const plan = await read(withSteps(STEPS, more), { env });
    expect(plan.secrets).toContain('s3cret-value');
    expect(Object.keys(plan.variables)).not.toContain('password');
  });

  test('that are secret do not show in errors', async () => {
    const error = await failure(withSteps('  - { wait: { for: "${token}" } }\n', VARIABLES), { env });
    expect(error.message).toContain('steps.0.wait.for: expected a duration');
    expect(JSON.stringify([error.message, error.details])).not.toContain('s3cret');
  });
});

describe('what is wrong with a plan is told with line and field', () => {
  test.each([
    ['steps: {', 'plan.yaml:1: not valid YAML'],
    ['[1]', 'a plan is a mapping with apiVersion, name and steps'],
    ['', 'a plan is a mapping'],
    ['a: &x [*x]', 'not valid YAML'],
    ['a: *nothing', 'not valid YAML'],
    [`${HEAD}${HEAD}`, 'plan.yaml:3: not valid YAML: map keys must be unique'],
    [withSteps('  []\n'), 'steps: a plan has at least one step'],
    [
      withSteps('  - { systemd: { stop: a } }\n').replace('v1', 'v2'),
      'plan.yaml:1: apiVersion: expected qctl/v1',
    ],
    [withSteps('  - { systemmd: { stop: a } }\n'), 'plan.yaml:4: steps.0.systemmd: unknown field'],
    [withSteps('  - systemd:\n      stopp: a\n'), 'plan.yaml:5: steps.0.systemd.stopp: unknown field'],
    [withSteps('  - { timeout: 3s }\n'), 'plan.yaml:4: steps.0: the step does not say what is to be done'],
    [
      withSteps('  - wait: { for: 1s }\n    systemd: { stop: a }\n'),
      'plan.yaml:5: steps.0.systemd: a step does one thing, and this one has wait and systemd',
    ],
    [withSteps('  - { exec: [ls] }\n'), 'plan.yaml:4: steps.0: nothing is known that would undo it'],
    [
      withSteps('  - exec: [ls]\n    undo: auto\n'),
      'plan.yaml:5: steps.0.undo: nothing is known that would undo it',
    ],
    [
      withSteps('  - { exec: [a], undo: [{ exec: [b], wait: { for: 1s } }] }\n'),
      'steps.0.undo.0.wait: a step does one thing',
    ],
    [
      withSteps('  - { exec: [a], undo: [{ stage: b, exec: [c] }] }\n'),
      'steps.0.undo.0.stage: unknown field',
    ],
    [
      withSteps('  - { name: a, wait: { for: 1s } }\n  - { name: A!, wait: { for: 1s } }\n'),
      'plan.yaml:5: steps.1.name: the name stands at line 4 already',
    ],
    [withSteps('  - { name: "...", wait: { for: 1s } }\n'), 'steps.0.name: expected a name with a letter'],
    [withSteps('  - { name: a, route: { name: r, percent: [5, 5] } }\n'), 'comes to a/5 twice'],
    [withSteps('  - { steps: [{ wait: { for: 1s } }] }\n'), 'a list of steps needs the name of their stage'],
    [
      withSteps('  - { stage: a, timeout: 1s, steps: [{ wait: { for: 1s } }] }\n'),
      'steps.0.timeout: a stage has a name and steps, and nothing else',
    ],
    [withSteps('  - { stage: a, steps: [{ stage: b, wait: { for: 1s } }] }\n'), 'stands in a stage already'],
    [
      withSteps(
        '  - { name: a, monitor: { for: 1s, checks: [lagg] } }\n',
        'checks: [{ name: lag, metric: redis.memory, success: "value < 1" }]\n',
      ),
      'plan.yaml:5: steps.0.monitor.checks.0: there is no check lagg',
    ],
    [
      withSteps('  - { wait: { for: 1s } }\n', 'rollback: { health: [up] }\n'),
      'rollback.health.0: there is no check up',
    ],
    [
      withSteps(
        '  - { name: a, wait: { for: 1s } }\n',
        'checks: [{ name: c, metric: redis.memory, success: "value < 1", from: b }]\n',
      ),
      'plan.yaml:3: checks.0.from: there is no step or stage b',
    ],
    [
      withSteps(
        '  - { name: a, wait: { for: 1s } }\n  - { name: b, wait: { for: 1s } }\n',
        'freezes: [{ from: b, to: a, maxPause: 3s }]\n',
      ),
      'freezes.0.to: a comes before b',
    ],
    [
      withSteps('  - { wait: { for: 1s } }\n', 'window: { notBefore: 25:00 }\n'),
      'window.notBefore: expected a time of day',
    ],
    [
      withSteps('  - { wait: { for: 1s } }\n', 'window: { timezone: Mars }\n'),
      'window.timezone: expected the name of a time zone',
    ],
    [
      withSteps(
        '  - { wait: { for: 1s } }\n',
        "window: { notBefore: '03:00', notAfter: '2026-11-22T02:00:00Z' }\n",
      ),
      'window.notAfter: expected a time of the same form',
    ],
  ])('%s', async (text, said) => {
    const error = await failure(text);
    expect([error.kind, error.message]).toEqual(['config', expect.stringContaining(said)]);
    expect(error.hint.join()).not.toBe(undefined);
  });

  test('and what was most likely meant', async () => {
    const error = await failure(withSteps('  - { systemmd: { stop: a } }\n  - { wait: { fro: 1s } }\n'));
    expect(error.hint).toEqual(['did you mean systemd?', 'did you mean for?']);
    expect(error.message).toContain('plan.yaml:5: steps.1.wait.for: expected text, but it is missing');
  });

  test('a file that is not there, or is a folder', async () => {
    const missing = readPlan('/nowhere/plan.yaml', { env: {} });
    await expect(missing).rejects.toMatchObject({
      code: 'PLAN_UNREADABLE',
      message: 'cannot read plan /nowhere/plan.yaml (ENOENT)',
    });
    await expect(readPlan('/', { env: {} })).rejects.toMatchObject({ code: 'PLAN_UNREADABLE' });
  });
});

const word = fc.constantFrom(
  ...[
    'apiVersion',
    'name',
    'steps',
    'stage',
    'wait',
    'for',
    'undo',
    'checks',
    'from',
    'variables',
    'env',
    'route',
  ],
  ...[
    'notify',
    'on',
    'rollback',
    'health',
    'window',
    'freezes',
    '<<',
    '__proto__',
    'constructor',
    'x-a',
    '1s',
    'a',
  ],
);
const tree = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    word,
    fc.constantFrom<unknown>(null, 5, true, -1, '', '${a}', 'qctl/v1', '02:00', []),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(word, tie('value'), { maxKeys: 5 }),
  ),
})).value;

test('whatever stands in the file, it is a plan or an error that says where', async () => {
  const whole = fc.record(
    {
      apiVersion: fc.constantFrom('qctl/v1', 'x'),
      name: fc.constantFrom('a', 'b c'),
      steps: fc.oneof(fc.array(tree, { maxLength: 4 }), tree),
      variables: tree,
      checks: tree,
      freezes: tree,
      rollback: tree,
      notify: tree,
    },
    { requiredKeys: ['apiVersion', 'name', 'steps'] },
  );
  const text = fc.oneof(
    whole.map((value) => JSON.stringify(value)),
    tree.map((value) => JSON.stringify(value)),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(text, async (given) => {
      const end = await read(given).catch((error: unknown) => error);
      if (end instanceof Error && (!isQctlError(end) || end.kind !== 'config')) throw end;
    }),
    { numRuns: 150 },
  );
});
