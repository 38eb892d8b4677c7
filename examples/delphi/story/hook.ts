import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A place that messages are sent to, as to Slack. */
export interface Hook {
  url: string;
  /** The texts so far. */
  texts: string[];
  close(): Promise<void>;
}

/** Opens one on a free port. */
export async function openHook(): Promise<Hook> {
  const texts: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    texts.push(body);
    response.end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/hook`, texts, close };
}
