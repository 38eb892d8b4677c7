import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useMigration } from './analyse-driver.ts';

const migration = useMigration();
const file = (name: string) => join(migration.redis.server.folder, name);

test('changes stand in JSON and on the page as well', async () => {
  const saved = file('other.json');
  await migration.run(['--source', 'alerts', '--save', saved]);
  await migration.block();
  const { changes } = await migration.json('--source', 'alerts', '--compare', saved);
  expect(changes).toMatchObject({
    verdict: { before: 'ready', after: 'blocked' },
    moves: { appeared: [], gone: [] },
    appeared: [{ code: 'TARGET_NOT_A_STREAM', level: 'blocker' }],
    gone: [],
  });
  expect(changes.facts).toContainEqual({ fact: 'moves.alerts.target.type', before: 'none', after: 'string' });
  const page = await migration.run(['--source', 'alerts', '--compare', saved, '-o', 'markdown']);
  expect(page.stdout).toContain('- + blocker TARGET\\_NOT\\_A\\_STREAM alerts');
});

test('a source that was not analysed before is told as that, not as a hundred changed facts', async () => {
  const saved = file('one.json');
  await migration.run(['--source', 'alerts', '--save', saved]);
  const { changes } = await migration.json('--source', 'hooks', '--compare', saved);
  expect(changes.moves).toEqual({ appeared: ['hooks'], gone: ['alerts'] });
  expect(changes.facts).toEqual([]);
});

test('one file can be compared with and then replaced; it is readable to its owner alone', async () => {
  const saved = file('both.json');
  const argv = ['--source', 'alerts', '--save', saved];
  await migration.run(argv);
  const { code, stdout } = await migration.run([...argv, '--compare', saved]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/Changes since .*\nnone\n/);
  expect((await stat(saved)).mode & 0o777).toBe(0o600);
});

test('what -o json has printed can be compared with as well', async () => {
  const printed = file('printed.json');
  await writeFile(printed, JSON.stringify(await migration.json('--source', 'alerts')));
  expect((await migration.run(['--source', 'alerts', '--compare', printed])).code).toBe(0);
});

test.each([
  ['no JSON', 'no {', 'is not JSON'],
  ['something else', '{"type":"plan"}', 'is no saved analysis'],
  ['half an analysis', '{"type":"analysis","at":"x","findings":[null],"moves":[]}', 'is no saved analysis'],
  [
    'of another version',
    '{"type":"analysis","schema":2,"at":"x","findings":[],"moves":[]}',
    'another version',
  ],
])('a file that is %s is refused before anything is connected', async (_, text, what) => {
  const saved = file('bad.json');
  await writeFile(saved, text);
  const { code, stderr } = await migration.run(['--compare', saved], { url: 'redis://127.0.0.1:1' });
  expect(code).toBe(5);
  expect(stderr).toContain(what);
  expect(stderr).toContain('hint: ');
});

test('a file that is not there, or cannot be written, is told before anything is connected', async () => {
  const nowhere = file('nowhere/saved.json');
  const setting = { url: 'redis://127.0.0.1:1' };
  expect(await migration.run(['--compare', nowhere], setting)).toMatchObject({ code: 5 });
  const { code, stderr } = await migration.run(['--save', nowhere], setting);
  expect(code).toBe(1);
  expect(stderr).toContain(`cannot write ${nowhere}: ENOENT`);
});

test('what was saved is compared with what is there now: findings that came and went, and facts', async () => {
  const saved = file('before.json');
  await migration.block();
  expect((await migration.run(['--source', 'alerts', '--save', saved])).code).toBe(3);
  await migration.redis.client.del('alerts');
  await migration.table.sql('DELETE FROM alerts WHERE id > 40');
  await migration.forgetting(async () => {
    const { code, stdout } = await migration.run(['--source', 'alerts', '--compare', saved]);
    expect(code).toBe(0);
    const changes = stdout.slice(stdout.indexOf('Changes since 2'));
    expect(changes).toContain('~ verdict: blocked -> warnings\n');
    expect(changes).toContain(
      '- blocker TARGET_NOT_A_STREAM alerts: key alerts holds a string, not a stream\n',
    );
    expect(changes).toMatch(/^\+ warning NO_PERSISTENCE /m);
    expect(changes).toContain('~ server.aofEnabled: yes -> no\n');
    expect(changes).toContain('~ moves.alerts.source.ready: 50 -> 40\n');
  });
});
