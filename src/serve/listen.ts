import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { QctlError } from '../errors.ts';
import { isLoopback, type ListenAddress, urlHost } from './address.ts';

/** Throws `refused` where others could reach what anybody may look at. */
export function requireProtection({ host, port }: ListenAddress, isProtected: boolean): void {
  if (isProtected || isLoopback(host)) return;
  throw new QctlError(
    'refused',
    `anybody who reaches ${urlHost(host)}:${port} could look at everything: nothing listens`,
    {
      code: 'LISTEN_UNPROTECTED',
      hint: [
        'give a token: openssl rand -hex 32 > token; chmod 600 token; qctl serve --token-file token',
        'or users: --basic-auth-file FILE with lines user:password',
        `or listen on this machine alone, and reach it by ssh -L ${port}:127.0.0.1:${port}`,
      ],
    },
  );
}

/** Listens. Throws `failed` that names address, reason and remedy. */
export async function listen(app: FastifyInstance, { host, port }: ListenAddress): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw cannotListen(cause as NodeJS.ErrnoException, { host, port });
  }
  const bound = app.server.address() as AddressInfo | null;
  return `http://${urlHost(host)}:${bound?.port ?? port}`;
}

function cannotListen(cause: NodeJS.ErrnoException, { host, port }: ListenAddress): QctlError {
  const at = `${urlHost(host)}:${port}`;
  const [why, ...hint] = REASONS[cause.code ?? '']?.(port) ?? [
    cause.code ?? cause.message,
    'another address or port: --listen',
  ];
  return new QctlError('failed', `cannot listen at ${at}: ${why}`, {
    code: cause.code === 'EADDRINUSE' ? 'PORT_TAKEN' : 'LISTEN_FAILED',
    hint,
    details: { host, port },
    cause,
  });
}

const REASONS: Record<string, (port: number) => [why: string, ...hint: string[]]> = {
  EADDRINUSE: (port) => [
    'something listens there already',
    `another qctl serve may run; who it is: ss -ltnp 'sport = :${port}'`,
    `or listen elsewhere: --listen ${port < 65_535 ? port + 1 : port - 1}`,
  ],
  EACCES: () => ['this user may not', 'ports below 1024 are for root: take another, such as --listen 8090'],
  EADDRNOTAVAIL: () => [
    'this machine has no such address',
    '0.0.0.0:PORT and [::]:PORT listen at all it has',
  ],
  ENOTFOUND: () => ['nobody knows that name', 'give an address of this machine'],
  EAI_AGAIN: () => ['nobody knows that name', 'give an address of this machine'],
};
