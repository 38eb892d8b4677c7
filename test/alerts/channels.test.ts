import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { mailOf } from '../../src/alerts/channels/mail.ts';
import { escapeSlack } from '../../src/alerts/channels/slack.ts';
import { signature } from '../../src/alerts/channels/webhook.ts';
import type { AlertMessage } from '../../src/alerts/index.ts';
import { send } from '../../src/alerts/send.ts';
import { type Certificates, generateCertificates } from '../support/certificates.ts';
import { planOf } from './driver.ts';
import { type Receiver, startMailServer, startReceiver } from './receivers.ts';

let hook: Receiver;
let folder: string;
let certificates: Certificates;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qctl-channels-'));
  certificates = await generateCertificates(folder);
  hook = await startReceiver();
  await writeFile(join(folder, 'url'), `${hook.url}/services/T0/B0/hush-hush\n`);
  await writeFile(join(folder, 'password'), 's3cret\n');
  await writeFile(join(folder, 'key'), `whsec_${Buffer.from('a key').toString('base64')}\n`);
});
beforeEach(() => {
  hook.got = [];
  hook.answer = () => undefined;
});
afterAll(async () => {
  await hook.stop();
  await rm(folder, { recursive: true });
});

const MESSAGE: AlertMessage = {
  type: 'alert',
  id: 'deep-1/1',
  incident: 'deep-1',
  rule: 'deep',
  metric: 'stream.length',
  kind: 'breach',
  state: 'firing',
  severity: 'critical',
  summary: 'orders is deep',
  description: 'look at the workers',
  value: 1204,
  baseline: null,
  why: '1204 is > 1000',
  with: { stream: 'orders' },
  since: '2026-03-01T02:00:00.000Z',
  resolvedAt: null,
  lastedMs: 60_000,
  repeats: 0,
  at: '2026-03-01T02:01:00.000Z',
  host: 'desk',
  profile: 'production',
};

async function tell(channel: string, message = MESSAGE, env: Record<string, string> = {}) {
  const { channels } = await planOf(`channels:\n  ops: ${channel}`);
  const world = { env: { PATH: process.env.PATH, ...env }, signal: new AbortController().signal };
  return send(channels.get('ops')!, message, world);
}

const slack = () => `{ kind: slack, urlFile: '${join(folder, 'url')}' }`;
const HOSTILE = 'a <!channel> & <https://evil|click> @here\r\nBcc: all@example.com';

test('Slack gets a colour by severity, the facts, and nothing that calls anybody', async () => {
  expect(await tell(slack(), { ...MESSAGE, summary: HOSTILE })).toMatchObject({ error: null });
  const [{ path, body, text }] = hook.got as [(typeof hook.got)[0]];
  expect(path).toBe('/services/T0/B0/hush-hush');
  expect(body.attachments[0].color).toBe('#da3633');
  expect(body.text).toBe(
    'CRITICAL a &lt;!channel&gt; &amp; &lt;https://evil|click&gt; @here Bcc: all@example.com',
  );
  expect(text).not.toMatch(/<[!@#h]/);
  expect(JSON.stringify(body.attachments[0].blocks)).toContain('why: 1204 is &gt; 1000');
  await tell(slack(), { ...MESSAGE, state: 'resolved' });
  expect(hook.got[1]!.body).toMatchObject({
    text: 'RESOLVED after 1m00s: orders is deep',
    attachments: [{ color: '#2da44e' }],
  });
});

test('a long text is cut for Slack, and no entity in two', () => {
  expect(escapeSlack('<'.repeat(10), 18)).toBe('&lt;&lt;&lt;&lt;…');
});

test('the URL of Slack may come from the environment, and stands in no error', async () => {
  const channel = '{ kind: slack, url: { env: HOOK } }';
  expect(await tell(channel)).toMatchObject({ error: expect.stringContaining('HOOK is not set') });
  expect(await tell('{ kind: slack, urlFile: /nowhere }')).toMatchObject({
    error: 'alerts.channels.ops.urlFile: cannot read /nowhere (ENOENT)',
  });
  hook.answer = ({ path }) => ({ status: 404, body: `no such hook: ${path}` });
  const { error } = await tell(channel, MESSAGE, { HOOK: `${hook.url}/services/T0/B0/hush-hush` });
  expect(error).toMatch(/cannot tell channel ops: 127.0.0.1:\d+: status 404 \(no such hook: \*\*\*\)/);
});

test('a webhook gets the documented fields, signed, with its headers', async () => {
  const channel = `{ kind: webhook, url: '${hook.url}/a', headers: { authorization: { env: TOKEN } }, secretFile: '${join(folder, 'key')}' }`;
  expect(await tell(channel, MESSAGE, { TOKEN: 'Bearer hush' })).toMatchObject({ error: null });
  const [{ headers, body, text }] = hook.got as [(typeof hook.got)[0]];
  expect(body).toEqual(MESSAGE);
  expect(headers).toMatchObject({ authorization: 'Bearer hush', 'webhook-id': 'deep-1/1' });
  const seconds = Number(headers['webhook-timestamp']);
  expect(headers['webhook-signature']).toBe(signature(Buffer.from('a key'), 'deep-1/1', seconds, text));
});

test('the signature is that of Standard Webhooks', () => {
  const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
  const body = '{"test": 2432232314}';
  expect(signature(key, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, body)).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

test('a webhook may have a body of its own, which is JSON whatever the values hold', async () => {
  const channel = `{ kind: webhook, url: '${hook.url}/a', body: { title: '{{summary}}', n: '{{value}}', tags: [qctl, '{{severity}} {{rule}}'], deep: { none: '{{baseline}}' } } }`;
  await tell(channel, { ...MESSAGE, summary: 'a "quote" \n {{value}} \\' });
  expect(hook.got[0]!.body).toEqual({
    title: 'a "quote" \n {{value}} \\',
    n: 1204,
    tags: ['qctl', 'critical deep'],
    deep: { none: null },
  });
});

test('no redirect is followed, also none on the same host', async () => {
  hook.answer = ({ path }) =>
    path === '/a' ? { status: 307, headers: { location: '/elsewhere' } } : undefined;
  const { error } = await tell(`{ kind: webhook, url: '${hook.url}/a' }`);
  expect(error).toContain('it sends elsewhere (status 307)');
  expect(hook.got).toEqual([]);
});

test('what a receiver repeats of a secret is hidden, and its wish for patience is heard', async () => {
  hook.answer = ({ headers }) => ({
    status: 429,
    body: `slow down, ${headers['x-token']}`,
    headers: { 'retry-after': '7' },
  });
  const outcome = await tell(
    `{ kind: webhook, url: '${hook.url}/a', headers: { x-token: { env: T } } }`,
    MESSAGE,
    {
      T: 'hush-hush',
    },
  );
  expect(outcome).toMatchObject({ error: expect.stringContaining('(slow down, ***)'), retryAfterMs: 7000 });
});

test('a receiver that says nothing is given up on', async () => {
  hook.answer = () => ({ status: 0 });
  const { error } = await tell(`{ kind: webhook, url: '${hook.url}/a', timeout: 100ms }`);
  expect(error).toMatch(/no answer within 100 ms/);
});

const mail = (port: number, more: string) =>
  `{ kind: mail, host: 127.0.0.1, port: ${port}, from: qctl@example.com, to: [ops@example.com, on@example.com], ${more} }`;

test('a mail arrives as plain text, all of an incident in one thread', async () => {
  const server = await startMailServer();
  const channel = mail(server.port, 'security: none');
  expect(await tell(channel)).toMatchObject({ error: null });
  await tell(channel, { ...MESSAGE, id: 'deep-1/2', state: 'resolved' });
  const [first, second] = server.mails;
  expect(first).toMatchObject({ from: 'qctl@example.com', to: ['ops@example.com', 'on@example.com'] });
  expect(first!.header('subject')).toBe('CRITICAL orders is deep');
  expect(first!.header('content-type')).toMatch(/^text\/plain/);
  expect(first!.header('auto-submitted')).toBe('auto-generated');
  expect(first!.text).toContain('why: 1204 is > 1000');
  expect(second!.header('in-reply-to')).toBe(first!.header('message-id'));
  expect(second!.header('message-id')).not.toBe(first!.header('message-id'));
  await server.stop();
});

test('nothing in a text begins a header or adds a receiver', async () => {
  const server = await startMailServer();
  await tell(mail(server.port, 'security: none'), { ...MESSAGE, summary: `${HOSTILE}\u2028X: y\0` });
  const [got] = server.mails;
  expect(got!.to).toEqual(['ops@example.com', 'on@example.com']);
  expect(got!.header('bcc')).toBeUndefined();
  expect(got!.header('x')).toBeUndefined();
  expect(mailOf({ from: 'a@b.c', to: ['a@b.c'] }, { ...MESSAGE, summary: HOSTILE }).subject).not.toMatch(
    /[\r\n]/,
  );
  await server.stop();
});

const tls = async () => ({
  key: await readFile(certificates.serverKey),
  cert: await readFile(certificates.serverCert),
});

test('the login goes over TLS alone, to a server whose certificate is known', async () => {
  const server = await startMailServer({
    ...(await tls()),
    authOptional: false,
    onAuth: ({ username, password }, _, done) =>
      username === 'qctl' && password === 's3cret'
        ? done(null, { user: 1 })
        : done(new Error(`no ${password}`)),
  });
  const login = `username: qctl, passwordFile: '${join(folder, 'password')}'`;
  expect((await tell(mail(server.port, login))).error).toMatch(/its certificate is/);
  const known = `${login}, caFile: '${certificates.ca}'`;
  expect(await tell(mail(server.port, known))).toMatchObject({ error: null });
  expect(server.mails).toHaveLength(1);
  await writeFile(join(folder, 'password'), 'wrong-one\n');
  const { error } = await tell(mail(server.port, known));
  expect(error).toContain('does not accept the login');
  expect(error).not.toContain('wrong-one');
  await server.stop();
});

test('a server that offers no STARTTLS is sent nothing', async () => {
  const server = await startMailServer({ disabledCommands: ['STARTTLS'] });
  expect((await tell(mail(server.port, 'security: starttls'))).error).toContain('does not offer STARTTLS');
  expect(server.mails).toEqual([]);
  await server.stop();
});

test('who is not accepted among several is told, and the others get no second mail', async () => {
  const server = await startMailServer({
    onRcptTo: ({ address }, _, done) => done(address.startsWith('on') ? new Error('no such user') : null),
  });
  expect(await tell(mail(server.port, 'security: none'))).toEqual({
    ...{ error: null, hint: [] },
    note: '127.0.0.1 does not accept on@example.com',
  });
  expect(server.mails.map(({ to }) => to)).toEqual([['ops@example.com']]);
  await server.stop();
});

test('a mail server that is not there is named', async () => {
  const server = await startMailServer();
  await server.stop();
  expect((await tell(mail(server.port, 'security: none'))).error).toContain(
    'nothing listens there (ECONNREFUSED)',
  );
});

test('a program has the message on stdin and in its environment, and no shell reads it', async () => {
  const out = join(folder, 'out');
  const script = `cat > ${out}; printf '%s' "$QCTL_ALERT_SUMMARY" > ${out}.env`;
  const summary = '$(touch /tmp/never) `id`; \0 end';
  const argv = JSON.stringify(['sh', '-c', script]);
  expect(await tell(`{ kind: command, run: ${argv} }`, { ...MESSAGE, summary })).toMatchObject({
    error: null,
  });
  expect(JSON.parse(await readFile(out, 'utf8'))).toEqual({ ...MESSAGE, summary });
  expect(await readFile(`${out}.env`, 'utf8')).toBe('$(touch /tmp/never) `id`;  end');
});

test.each([
  ["[sh, -c, 'echo nobody is there >&2; exit 3']", 'sh: exit 3 (nobody is there)'],
  ['[no-such-program]', 'no-such-program: it was not found'],
  ["[sh, -c, 'sleep 60']", 'sh: it took too long and was ended'],
])('a program that fails says how: %s', async (run, error) => {
  expect((await tell(`{ kind: command, run: ${run}, timeout: 300ms }`)).error).toContain(error);
});
