import { afterAll, beforeAll, expect, test } from 'vitest';
import { lookAtSqs } from '../../src/init/index.ts';
import { startSqs, type TestSqs } from '../support/sqs.ts';

let sqs: TestSqs;

beforeAll(async () => {
  // Of its own: all queues of an account are listed.
  sqs = await startSqs();
});
afterAll(() => sqs.stop());

test('the queues of an account are listed and counted, dead-letter queues are told apart, nothing is received', async () => {
  await sqs.createQueue('orders-dlq');
  const queueUrl = await sqs.createQueue('orders');
  await sqs.send(queueUrl, [{ body: 'one' }, { body: 'two' }]);
  const options = {
    endpoint: sqs.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  };
  const { queues, more } = await lookAtSqs(options);
  expect(more).toBe(false);
  expect(queues.map(({ name, visible, dead }) => [name, visible, dead])).toEqual([
    ['orders', 2, false],
    ['orders-dlq', 0, true],
  ]);
  expect((await lookAtSqs({ ...options, queueUrl })).queues).toHaveLength(1);
  await expect(lookAtSqs({ ...options, queueUrl: `${queueUrl}-gone` })).rejects.toMatchObject({
    kind: 'source',
  });
  expect((await lookAtSqs(options)).queues[0]!.visible).toBe(2);
});
