import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { changeRoute, editRules, FileRouteStore, type RouteEdit } from '../../src/routing/index.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qctl-flags-'));
  file = join(folder, 'flags.yaml');
});
afterEach(() => rm(folder, { recursive: true }));

const BY = { by: 'ann@desk', reason: 'yes: no # really' };
const set = (edit: RouteEdit, name = 'orders') =>
  changeRoute(new FileRouteStore(file), name, (prior) => editRules(prior, edit), BY);
const text = async () => (await readFile(file, 'utf8')).replace(/changedAt: .*/g, 'changedAt: TIME');

const FLAGS = `# Owned by payments.
colour: {dark: true}   # not ours

routes:
  # the night of the migration
  orders:
    percent: 5 # careful
    types:
      refund: new # first
      audit: old
  042:
    percent: 0
`;

test('comments, order and other keys stay, and a route is found by the name that stands there', async () => {
  await writeFile(file, FLAGS);
  await set({ percent: 25, types: { audit: null, mail: 50 } });
  await set({ percent: 1 }, '042');
  expect(await text()).toBe(
    `# Owned by payments.
colour: {dark: true} # not ours

routes:
  # the night of the migration
  orders:
    percent: 25 # careful
    types:
      refund: new # first
      mail: 50
    version: 1
    changedBy: ann@desk
    changedAt: TIME
    reason: "yes: no # really"
  042:
    percent: 1
    version: 1
    changedBy: ann@desk
    changedAt: TIME
    reason: "yes: no # really"
`,
  );
});

test('a file that is not there, or has no routes yet, gets them', async () => {
  await set({ percent: 5 });
  expect(await text()).toMatch(/^routes:\n {2}orders:\n {4}percent: 5\n {4}version: 1\n/);
  await writeFile(file, 'other: 1 # keep\r\n');
  await set({ percent: 5 });
  expect(await readFile(file, 'utf8')).toMatch(/^other: 1 # keep\r\nroutes:\r\n {2}orders:\r\n/);
});

test('a link stays a link, and nothing is left lying about', async () => {
  await writeFile(join(folder, 'real.yaml'), FLAGS);
  await symlink('real.yaml', file);
  await set({ percent: 30 });
  expect(await readFile(join(folder, 'real.yaml'), 'utf8')).toContain('percent: 30');
  expect(
    (await readdir(folder, { withFileTypes: true })).map((one) => [one.name, one.isSymbolicLink()]),
  ).toEqual([
    ['flags.yaml', true],
    ['real.yaml', false],
  ]);
});

test('changes of several at once are all made, one after the other', async () => {
  await writeFile(file, FLAGS);
  const keys = Array.from({ length: 8 }, (_, at) => `k${at}`);
  await Promise.all(keys.map((key) => set({ keys: { [key]: 'new' } })));
  const { route } = await new FileRouteStore(file).look('orders');
  expect([Object.keys(route!.keys).sort(), route!.version]).toEqual([keys, 8]);
});

test('a route that is taken out leaves the others', async () => {
  await writeFile(file, FLAGS);
  await changeRoute(new FileRouteStore(file), 'orders', () => null, BY);
  expect(await new FileRouteStore(file).list()).toEqual(['042']);
  expect(await text()).toContain('# not ours');
});

describe('a file with something wrong in it is refused with the line:', () => {
  test.each([
    ['percent: 5', 'perzent: 5', '7: routes.orders.perzent: unknown field'],
    ['percent: 5', 'percent: 101', '7: routes.orders.percent: expected a percentage from 0 to 100'],
    ['audit: old', 'audit: odl', '10: routes.orders.types.audit: expected old, new or a percentage'],
    ['audit: old', 'refund: old', '10: map keys must be unique'],
    ['routes:', 'routes: 5\nmore:', '1: it has no mapping routes:'],
  ])('%s as %s', async (was, is, problem) => {
    await writeFile(file, FLAGS.replace(was, is));
    await expect(set({ percent: 1 })).rejects.toThrow(`${file}:${problem}`);
  });

  test.each([
    ['{ stream: s, published: p, above: 1, to: old }', 'load: needs either stream'],
    ['{ stream: s, abve: 1, to: old }', 'load.abve: unknown field'],
    ['{ stream: s, above: many, to: old }', 'load.above: expected a number from 0'],
  ])('load %s', async (load, problem) => {
    await writeFile(file, `routes:\n  orders:\n    percent: 5\n    load: ${load}\n`);
    await expect(set({ percent: 1 })).rejects.toThrow(`${file}:4: routes.orders.${problem}`);
  });

  test.each([
    ['{ from: 22:00, to: 06:00Z, percent: 1 }', '0.to: expected a time of day'],
    ['{ from: 22:00, to: 2026-11-21T22:00:00Z, percent: 1 }', '0: from and to must both be'],
    ['{ from: 22:00, to: 22:00, percent: 1 }', '0: from 22:00 to 22:00 covers no time'],
    ['{ from: 22:00, to: 23:00, timezone: Mars/X, percent: 1 }', '0.timezone: expected a time zone'],
    ['{ from: 22:00, to: 23:00, days: [munday], percent: 1 }', '0.days: expected days such as'],
    ['{ from: 22:00, to: 23:00 }', '0.percent: expected old, new or'],
  ])('time %s', async (time, problem) => {
    await writeFile(file, `routes:\n  orders:\n    percent: 5\n    time:\n      - ${time}\n`);
    await expect(set({ percent: 1 })).rejects.toThrow(`routes.orders.time.${problem}`);
  });
});
