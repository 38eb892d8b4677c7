import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { readPlan } from '../../../src/cutover/index.ts';
import { exec } from '../../../src/cutover/steps/exec.ts';
import { makeStepWorld, stepOf, type TestWorld } from '../step-world.ts';

let world: TestWorld;
beforeAll(() => {
  world = makeStepWorld({ env: { PATH: '/usr/bin:/bin', REGION: 'eu' } });
});
afterAll(() => world.dispose());

const step = (written: unknown) => stepOf(exec, written, world);

test('a list is run as it stands, without a shell, and its tail is kept', async () => {
  const result = await step(['echo', '$HOME; *', "it's"]).run();
  expect(result).toMatchObject({ tail: "$HOME; * it's" });
  expect((result as { text: string }).text).toMatch(/^echo '\$HOME; \*' 'it'\\''s' ended with code 0 in /);
});

test('a shell is one only where the plan says so; the variables of the run, of qctl and of the step are there', async () => {
  const shell = 'echo "$QCTL_RUN $REGION $PORT [$GONE]" && pwd';
  const result = await step({
    shell,
    env: { PORT: 8080, REGION: 'us', GONE: null },
    cwd: world.folder,
  }).run();
  expect(result).toMatchObject({ tail: `run-1 us 8080 []\n${world.folder}` });
});

test('its undo is what the plan gives; without one it is missing, or nothing where it changes nothing', async () => {
  const file = join(world.folder, 'flag');
  const both = step({
    run: ['touch', file],
    undo: { shell: `rm -f '${file}'` },
    check: ['test', '-e', file],
  });
  expect(both.outline.undo).toMatchObject({ order: 'plain' });
  expect(await both.check()).toBe('undone');
  await both.run();
  expect(await both.run()).toBe('already');
  await both.undo();
  await both.undo();
  await expect(readFile(file)).rejects.toThrow('ENOENT');
  expect(step(['true']).outline).toMatchObject({ undo: 'missing', repeatable: false });
  expect(step({ run: ['true'], changes: false }).outline).toMatchObject({
    undo: 'nothing',
    repeatable: true,
  });
  expect(await step(['true']).check()).toBe('unknown');
  expect(exec.schema.safeParse({ run: ['true'], changes: false, undo: ['true'] }).success).toBe(false);
});

test('what went wrong is told apart: missing, a code, something left running', async () => {
  await expect(step(['no-such-program']).run()).rejects.toMatchObject({ code: 'COMMAND_MISSING' });
  await expect(step({ shell: 'echo first; echo the disk is full >&2; exit 7' }).run()).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: expect.stringMatching(/ended with code 7: the disk is full$/),
    details: { exitCode: 7, tail: 'first\nthe disk is full' },
  });
  await expect(step({ shell: 'sleep 60 & exit 0' }).run()).rejects.toMatchObject({
    code: 'COMMAND_LEFT_OPEN',
  });
  expect(await step({ shell: 'exit 3', okCodes: [0, 3] }).run()).toMatchObject({
    text: expect.stringContaining('code 3'),
  });
});

test('no secret in what is shown and kept', async () => {
  const one = step({
    shell: 'echo "token=$API_TOKEN"; echo redis://u:pw@host/0; exit 1',
    env: { API_TOKEN: 'hush-hush' },
  });
  const error = (await one.run().catch((thrown: unknown) => thrown)) as Error & { details: { tail: string } };
  expect(error.details.tail).toBe('token=***\nredis://u:***@host/0');
  expect(error.message).not.toMatch(/hush|pw@/);
  const shown = step(['deploy', '--password', 'a1', '--api-key=b2', 'DB_PASSWORD=c3', 'sqs://k:d4@q']).outline
    .does;
  expect(shown).toBe('run deploy --password *** --api-key=*** DB_PASSWORD=*** sqs://k:***@q');
});

test.each([
  ['is cut', 's'.repeat(98)],
  ['has to be quoted', "it's-secret"],
])('a secret that %s shows neither in the plan, nor in the result, nor in an error', async (_, secret) => {
  const own = makeStepWorld({ secrets: [secret] });
  onTestFinished(() => own.dispose());
  const text = `apiVersion: qctl/v1
name: orders
variables: { tok: { env: TOK, secret: true } }
steps:
  - exec: { run: [echo, -H, "Bearer \${tok}"], undo: { shell: "ls \${tok}" } }
`;
  const { steps } = await readPlan({ text }, { env: { TOK: secret } });
  expect(steps[0]!.outline).toMatchObject({
    does: "run echo -H 'Bearer ***'",
    undo: { does: "run shell 'ls ***'" },
  });
  const { run, undo } = steps[0]!.params as Record<'run' | 'undo', string[]>;
  const one = stepOf(exec, { run, undo: ['false', ...undo] }, own);
  expect(await one.run()).toMatchObject({ text: expect.stringMatching(/^echo -H 'Bearer \*\*\*' ended/) });
  await expect(one.undo()).rejects.toMatchObject({ message: expect.stringContaining("'ls ***'") });
});

test.each([
  ['a secret', 'xx-very-secret-zz', '***'],
  ['the password of a URL', 'redis://u:xx-very-secret-zz@host', 'u:***@host'],
  ['a URL that is a secret', 'https://ann:pw@hooks/xx-very-secret-zz', '***'],
])('%s does not show where the tail begins within it', async (_, printed, shown) => {
  const own = makeStepWorld({
    secrets: ['https://ann:pw@hooks/xx-very-secret-zz', ...(shown === '***' ? ['xx-very-secret-zz'] : [])],
  });
  onTestFinished(() => own.dispose());
  const run = (more: number) =>
    stepOf(exec, { shell: `printf '%s%${more}s' '${printed}/' | tr ' ' y`, changes: false }, own).run();
  for (const more of [2000, 2038, 2048]) {
    const { tail = '' } = (await run(more)) as { tail?: string };
    expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(2048);
    expect(tail).not.toMatch(/zz|secret/);
    if (more === 2000) expect(tail).toContain(`${shown}/`);
  }
});

test('another process that has taken the run over keeps the command from being run', async () => {
  const fenced = makeStepWorld({ guard: () => Promise.reject(new Error('taken over')) });
  const file = join(fenced.folder, 'made');
  await expect(stepOf(exec, ['touch', file], fenced).run()).rejects.toThrow('taken over');
  await expect(readFile(file)).rejects.toThrow('ENOENT');
  await fenced.dispose();
});

test('a program that is not there, or a folder, is told of before the start', async () => {
  const findings = await step({
    run: ['sh'],
    undo: ['no-such-undo'],
    cwd: join(world.folder, 'none'),
  }).preflight();
  expect(findings.map(({ level, code }) => `${level} ${code}`)).toEqual([
    'warning PROGRAM_NOT_FOUND',
    'warning FOLDER_NOT_FOUND',
  ]);
});
