import { CreateQueueCommand, DeleteQueueCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { drain } from '../drain/driver.ts';
import { uniqueName } from '../support/shared.ts';
import { analysed, found } from './driver.ts';
import { misbehaving, queueOf, queueWithDeadLetters, redriveTo } from './sqs-queue.ts';

describe.concurrent('the dead-letter queue', () => {
  test('that holds messages is warned of, until they are drained too', async () => {
    const { queue, letters } = await queueWithDeadLetters(['alive']);
    await letters.send(['dead', 'deader']);
    const [finding] = await found(queue.of(), 'DEAD_LETTERS_WAITING');
    expect(finding).toMatchObject({ level: 'warning' });
    expect(finding!.what).toContain(`dead-letter queue ${letters.name} holds 2 messages`);
    expect(finding!.remedy).toContain(`qctl drain sqs --queue-url ${letters.queueUrl}`);
    expect(finding!.remedy).toContain(`--source-arn ${letters.arn} --destination-arn ${queue.arn}`);
    expect((await analysed(queue.of())).moves[0]!.source).toMatchObject({
      deadLetters: { queue: letters.name, url: letters.queueUrl, depth: 2, retentionMs: 1_209_600_000 },
    });
    const { endpoint, queueUrl } = letters.of().sqs;
    await drain({ queueUrl, endpoint, target: { stream: uniqueName('dead') } });
    expect(await found(queue.of(), 'DEAD_LETTERS_WAITING')).toEqual([]);
    expect((await queue.depth()).visible).toBe(1);
  });

  test('that is drained itself is named as such, until no queue sends its dead letters there', async () => {
    const { queue, letters } = await queueWithDeadLetters();
    expect(await found(letters.of(), 'IS_DEAD_LETTER_QUEUE')).toMatchObject([
      { level: 'note', what: expect.stringContaining(`dead-letter queue of ${queue.name}`) },
    ]);
    expect((await analysed(letters.of())).moves[0]!.source).toMatchObject({ deadLettersOf: [queue.name] });
    expect(await found(letters.of(), 'NO_DEAD_LETTER_QUEUE')).toEqual([]);
    await queue.set({ RedrivePolicy: '' });
    expect(await found(letters.of(), 'IS_DEAD_LETTER_QUEUE')).toEqual([]);
  });

  test('that is missing is noted, until there is one', async () => {
    const queue = await queueOf();
    const [finding] = await found(queue.of(), 'NO_DEAD_LETTER_QUEUE');
    expect(finding).toMatchObject({ level: 'note' });
    // The command as it stands, with the ARN of a queue in it.
    const letters = await queueOf();
    const [, attributes] = /--attributes '(.*?)'/.exec(finding!.remedy!)!;
    await queue.set(JSON.parse(attributes!.replace('ARN', letters.arn)));
    expect(await found(queue.of(), 'NO_DEAD_LETTER_QUEUE')).toEqual([]);
    expect((await analysed(queue.of())).moves[0]!.source).toMatchObject({ maxReceiveCount: 5 });
  });

  test('that keeps messages no longer than the queue is noted, until it does', async () => {
    const { queue, letters } = await queueWithDeadLetters([], 5, {});
    const [finding] = await found(queue.of(), 'DEAD_LETTER_RETENTION');
    expect(finding).toMatchObject({ level: 'note', what: expect.stringContaining('4d0h') });
    const [, url, attributes] = /--queue-url (\S+) --attributes '(.*)'/.exec(finding!.remedy!)!;
    expect(url).toBe(letters.queueUrl);
    await letters.set(JSON.parse(attributes!));
    expect(await found(queue.of(), 'DEAD_LETTER_RETENTION')).toEqual([]);
  });

  test('that does not exist is warned of, until it is made', async () => {
    const { queue, letters } = await queueWithDeadLetters();
    const { client } = letters.sqs;
    await client.send(new DeleteQueueCommand({ QueueUrl: letters.queueUrl }));
    const [finding] = await found(queue.of(), 'DEAD_LETTER_QUEUE_GONE');
    expect(finding).toMatchObject({ level: 'warning', what: expect.stringContaining(letters.arn) });
    expect(finding!.remedy).toContain(`aws sqs create-queue --queue-name ${letters.name}`);
    expect((await analysed(queue.of())).moves[0]!.source).toMatchObject({
      deadLetters: { queue: letters.name, url: null, depth: null, retentionMs: null },
    });
    await client.send(new CreateQueueCommand({ QueueName: letters.name }));
    expect(await found(queue.of(), 'DEAD_LETTER_QUEUE_GONE')).toEqual([]);
  });

  test('that may not be looked at is noted, until it may', async () => {
    const { queue, letters } = await queueWithDeadLetters();
    const proxy = await misbehaving({
      denied: ['GetQueueUrl', 'ListDeadLetterSourceQueues'],
    });
    const given = queue.of(proxy.endpoint);
    expect(await found(given, 'DEAD_LETTERS_UNKNOWN')).toMatchObject([
      { level: 'note', remedy: `allow sqs:GetQueueUrl and sqs:GetQueueAttributes on ${letters.arn}` },
    ]);
    expect((await analysed(given)).moves[0]!.source).toMatchObject({ deadLettersOf: null });
    proxy.set({ denied: [] });
    expect(await found(given, 'DEAD_LETTERS_UNKNOWN')).toEqual([]);
  });

  test('of a FIFO queue counts the time anew, and needs no longer retention', async () => {
    const letters = await queueOf([], { fifo: true });
    const queue = await queueOf([], { fifo: true, attributes: redriveTo(letters) });
    expect(await found(queue.of(), 'DEAD_LETTER_RETENTION')).toEqual([]);
  });
});
