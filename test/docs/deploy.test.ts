import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { EXIT_CODES } from '../../commands/exit-codes.ts';
import { runCommand } from '../commands/run-command.ts';
import { problemOf } from '../support/command-line.ts';

const DEPLOY = fileURLToPath(new URL('../../deploy', import.meta.url));
const FOLDER = join(DEPLOY, 'kubernetes');
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

// biome-ignore lint/suspicious/noExplicitAny: documents of Kubernetes, looked into by path
type Manifest = any;

/** All documents of a file. */
function manifestsOf(name: string): Manifest[] {
  return parseAllDocuments(read(name)).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
}

const all: Manifest[] = readdirSync(FOLDER).flatMap(manifestsOf);
const of = (kind: string): Manifest => all.find((one) => one.kind === kind);
const podOf = (one: Manifest) => (one.spec.jobTemplate ?? one).spec.template.spec;
const workloads = ['Job', 'CronJob', 'Deployment'].map((kind) => [kind, of(kind)] as const);

test('each of them is of a known kind and version, and has a name', () => {
  const kinds = all.map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.name}`);
  expect(kinds.sort()).toEqual([
    'apps/v1 Deployment qctl-serve',
    'batch/v1 CronJob qctl-maintain',
    'batch/v1 Job qctl-drain-alerts',
    'v1 ConfigMap qctl',
    'v1 PersistentVolumeClaim qctl-archive',
    'v1 Service qctl-serve',
  ]);
});

describe.each(workloads)('the %s', (_, workload) => {
  const pod = podOf(workload);
  const [container] = pod.containers;

  test('calls qctl by a line that qctl takes', async () => {
    expect(await problemOf(container.args)).toBeUndefined();
    expect(await problemOf([...container.args, '--nonsense'])).toContain('--nonsense');
  });

  test('may do no more than the restricted profile of Kubernetes allows', () => {
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(container.resources).toMatchObject({
      requests: { memory: expect.stringMatching(/Mi$/) },
      limits: { memory: expect.stringMatching(/[MG]i$/) },
    });
  });

  test('mounts what it names, finds secrets as files, and none of them in its environment', () => {
    const names = (list: { name: string }[]) => list.map(({ name }) => name).sort();
    expect(names(container.volumeMounts)).toEqual(names(pod.volumes));
    expect(container.env).toEqual([{ name: 'QCTL_CONFIG', value: '/etc/qctl/qctl.yaml' }]);
    expect(pod.volumes).toContainEqual({
      name: 'secrets',
      secret: { secretName: 'qctl', defaultMode: 0o440 },
    });
    const folders: string[] = container.volumeMounts.map((one: Manifest) => one.mountPath);
    const paths = container.args.filter((word: string) => word.startsWith('/'));
    for (const path of paths) expect(folders.some((folder) => path.startsWith(`${folder}/`))).toBe(true);
  });

  test('gives SIGTERM the time that a batch takes', () => {
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(30);
  });
});

test('every exit code of a drain is either given up at once or tried again', () => {
  const { podFailurePolicy } = of('Job').spec;
  expect(podOf(of('Job')).restartPolicy).toBe('Never');
  const valuesOf = (action: string): number[] =>
    podFailurePolicy.rules.find((rule: Manifest) => rule.action === action && rule.onExitCodes).onExitCodes
      .values;
  expect(valuesOf('FailJob')).toEqual([2, 3, 4, 5]);
  expect(valuesOf('Count')).toEqual(expect.arrayContaining([8, 10]));
  const decided = [...valuesOf('FailJob'), ...valuesOf('Count')];
  // Nobody answers there, nothing is rolled back, no threshold is set; a signal is the cluster's own doing.
  const elsewhere = [0, 9, 12, 13, 99, 130, 143];
  expect([...decided, ...elsewhere].sort((a, b) => a - b)).toEqual(EXIT_CODES.map(({ code }) => code));
});

test('the CronJob runs one at a time, and its run ends before it is ended', () => {
  const { concurrencyPolicy, startingDeadlineSeconds, jobTemplate } = of('CronJob').spec;
  expect(concurrencyPolicy).toBe('Forbid');
  // Below ten seconds the controller would miss starts.
  expect(startingDeadlineSeconds).toBeGreaterThan(10);
  expect(jobTemplate.spec.activeDeadlineSeconds).toBeGreaterThan(
    40 + podOf(of('CronJob')).terminationGracePeriodSeconds,
  );
});

test('the Service finds the pods of the Deployment by the labels that they carry', () => {
  const { selector, ports } = of('Service').spec;
  expect(of('Deployment').spec.template.metadata.labels).toMatchObject(selector);
  expect(podOf(of('Deployment')).containers[0].ports[0].name).toBe(ports[0].targetPort);
});

test('the configuration of the ConfigMap is one, with the source that the Job drains and no secret', async () => {
  const config: string = of('ConfigMap').data['qctl.yaml'];
  const { code, stderr } = await runCommand(['config', 'validate', '--quiet'], { config });
  expect([code, stderr]).toEqual([0, '']);
  const [, , source] = podOf(of('Job')).containers[0].args;
  expect(config).toMatch(new RegExp(`^ +${source}:$`, 'm'));
  expect(config).not.toMatch(/password:|:\/\/[^/@\s]*:[^/@\s]*@/);
});

test('secrets that files name are those that the note above the configuration tells to make', () => {
  const text = readdirSync(FOLDER).map(read).join('\n');
  const named = new Set([...text.matchAll(/\/run\/secrets\/qctl\/([\w-]+)/g)].map(([, name]) => name));
  const made = new Set([...text.matchAll(/--from-file=([\w-]+)/g)].map(([, name]) => name));
  expect([...named].sort()).toEqual([...made].sort());
});

describe('the Dockerfile', () => {
  const lines = readFileSync(join(DEPLOY, 'Dockerfile'), 'utf8')
    .replace(/^#.*\n/gm, '')
    .replaceAll('\\\n', '')
    .split('\n')
    .filter(Boolean);
  const instructions = lines.map((line) => {
    const [, name, rest] = /^([A-Z]+) +(.+)$/.exec(line)!;
    return { name: name!, rest: rest! };
  });
  const all = (name: string) => instructions.filter((one) => one.name === name).map(({ rest }) => rest);

  test('is in stages of one pinned major version of Node, which qctl supports', () => {
    const versions = all('FROM').map((rest) => /^node:(\d+)-[a-z]+-slim( AS build)?$/.exec(rest)?.[1]);
    expect(versions).toHaveLength(2);
    expect(new Set(versions).size).toBe(1);
    expect(Number(versions[0])).toBeGreaterThanOrEqual(20);
  });

  test('installs by the lock file, without tools of developers and without running what libraries bring', () => {
    const installs = all('RUN').filter((rest) => /npm (ci|i|install)\b/.test(rest));
    expect(installs).toEqual([
      expect.stringMatching(/^npm ci --ignore-scripts/),
      expect.stringMatching(/^npm ci --omit=dev --ignore-scripts/),
    ]);
    expect(all('ADD')).toEqual([]);
  });

  test('is no root, gets signals itself, and keeps its state in one folder', () => {
    expect(all('USER')).toEqual(['1000:1000']);
    const last = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
    expect(last.findIndex(({ name }) => name === 'USER')).toBeGreaterThan(
      last.findLastIndex(({ name }) => name === 'RUN'),
    );
    expect(all('STOPSIGNAL')).toEqual(['SIGTERM']);
    expect(JSON.parse(all('ENTRYPOINT')[0]!)).toEqual(['node', '/app/bin/qctl.js']);
    expect(JSON.parse(all('CMD')[0]!)).toEqual(['--help']);
    expect(all('ENV').join(' ')).toContain('QCTL_STATE_DIR=/var/lib/qctl');
  });

  test('is given all that the package is made of, and nothing else', () => {
    const ignore = readFileSync(join(DEPLOY, '../.dockerignore'), 'utf8').split('\n');
    expect(ignore).toContain('*');
    const given = ignore.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const { files } = JSON.parse(readFileSync(join(DEPLOY, '../package.json'), 'utf8')) as {
      files: string[];
    };
    const packed = files.filter((one) => !one.startsWith('!') && one !== 'dist');
    const built = ['commands', 'scripts', 'src', 'web', 'package.json', 'package-lock.json', 'tsconfig.json'];
    expect(given).toEqual(expect.arrayContaining([...packed, ...built]));
  });
});
