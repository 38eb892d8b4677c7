/*
 * The REST API that takes GitHub's webhooks, and GitHub itself: a delivery every WEBHOOK_EVERY_MS. One that the queue
 * has confirmed is accepted, and its id written to ACCEPTED_FILE. At SIGTERM it waits for the last answer.
 */
import { randomUUID } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openQueue } from './queue.mjs';

const { env } = process;
const EVENTS = ['push', 'pull_request', 'issues', 'workflow_run'];

let stopping = false;
process.on('SIGTERM', () => {
  stopping = true;
});

const queue = await openQueue();
writeFileSync(env.READY_FILE, 'ready');
for (let count = 0; !stopping; count += 1) {
  const delivery = randomUUID();
  const event = EVENTS[count % EVENTS.length];
  const body = JSON.stringify({ delivery, event, repository: 'devops-mcp', at: new Date().toISOString() });
  await queue.send({ delivery, event, body });
  appendFileSync(env.ACCEPTED_FILE, `${env.QUEUE_TYPE} ${delivery}\n`);
  await sleep(Number(env.WEBHOOK_EVERY_MS));
}
await queue.close();
