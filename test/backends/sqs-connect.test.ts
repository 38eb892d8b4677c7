import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  connectSqs,
  isRetryableSqs,
  isThrottle,
  queueFacts,
  type SqsOptions,
} from '../../src/backends/sqs/index.ts';
import { freePort } from '../support/server-process.ts';
import { sharedSqs, uniqueName } from '../support/shared.ts';
import { expectNotToHold, failureOf, noiseOf, silentServer } from './failure.ts';

const SECRET = 'hunter2+secret';
const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: SECRET };

const attempt = (options: SqsOptions) =>
  failureOf(connectSqs({ region: 'eu-west-1', credentials, connectTimeoutMs: 2000, ...options }));

describe('a queue that is there', () => {
  const sqs = sharedSqs();
  const connect = (queueUrl: string, options: Partial<SqsOptions> = {}) =>
    connectSqs({ queueUrl, endpoint: sqs.endpoint, region: 'us-east-1', credentials, ...options });

  it('is described in numbers and milliseconds', async () => {
    const target = await sqs.createQueue(uniqueName('dead'));
    const arn = (await queueFacts(await connect(target))).arn;
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: '5' });
    const attributes = {
      VisibilityTimeout: '45',
      DelaySeconds: '0',
      MessageRetentionPeriod: '3600',
      RedrivePolicy,
    };
    const queueUrl = await sqs.createQueue(uniqueName('facts'), { attributes });
    await sqs.send(queueUrl, ['a', 'b', { body: 'later', delaySeconds: 600 }]);
    const connection = await connect(queueUrl);
    expect(await queueFacts(connection)).toMatchObject({
      visible: 2,
      inFlight: 0,
      delayed: 1,
      fifo: false,
      contentBasedDeduplication: false,
      visibilityTimeoutMs: 45_000,
      retentionMs: 3_600_000,
      delayMs: 0,
      redrivePolicy: { deadLetterTargetArn: arn, maxReceiveCount: 5 },
    });
    connection.close();
    connection.close();
  });

  it('may be FIFO and without a dead-letter queue', async () => {
    const attributes = { ContentBasedDeduplication: 'true' };
    const queueUrl = await sqs.createQueue(uniqueName('fifo'), { fifo: true, attributes });
    const connection = await connect(queueUrl);
    const facts = await queueFacts(connection);
    expect(facts).toMatchObject({ fifo: true, contentBasedDeduplication: true, redrivePolicy: null });
    connection.close();
  });

  it('is reached without any warning of the SDK, and other warnings still come through', async () => {
    const queueUrl = await sqs.createQueue(uniqueName('quiet'));
    const quiet = await noiseOf(async () => {
      (await connect(queueUrl)).close();
      // Without an endpoint the queue URL is the address; the SDK has advice about that.
      (await connect(queueUrl, { endpoint: undefined })).close();
    });
    expect(quiet).toBe('');
    const other = await noiseOf(async () => process.emitWarning('something else'));
    expect(other).toContain('something else');
  });

  it('is told from one that is not there', async () => {
    const queueUrl = `${sqs.endpoint}/000000000000/${uniqueName('gone')}`;
    const error = await attempt({ queueUrl, endpoint: sqs.endpoint });
    expect(error).toMatchObject({ kind: 'source', code: 'SQS_NO_QUEUE' });
    expect(error.message).toBe(`cannot connect to sqs (${queueUrl}): the queue does not exist`);
    expectNotToHold(error, SECRET);
  });
});

describe('an endpoint that does not answer', () => {
  it('is named with the reason: nothing listens there', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const error = await attempt({ queueUrl: `${endpoint}/1/orders`, endpoint });
    expect(error).toMatchObject({ kind: 'source', code: 'SQS_UNREACHABLE' });
    expect(error.message).toContain('nothing listens there (ECONNREFUSED)');
    expect(isRetryableSqs(error)).toBe('connection lost: ECONNREFUSED');
  });

  it('is named with the reason: the name does not resolve', async () => {
    const error = await attempt({ queueUrl: 'https://sqs.invalid/1/orders' });
    expect(error.message).toMatch(/does not resolve|name server/);
  });

  it('is given up in time when it keeps silent', async () => {
    const hole = await silentServer();
    const from = Date.now();
    const error = await attempt({
      queueUrl: `http://127.0.0.1:${hole.port}/1/orders`,
      connectTimeoutMs: 500,
    });
    expect(Date.now() - from).toBeLessThan(900);
    expect(error).toMatchObject({ kind: 'source', code: 'SQS_TIMEOUT' });
    hole.stop();
  });
});

describe('what cannot be meant', () => {
  it.each([
    ['orders', 'cannot be read'],
    ['arn:aws:sqs:eu-west-1:1:orders', 'an ARN is not a queue URL'],
    ['https://sqs.eu-west-1.amazonaws.com', 'names no queue'],
    ['ftp://sqs.eu-west-1.amazonaws.com/1/orders', 'must start with https://'],
    ['https://sqs.us-east-2.amazonaws.com/1/orders', 'the region is eu-west-1 but the queue is in us-east-2'],
  ])('queue URL %s', async (queueUrl, why) => {
    const error = await attempt({ queueUrl });
    expect(error).toMatchObject({ kind: 'config', code: 'SQS_CONFIG' });
    expect(error.message).toContain(why);
  });

  it('a queue URL that tells no region, where none is set', async () => {
    for (const name of ['AWS_REGION', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
    for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/dev/null');
    const error = await attempt({ queueUrl: 'http://127.0.0.1:1/1/orders', region: undefined });
    expect(error).toMatchObject({ kind: 'config', code: 'SQS_REGION' });
    vi.unstubAllEnvs();
  });

  it('no credentials at all: the hint names the variables', async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE'])
      vi.stubEnv(name, undefined);
    for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/dev/null');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    const error = await attempt({ queueUrl: 'http://127.0.0.1:1/1/orders', credentials: undefined });
    expect(error).toMatchObject({ kind: 'auth', code: 'SQS_NO_CREDENTIALS' });
    expect(error.hint.join()).toContain('AWS_ACCESS_KEY_ID');
    vi.unstubAllEnvs();
  });

  it('takes the region from the queue URL', async () => {
    const { resolveSqs } = await import('../../src/backends/sqs/options.ts');
    const regions = [
      'https://sqs.ap-southeast-5.amazonaws.com/1/q',
      'https://us-west-2.queue.amazonaws.com/1/q',
      'https://sqs.cn-north-1.amazonaws.com.cn/1/q',
      'https://sqs-fips.us-gov-west-1.amazonaws.com/1/q',
      'https://vpce-1a.sqs.eu-central-1.vpce.amazonaws.com/1/q',
      'http://localhost:4566/1/q',
    ].map((queueUrl) => resolveSqs({ queueUrl }).region);
    expect(regions).toEqual([
      'ap-southeast-5',
      'us-west-2',
      'cn-north-1',
      'us-gov-west-1',
      'eu-central-1',
      undefined,
    ]);
  });
});

describe('what AWS refuses', () => {
  let server: Server;
  let reply: { status: number; type: string; message: string };
  const connect = async (status: number, type: string, message = '') => {
    reply = { status, type, message };
    const { port } = server.address() as AddressInfo;
    return attempt({ queueUrl: `http://127.0.0.1:${port}/1/orders` });
  };

  beforeAll(async () => {
    server = createServer((_, response) => {
      response.writeHead(reply.status, {
        'content-type': 'application/x-amz-json-1.0',
        'x-amzn-requestid': 'req-1',
      });
      response.end(JSON.stringify({ __type: `com.amazonaws.sqs#${reply.type}`, message: reply.message }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  it('names the action that is not allowed', async () => {
    const message =
      'User: arn:aws:iam::1:user/a is not authorized to perform: sqs:getqueueattributes on resource: arn:aws:sqs:x because no policy allows it';
    const error = await connect(403, 'AccessDeniedException', message);
    expect(error).toMatchObject({ kind: 'auth', code: 'SQS_DENIED', details: { requestId: 'req-1' } });
    expect(error.message).toContain('access denied: sqs:getqueueattributes is not allowed');
  });

  it.each([
    ['InvalidClientTokenId', '', 'auth', 'SQS_AUTH'],
    ['ExpiredToken', '', 'auth', 'SQS_EXPIRED'],
    ['SignatureDoesNotMatch', 'The request signature we calculated does not match', 'auth', 'SQS_AUTH'],
    ['SignatureDoesNotMatch', 'Credential should be scoped to a valid region.', 'config', 'SQS_REGION'],
    ['QueueDoesNotExist', '', 'source', 'SQS_NO_QUEUE'],
  ])('%s %s is of kind %s', async (type, message, kind, code) => {
    const error = await connect(400, type, message);
    expect(error).toMatchObject({ kind, code });
    expect(isRetryableSqs(error)).toBeUndefined();
    expectNotToHold(error, SECRET);
  });

  it.each([
    [400, 'OverLimit'],
    [400, 'RequestThrottled'],
    [400, 'KmsThrottled'],
    [400, 'ThrottlingException'],
    [503, 'ServiceUnavailable'],
  ])('%s %s asks to slow down', async (status, type) => {
    const error = await connect(status, type);
    expect(isThrottle(error)).toBe(true);
    expect(isRetryableSqs(error)).toContain('slow down');
  });

  it('knows a fault of SQS itself as passing', async () => {
    const error = await connect(500, 'InternalError');
    expect(isThrottle(error)).toBe(false);
    expect(isRetryableSqs(error)).toContain('500');
  });
});
