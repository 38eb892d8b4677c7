import { isIP, isIPv6 } from 'node:net';
import { isLoopback, isWildcard, type ListenAddress } from '../address.ts';

/** Under which names, and from which pages, the server may be called. */
export interface Names {
  /** Whether a Host header names this server. Another name is that of a page that has its name point here. */
  isOwnHost(header: string | undefined): boolean;
  /** Whether a page of that origin was served under this Host, or under a name that the operator gave. */
  isOwnOrigin(origin: string, host: string): boolean;
}

/**
 * What the server answers to: the address that it listens at, what stands for this machine, and the names given, with
 * or without a port. Addresses cannot be made to point elsewhere, so each is as good as another where it listens at all.
 */
export function ownNames({ host }: ListenAddress, given: readonly string[]): Names {
  const configured = given.map((name) => name.toLowerCase().replace(/\.$/, ''));
  const names = new Set(['localhost', sameForm(host.toLowerCase()), ...configured.map(nameOf)]);
  const anyAddress = isWildcard(host);
  return {
    isOwnHost(header) {
      const name = header === undefined ? undefined : readName(header);
      if (name === undefined) return false;
      return names.has(name) || isLoopback(name) || (anyAddress && isIP(name) > 0);
    },
    isOwnOrigin(origin, header) {
      const page = readOrigin(origin);
      if (page === undefined) return false;
      return page === withoutDefaultPort(header.toLowerCase()) || configured.includes(page);
    },
  };
}

/** The name of a Host header, without port, brackets and last dot; undefined where it is none. */
function readName(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:/@[\]\\?#,]+))(?::\d{1,5})?$/i.exec(header);
  const name = (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '');
  return name === undefined ? undefined : sameForm(name);
}

/** An IPv6 address as browsers write it: `fd00::1`, whether `fd00:0::1` or that was given. */
function sameForm(name: string): string {
  return isIPv6(name) ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name;
}

function nameOf(given: string): string {
  return readName(given) ?? given;
}

/** `host` or `host:port` of an Origin header; undefined for `null` and what is no page. */
function readOrigin(origin: string): string | undefined {
  if (!/^https?:\/\//i.test(origin) || !URL.canParse(origin)) return undefined;
  const { host, pathname, username } = new URL(origin);
  return pathname === '/' && username === '' ? host : undefined;
}

function withoutDefaultPort(host: string): string {
  return host.replace(/:(80|443)$/, '');
}
