import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { endChild, forkUntilReady } from './child.ts';
import { seededRandom } from './random.ts';

/** All rates are between 0 (never, the default) and 1 (always). */
export interface FaultOptions {
  /** Added to every call before it is forwarded: a number, or a range drawn from evenly. */
  latencyMs?: number | [min: number, max: number];
  /** Per entry of DeleteMessageBatch: answered as failed and not deleted. */
  deleteFailureRate?: number;
  /** Per delete call: done, but the connection breaks before the answer. */
  dropDeleteRate?: number;
  /** Per delete call: answered with success and nothing deleted, so that SQS delivers the messages again. */
  lostDeleteRate?: number;
  /** Per entry of SendMessageBatch: answered as failed and not sent. */
  sendFailureRate?: number;
  /** Per SendMessageBatch: done, but the connection breaks before the answer. */
  dropSendRate?: number;
  /** Per ReceiveMessage: done, but the connection breaks before the answer; the messages stay in flight. */
  dropReceiveRate?: number;
  /** Per ReceiveMessage: refused with OverLimit. */
  overLimitRate?: number;
  /** Per call of any kind: refused with RequestThrottled. */
  throttleRate?: number;
  /** Actions that are refused with AccessDenied. */
  denied?: string[];
  /** ReceiveMessage is refused, as where the caller may not decrypt with the key of the queue. */
  kmsDenied?: boolean;
  /** What GetQueueAttributes says in place of the truth: the counts of SQS are approximate and late. */
  says?: Record<string, string>;
  /** Repeats the same faults for the same order of calls. Default 1. */
  seed?: number;
}

export interface FaultStats {
  /** Calls by action, faulty ones included. */
  calls: Record<string, number>;
  failedEntries: number;
  droppedDeletes: number;
  lostDeletes: number;
  droppedReceives: number;
  droppedSends: number;
  overLimits: number;
  throttled: number;
}

export interface SqsFaultProxy {
  readonly endpoint: string;
  readonly stats: FaultStats;
  /** Changes the named options only, from the next call on. */
  set(options: FaultOptions): void;
  stop(): Promise<void>;
}

interface Call {
  action: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

interface DeleteEntry {
  Id: string;
  ReceiptHandle: string;
}

interface FailedEntry {
  Id: string;
  SenderFault: boolean;
  Code: string;
  Message: string;
}

type Rate = keyof { [K in keyof FaultOptions as K extends `${string}Rate` ? K : never]: unknown };
type Counter = Exclude<keyof FaultStats, 'calls'>;
type Forward = (call: Call) => Promise<Answer>;

const JSON_TYPE = 'application/x-amz-json-1.0';

/** A proxy before SQS that misbehaves as SQS and networks do. It runs in this process. */
export async function sqsFaultProxy(endpoint: string, options: FaultOptions = {}): Promise<SqsFaultProxy> {
  const faults = new Faults(options);
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const forward: Forward = (call) => forwardTo(new URL(endpoint), agent, call);
  const server = createServer((incoming, outgoing) => {
    void handle(incoming, outgoing, faults, forward).catch(() => outgoing.destroy());
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stats: faults.stats,
    set: (changes) => faults.set(changes),
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

class Faults {
  readonly stats: FaultStats = {
    calls: {},
    failedEntries: 0,
    droppedDeletes: 0,
    lostDeletes: 0,
    droppedReceives: 0,
    droppedSends: 0,
    overLimits: 0,
    throttled: 0,
  };
  #options: FaultOptions = {};
  #random = seededRandom(1);

  constructor(options: FaultOptions) {
    this.set(options);
  }

  set(options: FaultOptions): void {
    this.#options = { ...this.#options, ...options };
    if (options.seed !== undefined) this.#random = seededRandom(options.seed);
  }

  latencyMs(): number {
    const { latencyMs = 0 } = this.#options;
    if (typeof latencyMs === 'number') return latencyMs;
    return latencyMs[0] + this.#random() * (latencyMs[1] - latencyMs[0]);
  }

  /** Draws; counts under `counter` when the fault happens. */
  happens(rate: Rate, counter: Counter): boolean {
    const chance = this.#options[rate] ?? 0;
    const happened = chance > 0 && this.#random() < chance;
    if (happened) this.stats[counter]++;
    return happened;
  }

  denies(action: string): boolean {
    return this.#options.denied?.includes(action) ?? false;
  }

  get kmsDenied(): boolean {
    return this.#options.kmsDenied ?? false;
  }

  get says(): Record<string, string> | undefined {
    return this.#options.says;
  }

  count(action: string): void {
    this.stats.calls[action] = (this.stats.calls[action] ?? 0) + 1;
  }
}

async function handle(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  faults: Faults,
  forward: Forward,
): Promise<void> {
  const action = String(incoming.headers['x-amz-target'] ?? 'none').replace('AmazonSQS.', '');
  const call = { action, headers: incoming.headers, body: await bodyOf(incoming) };
  faults.count(action);
  const delay = faults.latencyMs();
  if (delay > 0) await sleep(delay);
  const answer = await answerTo(call, faults, forward);
  if (!answer) outgoing.destroy();
  else outgoing.writeHead(answer.status, answer.headers).end(answer.body);
}

/** Undefined: break the connection instead of answering. */
async function answerTo(call: Call, faults: Faults, forward: Forward): Promise<Answer | undefined> {
  if (faults.denies(call.action))
    return refusal('AccessDenied', `not authorized to perform: sqs:${call.action.toLowerCase()}`);
  if (faults.happens('throttleRate', 'throttled')) return refusal('RequestThrottled', 'Rate exceeded');
  if (call.action === 'ReceiveMessage') return receive(call, faults, forward);
  if (call.action === 'DeleteMessageBatch' || call.action === 'DeleteMessage')
    return remove(call, faults, forward);
  if (call.action === 'SendMessageBatch') return send(call, faults, forward);
  if (call.action === 'GetQueueAttributes') return attributes(call, faults, forward);
  return forward(call);
}

async function attributes(call: Call, { says }: Faults, forward: Forward): Promise<Answer> {
  const answer = await forward(call);
  if (!says || answer.status !== 200) return answer;
  const { Attributes } = JSON.parse(answer.body.toString()) as { Attributes: Record<string, string> };
  return json(200, { Attributes: { ...Attributes, ...says } });
}

async function send(call: Call, faults: Faults, forward: Forward): Promise<Answer | undefined> {
  const answer = await doSome(call, faults, 'sendFailureRate', forward);
  return faults.happens('dropSendRate', 'droppedSends') ? undefined : answer;
}

async function receive(call: Call, faults: Faults, forward: Forward): Promise<Answer | undefined> {
  if (faults.happens('overLimitRate', 'overLimits'))
    return refusal('OverLimit', 'Too many messages in flight');
  if (faults.kmsDenied)
    return refusal('KmsAccessDenied', 'the ciphertext refers to a key that you may not use');
  const answer = await forward(call);
  return faults.happens('dropReceiveRate', 'droppedReceives') ? undefined : answer;
}

async function remove(call: Call, faults: Faults, forward: Forward): Promise<Answer | undefined> {
  if (faults.happens('lostDeleteRate', 'lostDeletes')) return success(call);
  const drop = faults.happens('dropDeleteRate', 'droppedDeletes');
  const answer =
    call.action === 'DeleteMessageBatch'
      ? await doSome(call, faults, 'deleteFailureRate', forward)
      : await forward(call);
  return drop ? undefined : answer;
}

function success({ action, body }: Call): Answer {
  if (action === 'DeleteMessage') return json(200, {});
  const { Entries } = JSON.parse(body.toString()) as { Entries: DeleteEntry[] };
  return json(200, { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] });
}

/** Forwards the entries that are to succeed and adds the failed ones to the answer. */
async function doSome(call: Call, faults: Faults, rate: Rate, forward: Forward): Promise<Answer> {
  const input = JSON.parse(call.body.toString()) as { QueueUrl: string; Entries: { Id: string }[] };
  const failed: FailedEntry[] = [];
  const kept = input.Entries.filter(({ Id }) => {
    if (!faults.happens(rate, 'failedEntries')) return true;
    failed.push({ Id, SenderFault: false, Code: 'InternalError', Message: 'injected by the fault proxy' });
    return false;
  });
  if (failed.length === 0) return forward(call);
  if (kept.length === 0) return json(200, { Successful: [], Failed: failed });
  const answer = await forward({ ...call, body: Buffer.from(JSON.stringify({ ...input, Entries: kept })) });
  if (answer.status !== 200) return answer;
  const result = JSON.parse(answer.body.toString()) as { Successful: unknown[]; Failed?: FailedEntry[] };
  return json(200, { ...result, Failed: [...(result.Failed ?? []), ...failed] });
}

function refusal(code: string, message: string): Answer {
  const answer = json(400, { __type: `com.amazonaws.sqs#${code}`, message });
  // SQS sends its older names in this header, and SDKs prefer them.
  answer.headers['x-amzn-query-error'] = `${code};Sender`;
  return answer;
}

function json(status: number, value: unknown): Answer {
  const body = Buffer.from(JSON.stringify(value));
  return { status, headers: { 'content-type': JSON_TYPE, 'content-length': String(body.length) }, body };
}

function forwardTo(endpoint: URL, agent: Agent, { headers, body }: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: endpoint.hostname,
        port: endpoint.port,
        path: '/',
        method: 'POST',
        agent,
        headers: { ...headers, connection: 'keep-alive', 'content-length': String(body.length) },
      },
      (incoming) => {
        bodyOf(incoming).then((answer) => resolve(asAnswer(incoming, answer)), reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function asAnswer(incoming: IncomingMessage, body: Buffer): Answer {
  const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...headers } = incoming.headers;
  return {
    status: incoming.statusCode ?? 502,
    headers: { ...headers, 'content-length': String(body.length) },
    body,
  };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

export interface SqsFaultProxyProcess {
  readonly endpoint: string;
  readonly pid: number;
  stats(): Promise<FaultStats>;
  set(options: FaultOptions): Promise<void>;
  stop(): Promise<void>;
}

/** The same proxy in a process of its own, so that a benchmark's event loop does not pay for it. */
export async function startSqsFaultProxyProcess(
  endpoint: string,
  options: FaultOptions = {},
): Promise<SqsFaultProxyProcess> {
  const args = [endpoint, JSON.stringify(options)];
  const { child, first } = await forkUntilReady('./sqs-fault-proxy-process.ts', args, ['--import', 'tsx']);
  let lastId = 0;
  const ask = (message: { set?: FaultOptions }) => {
    const id = ++lastId;
    return new Promise<FaultStats>((resolve, reject) => {
      const listen = (answer: { id?: number; stats: FaultStats }) => {
        if (answer.id !== id) return;
        child.off('message', listen);
        child.channel?.unref();
        resolve(answer.stats);
      };
      child.channel?.ref();
      child.on('message', listen);
      child.send({ id, ...message }, (error) => error && reject(error));
    });
  };
  return {
    endpoint: (first as { endpoint: string }).endpoint,
    pid: child.pid!,
    stats: () => ask({}),
    set: async (changes) => {
      await ask({ set: changes });
    },
    stop: () => endChild(child),
  };
}
