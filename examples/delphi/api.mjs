// A stand-in for one of the three APIs: answers after DELAY_MS; between GET /hold and GET /release to nobody. The mail relay
// writes down what was sent.
//   node api.mjs PORT
import { EventEmitter, once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const { DELAY_MS, MAILS_FILE } = process.env;
const controls = new EventEmitter().setMaxListeners(0);
let held = false;

const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  if (request.url === '/hold' || request.url === '/release') {
    held = request.url === '/hold';
    controls.emit('change');
    return response.end();
  }
  while (held) await once(controls, 'change');
  await sleep(Number(DELAY_MS));
  // Who has gone away tries again.
  if (response.destroyed) return;
  if (request.url === '/mails') {
    const { id, by } = JSON.parse(body);
    appendFileSync(MAILS_FILE, `${JSON.stringify({ id, by, at: Date.now() })}\n`);
  }
  response.setHeader('content-type', 'application/json').end('{"answer":"as asked"}');
});
server.listen(Number(process.argv[2]), '127.0.0.1');

// An API that goes down leaves its callers standing.
process.on('SIGTERM', () => process.exit());
