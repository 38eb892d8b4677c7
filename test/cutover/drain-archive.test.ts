import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished, test, vi } from 'vitest';
import { runCommand } from '../commands/run-command.ts';
import { ownFolder, removeFolder } from '../support/server-process.ts';
import { sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';

test('a drain step keeps what it takes, each run of it in a file of its own', async () => {
  const folder = ownFolder('kept');
  onTestFinished(() => removeFolder(folder));
  onTestFinished(() => void vi.unstubAllEnvs());
  await mkdir(join(folder, 'kept'));
  const sqs = sharedSqs();
  const queueUrl = await sqs.createQueue(uniqueName('kept'));
  const stream = uniqueName('kept');
  const config = join(folder, 'qctl.yaml');
  await writeFile(
    config,
    `profiles: { night: { redis: { url: "${sharedRedisUrl()}" }, sources: { webhooks: { kind: sqs,
  queueUrl: "${queueUrl}", region: us-east-1, endpoint: "${sqs.endpoint}", stream: ${stream} } } } }\n`,
  );
  const plan = join(folder, 'plan.yaml');
  await writeFile(
    plan,
    `apiVersion: qctl/v1
name: ${uniqueName('cleanup')}
steps:
  - { name: rest, drain: { source: webhooks, archive: "${folder}/kept/", settle: 100ms, wait: 1s }, undo: none }
`,
  );
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  const env = { XDG_STATE_HOME: join(folder, 'state') };
  const ran = async () => {
    const { code, stdout, stderr } = await runCommand(
      ['cutover', 'run', plan, '--yes', '-o', 'json', '--config', config],
      { env },
    );
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout).steps[0].text as string;
  };
  const first = await sqs.send(queueUrl, ['a', 'b', 'c']);
  const text = await ran();
  const [file] = readdirSync(join(folder, 'kept'));
  expect(text).toContain(`3 in ${join(folder, 'kept', file!)}`);
  const second = await sqs.send(queueUrl, ['d', 'e']);
  await ran();
  const files = readdirSync(join(folder, 'kept'));
  expect(files).toHaveLength(2);
  const idsOf = (name: string) =>
    gunzipSync(readFileSync(join(folder, 'kept', name)))
      .toString()
      .trimEnd()
      .split('\n')
      .flatMap((line) => JSON.parse(line).message?.id ?? [])
      .toSorted();
  expect(idsOf(file!)).toEqual(first.toSorted());
  expect(idsOf(files.find((name) => name !== file)!)).toEqual(second.toSorted());
  expect((await sqs.depth(queueUrl)).total).toBe(0);
});
