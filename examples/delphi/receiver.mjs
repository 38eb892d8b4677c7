// delphi-webhook: takes alerts from Wazuh, and writes them to where DELPHI_QUEUE_TYPE says. An alert is accepted (202)
// once it is there. At SIGTERM it answers what it has begun.
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { env } = process;
const token = readFileSync(env.DELPHI_WEBHOOK_TOKEN_FILE, 'utf8').trim();

const queues = {
  async postgresql() {
    const { default: pg } = await import('pg');
    const pool = new pg.Pool({ connectionString: env.DELPHI_DATABASE_URL, max: 4 });
    pool.on('error', () => {});
    return {
      write: ({ id, agent }, body) =>
        pool.query(
          'INSERT INTO alerts (id, agent_id, payload) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING',
          [id, agent.id, body],
        ),
      close: () => pool.end(),
    };
  },
  async redis() {
    const { Redis } = await import('ioredis');
    const redis = new Redis(`redis://${env.DELPHI_REDIS_ADDR}`);
    redis.on('error', () => {});
    return {
      // The fields that a drain writes, so that what is unfinished can go back to the table.
      write: ({ id, agent }, body) => redis.xadd(env.DELPHI_STREAM_NAME, '*', ...fieldsOf(id, agent, body)),
      close: () => redis.quit(),
    };
  },
};

function fieldsOf(id, agent, body) {
  return ['id', id, 'body', body, 'key', agent.id, 'enqueuedAt', new Date().toISOString()];
}

const queue = await queues[env.DELPHI_QUEUE_TYPE]();

const server = createServer(async (request, response) => {
  if (request.url === '/health') return response.end('ok');
  if (request.headers['x-auth-token'] !== token) return response.writeHead(401).end();
  let body = '';
  for await (const chunk of request) body += chunk;
  try {
    const alert = JSON.parse(body);
    await queue.write(alert, body);
    appendFileSync(env.ACCEPTED_FILE, `${alert.id}\n`);
    response.writeHead(202).end();
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    response.writeHead(503).end();
  }
});
const [host, port] = env.DELPHI_WEBHOOK_LISTEN.split(':');
server.listen(Number(port), host);
process.on('SIGTERM', () => server.close(() => queue.close()));
