import { isIPv6 } from 'node:net';
import { QctlError } from '../errors.ts';

/** Where the server listens. */
export interface ListenAddress {
  /** A name, or an address without brackets. */
  host: string;
  /** 0 takes any that is free. */
  port: number;
}

/** Where it listens if nobody says otherwise. */
export const DEFAULT_LISTEN: ListenAddress = { host: '127.0.0.1', port: 8090 };

const WRITTEN = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/@]+)):)?(\d{1,5})$/;

/**
 * Reads `HOST:PORT`, `[ADDRESS]:PORT` or `PORT`. Throws `usage` or `config` for any other text, as it stands in a flag or in
 * qctl.yaml.
 *
 * @param field what the text was given as: `--listen`, `serve.listen`
 */
export function parseListen(text: string, field: string): ListenAddress {
  const [whole, bracketed, plain, digits] = WRITTEN.exec(text.trim()) ?? [];
  const port = Number(digits);
  const host = bracketed ?? plain ?? DEFAULT_LISTEN.host;
  if (whole !== undefined && port <= 65_535 && (bracketed === undefined || isIPv6(bracketed)))
    return { host, port };
  throw new QctlError(
    field.startsWith('--') ? 'usage' : 'config',
    `${field}: expected HOST:PORT or PORT, got ${JSON.stringify(text)}`,
    {
      code: 'LISTEN_INVALID',
      hint: ['such as 8090, 127.0.0.1:8090 or [::1]:8090; an IPv6 address stands in brackets'],
      details: { field },
    },
  );
}

/** Whether only programs on this machine reach what listens there. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/i.test(host);
}

/** Whether it stands for all addresses of the machine. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || /^[0:]+$/.test(host);
}

/** As it stands in a URL: an IPv6 address in brackets. */
export function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
