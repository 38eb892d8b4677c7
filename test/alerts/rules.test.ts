import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { runCommand } from '../commands/run-command.ts';
import { planOf } from './driver.ts';

const CHANNELS = `
channels:
  hook: { kind: webhook, url: 'http://127.0.0.1:9' }
`;

/** The rules of the documentation. */
const EXAMPLES = `${CHANNELS}
rules:
  - { name: orders-deep, metric: stream.length, with: { stream: orders }, failure: value > 1000 }
  - { name: source-deep, metric: source.depth, with: { source: webhooks }, failure: value > 1000 }
  - { name: orders-late, metric: redis.oldestPending, with: { stream: orders, group: workers }, failure: value > 5m }
  - { name: orders-old, metric: stream.oldestAge, with: { stream: orders, group: workers }, failure: value > 5m }
  - { name: wazuh-open, metric: breaker.state, with: { name: wazuh-api }, failure: value == 'open' }
  - { name: redis-gone, metric: redis.up, failure: value == 0, severity: critical, for: 30s }
  - { name: lag-grows, metric: redis.lag, with: { stream: orders, group: workers }, failure: value > baseline, against: 5m, for: 5m }
  - { name: dead-letters, metric: dlq.length, with: { stream: orders }, failure: value > baseline, against: 5m }
  - { name: dying, metric: dlq.rate, with: { stream: orders }, failure: value > 1/min }
`;

test('each of the examples is one rule', async () => {
  const { rules } = await planOf(EXAMPLES);
  expect(rules.map(({ name, failure, againstMs }) => [name, failure, againstMs])).toEqual([
    ['orders-deep', 'value > 1000', null],
    ['source-deep', 'value > 1000', null],
    ['orders-late', 'value > 5m', null],
    ['orders-old', 'value > 5m', null],
    ['wazuh-open', "value == 'open'", null],
    ['redis-gone', 'value == 0', null],
    ['lag-grows', 'value > baseline', 300_000],
    ['dead-letters', 'value > baseline', 300_000],
    ['dying', 'value > 1/min', null],
  ]);
});

test('the page on alerts has them all, and is valid', async () => {
  const page = await readFile(new URL('../../docs/alerts.md', import.meta.url), 'utf8');
  const config = /```yaml\n(profiles:[\s\S]*?)```/.exec(page)![1]!;
  const { code, stderr } = await runCommand(['config', 'validate'], { config });
  expect([code, stderr]).toEqual([0, '']);
  const shown = [...config.matchAll(/metric: ([\w.]+)/g)].map(([, metric]) => metric);
  const { rules } = await planOf(EXAMPLES);
  expect(shown).toEqual(rules.map(({ metric }) => metric));
});

test('what is not said is a warning, told to every channel, at once, every four hours', async () => {
  const { rules } = await planOf(EXAMPLES);
  expect(rules[0]).toMatchObject({
    ...{ severity: 'warning', to: ['hook'], forMs: 0, keepFiringForMs: 0, repeatMs: 14_400_000 },
    ...{ intervalMs: 10_000, timeoutMs: 10_000, errorLimit: 4 },
  });
});

test('rules that need Redis have one that tells of its loss, with the worst severity among them', async () => {
  const { rules } = await planOf(`${CHANNELS}
rules:
  - { name: a, metric: stream.length, with: { stream: s }, failure: value > 1, severity: critical, repeat: never, to: [hook] }
  - { name: b, metric: redis.lag, with: { stream: s, group: g }, failure: value > 1 }
  - { name: c, metric: http, with: { url: 'http://127.0.0.1:9' }, failure: value > 1 }`);
  expect(rules.at(-1)).toMatchObject({
    ...{ name: 'redis-lost', metric: 'redis.up', severity: 'critical', repeatMs: 14_400_000, to: ['hook'] },
    description: { text: expect.stringContaining('of: a, b') },
  });
});

const broken = (rules: string, channels = CHANNELS) =>
  `profiles:\n  p:\n    alerts:\n${`${channels}\nrules:\n${rules}`.trim().replace(/^/gm, '      ')}\n`;

const RULE = '- { name: deep, metric: stream.length, with: { stream: s }, failure: value > 1';

test.each([
  [
    'an unknown metric',
    RULE.replace('length', 'lenght') + ' }',
    'rules.0.metric: metric "stream.lenght" is not known',
  ],
  [
    'a parameter that the metric has not',
    RULE.replace('stream: s', 'streem: s') + ' }',
    'rules.0.with.streem',
  ],
  ['an expression that is none', RULE.replace('value > 1', 'value >') + ' }', 'rules.0.failure'],
  [
    'neither success nor failure',
    RULE.replace(', failure: value > 1', '') + ' }',
    'neither success nor failure',
  ],
  ['an unknown channel', `${RULE}, to: [hok] }`, 'rules.0.to.0: there is no channel hok'],
  [
    'an unknown placeholder',
    `${RULE}, summary: '{{valu}}' }`,
    'rules.0.summary: placeholder {{valu}} is not known',
  ],
  [
    'a parameter that is not there in a text',
    `${RULE}, summary: '{{with.group}}' }`,
    '{{with.group}} is not known',
  ],
  [
    'baseline without against',
    `${RULE.replace('> 1', '> baseline')} }`,
    'baseline is what was measured some time ago',
  ],
  [
    'against without baseline',
    `${RULE}, against: 5m }`,
    'rules.0.against: neither success nor failure asks for',
  ],
  [
    'a severity that there is not',
    `${RULE}, severity: fatal }`,
    'rules.0.severity: expected info or warning or critical',
  ],
  ['a field of a check of a plan', `${RULE}, onFailure: pause }`, 'rules.0.onFailure: unknown field'],
  ['two of one name', `${RULE} }\n${RULE} }`, 'rules.1.name: there is a rule deep above'],
  [
    'a repetition that is no time',
    `${RULE}, repeat: often }`,
    'rules.0.repeat: expected a duration such as 4h, or never',
  ],
  [
    'a silence without a reason',
    `${RULE}, silence: [{ until: '2026-01-01T00:00:00Z' }] }`,
    'rules.0.silence.0.reason',
  ],
  [
    'a name that is taken',
    RULE.replace('deep', 'redis-lost') + ' }',
    'redis-lost is the name of the rule with metric redis.up',
  ],
])('%s is an error of config validate, with file and line', async (_, rules, problem) => {
  const { code, stderr } = await runCommand(['config', 'validate'], { config: broken(rules) });
  expect(code).toBe(5);
  expect(stderr).toContain(problem);
  expect(stderr).toMatch(/qctl\.yaml:[789]: profiles\.p\.alerts\.rules/);
});

test.each([
  [
    'a URL of Slack in the file',
    "ops: { kind: slack, url: 'https://hooks.slack.com/services/T/B/X' }",
    'channels.ops.url',
  ],
  [
    'a header that holds a secret',
    "ops: { kind: webhook, url: 'http://h', headers: { authorization: x } }",
    'expected { env: NAME } or { file: PATH }',
  ],
  [
    'an address with a line feed',
    'ops: { kind: mail, host: h, from: a@b.c, to: ["x@y.z\\nBcc: all@y.z"] }',
    'expected an address',
  ],
  [
    'a password in plain text',
    'ops: { kind: mail, host: mx.example, security: none, username: u, passwordFile: p, from: a@b.c, to: a@b.c }',
    'expected starttls or tls where a password is sent',
  ],
  [
    'a body with an unknown placeholder',
    "ops: { kind: webhook, url: 'http://h', body: { text: ['{{sumary}}'] } }",
    'channels.ops.body.text.0: placeholder {{sumary}}',
  ],
  ['a kind that there is not', 'ops: { kind: pager }', 'expected slack or webhook or mail or command'],
])('of channels %s is an error', async (_, channel, problem) => {
  const config = broken(`${RULE} }`, `channels:\n  hook: { kind: webhook, url: 'http://h' }\n  ${channel}`);
  const { code, stderr } = await runCommand(['config', 'validate'], { config });
  expect([code, stderr]).toEqual([5, expect.stringContaining(problem)]);
  expect(stderr).toMatch(/qctl\.yaml:6: profiles\.p\.alerts\.channels\.ops/);
  expect(stderr).not.toContain('services/T/B/X');
});
