// The SQS emulator as a process of its own; started by sqs.ts over an IPC channel. Plain JavaScript, so that
// Node runs it without a loader.
import { buildApp } from 'fauxqs';
import { createStore, patchEmulator, sendMany } from './fauxqs-patches.mjs';

await patchEmulator();
const sqsStore = await createStore();
const app = buildApp({ logger: false, stores: { sqsStore } });
app.post('/_test/send', { bodyLimit: 1 << 28 }, ({ body }) => sendMany(body, sqsStore));
await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' });
process.send?.('ready');
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
