import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openHttpTarget } from '../../../src/load/targets/http/target.ts';
import type { LoadTarget } from '../../../src/load/targets/target.ts';
import { doors } from '../../metrics/measuring.ts';
import { waitFor } from '../../support/wait.ts';
import { awkwardBody, contents, outgoing, profile, Told, withTarget } from './driving.ts';

interface Got {
  id: string;
  body: Buffer;
  method: string;
  headers: IncomingMessage['headers'];
}

/** A webhook that keeps what it gets, and answers as the test says. */
let server: Server;
let url: string;
let got: Got[];
let answer: (one: Got, response: ServerResponse) => void;
let connections: number;

beforeEach(async () => {
  got = [];
  connections = 0;
  answer = (_, response) => response.writeHead(202).end('thanks');
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const id = String(request.headers['x-qctl-load-id']);
    const one = { id, body: Buffer.concat(chunks), method: request.method!, headers: request.headers };
    got.push(one);
    answer(one, response);
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

interface Asked {
  target?: Record<string, unknown>;
  inFlight?: number;
  env?: Record<string, string>;
  folder?: string;
}

function open({ target = {}, inFlight = 4, env = {}, folder }: Asked = {}): Promise<LoadTarget> {
  const raw = {
    consumers: 0,
    producers: { inFlight },
    target: { kind: 'http', url: `${url}/hooks/orders?key=s3cret`, ...target },
  };
  const asked = profile(raw, folder);
  if (asked.target.kind !== 'http') throw new Error('another target');
  return openHttpTarget(asked, asked.target, 'run', doors({ env }));
}

describe('a webhook under load', () => {
  test('two hundred messages of all kinds arrive byte for byte, over few connections', async () => {
    await withTarget(open(), async (target) => {
      const told = new Told();
      const producer = await target.producer(0, told);
      const messages = outgoing(200, { body: awkwardBody });
      producer.send(messages);
      expect(producer.open).toBe(200);
      await told.ended(200);
      expect(told.good).toHaveLength(200);
      expect(told.begun).toEqual(messages.map(({ seq }) => seq));
      expect(contents(got)).toEqual(contents(messages));
      expect(connections).toBe(4);
      expect(producer.open).toBe(0);
      await producer.close();
    });
  });

  test('JSON is called JSON, anything else bytes, unless the profile says otherwise', async () => {
    const bodies = ['{"a":1}', '[1', 'true', 'plain', '\u0000'];
    const sendAll = async (target: LoadTarget) => {
      const told = new Told();
      const producer = await target.producer(0, told);
      producer.send(outgoing(5, { body: (seq) => Buffer.from(bodies[seq]!) }));
      await told.ended(5);
      await producer.close();
    };
    await withTarget(open({ inFlight: 1 }), sendAll);
    const bytes = 'application/octet-stream';
    const json = 'application/json';
    expect(got.map(({ headers }) => headers['content-type'])).toEqual([json, bytes, json, bytes, bytes]);
    got = [];
    const headers = { 'Content-Type': 'text/csv', 'x-shop': '7' };
    await withTarget(open({ target: { headers, method: 'PUT' } }), sendAll);
    expect(got[0]).toMatchObject({
      method: 'PUT',
      headers: { 'content-type': 'text/csv', 'x-shop': '7' },
    });
  });

  test('secrets come from the environment and from a file beside the profile', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'load-'));
    writeFileSync(join(folder, 'token'), 't0ken\n');
    const headers = { 'X-Auth-Token': { file: 'token' }, authorization: { env: 'BEARER' } };
    const asked = { target: { headers }, env: { BEARER: 'Bearer b' }, folder };
    await withTarget(open(asked), async (target) => {
      const told = new Told();
      const producer = await target.producer(0, told);
      producer.send(outgoing(1));
      await told.ended(1);
      expect(got[0]!.headers).toMatchObject({ 'x-auth-token': 't0ken', authorization: 'Bearer b' });
      await producer.close();
    });
  });

  test.each([
    [
      'a secret with a line break',
      { 'x-token': { env: 'TOKEN' } },
      /^target\.headers\.x-token: it holds what/,
    ],
    ['a text with a line break', { 'x-shop': 'seven\nhush' }, /^target\.headers\.x-shop: it holds what/],
    ['a variable that is not set', { 'x-token': { env: 'NOBODY' } }, /x-token: NOBODY is not set$/],
    ['a file that is not there', { 'x-token': { file: 'none' } }, /x-token: cannot read .*none \(ENOENT\)$/],
    ['a file that is empty', { 'x-token': { file: 'empty' } }, /x-token: the file is empty$/],
    ['a header of qctl', { 'Content-Length': '3' }, /Content-Length: qctl sets this header by itself$/],
  ])('%s is refused before anything is sent, and not repeated', async (_, headers, message) => {
    const folder = mkdtempSync(join(tmpdir(), 'load-'));
    writeFileSync(join(folder, 'empty'), '\n');
    const target = await open({ target: { headers }, env: { TOKEN: 'multi\nhush' }, folder });
    const error = await target.prepare().catch((thrown) => thrown);
    expect(error).toMatchObject({ kind: 'config', message: expect.stringMatching(message) });
    expect(JSON.stringify([error.message, error.hint, error.details, String(error.cause)])).not.toContain(
      'hush',
    );
  });

  test('an answer that was not expected fails its message, with its status and no more', async () => {
    const statuses = [200, 503, 204, 302, 404];
    answer = ({ id }, response) => {
      const status = statuses[Number(id.replace('run-', ''))]!;
      response.writeHead(status, { location: '/elsewhere' }).end(status === 204 ? undefined : 'hush');
    };
    const endings = async (target: LoadTarget) => {
      const told = new Told();
      const producer = await target.producer(0, told);
      producer.send(outgoing(5));
      await told.ended(5);
      await producer.close();
      return { good: told.good.toSorted(), bad: told.bad.toSorted() };
    };
    expect(await withTarget(open(), endings)).toEqual({
      good: [0, 2],
      bad: [
        [1, 'status 503'],
        [3, 'status 302: redirects are not followed'],
        [4, 'status 404'],
      ],
    });
    expect(got).toHaveLength(5);
    expect((await withTarget(open({ target: { expect: [404, 503] } }), endings)).good).toEqual([1, 4]);
  });

  test('an answer that does not come in time fails its message, and the next one has its turn', async () => {
    answer = ({ id }, response) => {
      if (id === 'run-0') return;
      if (id === 'run-1') response.write('half of');
      else response.end();
    };
    await withTarget(open({ inFlight: 2, target: { timeout: '50ms' } }), async (target) => {
      const told = new Told();
      const producer = await target.producer(0, told);
      producer.send(outgoing(3));
      await told.ended(3);
      expect(told.lost.toSorted()).toEqual([0, 1]);
      for (const [, why] of told.bad) expect(why).toBe(`${url}/hooks/orders: no answer in time (ETIMEDOUT)`);
      expect(told.good).toEqual([2]);
      await producer.close();
    });
  });

  test('after a cut it goes on by itself; what was on its way has failed', async () => {
    let quiet = true;
    answer = (_, response) => void (quiet || response.end());
    await withTarget(open(), async (target) => {
      const told = new Told();
      const producer = await target.producer(0, told);
      producer.send(outgoing(10));
      await waitFor(() => got.length === 4);
      expect(told.begun).toEqual([0, 1, 2, 3]);
      quiet = false;
      producer.cut();
      await told.ended(10);
      expect(told.lost.toSorted()).toEqual([0, 1, 2, 3]);
      expect(told.good.toSorted()).toEqual([4, 5, 6, 7, 8, 9]);
      await producer.close();
    });
  });

  test('a server that is away fails all messages soon, without a secret in any error', async () => {
    const nobody = await open();
    const { port } = server.address() as AddressInfo;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await withTarget(Promise.resolve(nobody), async (target) => {
      const told = new Told();
      const producer = await target.producer(0, told);
      producer.send(outgoing(100));
      await told.ended(100);
      expect(told.lost).toHaveLength(100);
      // Four at a time, in a handful of tries.
      expect(told.begun.length).toBeLessThanOrEqual(24);
      for (const [, why] of told.bad) expect(why).toMatch(/hooks\/orders: nothing listens there/);
      expect(JSON.stringify(told.bad)).not.toContain('s3cret');
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      producer.send(outgoing(3, { from: 100 }));
      await told.ended(103);
      expect(told.good.toSorted()).toEqual([100, 101, 102]);
      await producer.close();
    });
  });

  test('what is open when it is closed fails, and nothing is told afterwards', async () => {
    answer = () => undefined;
    await withTarget(open(), async (target) => {
      const told = new Told();
      const producer = await target.producer(0, told);
      producer.send(outgoing(6));
      await waitFor(() => got.length === 4);
      await producer.close();
      expect(told.lost).toEqual([0, 1, 2, 3, 4, 5]);
      producer.send(outgoing(1, { from: 6 }));
      expect([producer.open, told.bad.length]).toEqual([0, 6]);
      await waitFor(() => got.length === 4);
    });
  });

  test('it says where it goes without the query, and that nothing can be consumed', async () => {
    await withTarget(open(), async (target) => {
      expect(target).toMatchObject({ label: url, name: `${url}/hooks/orders`, groups: 0, own: false });
      expect(Object.values(await target.sample()).every((value) => value === null)).toBe(true);
      await expect(target.consumer(0, 'one')).rejects.toMatchObject({ kind: 'usage' });
    });
  });
});
