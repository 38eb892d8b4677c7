import { BlockList, isIP } from 'node:net';
import type { Redis } from 'ioredis';
import { ifAllowed, setting } from '../../backends/redis/info.ts';
import type { Finding } from '../../model/finding.ts';
import { addressOf } from './address.ts';
import type { Network } from './facts.ts';

/** How one server is reached, and who may reach it. */
export interface Access {
  /** `host:port`. */
  address: string;
  tls: boolean;
  network: Network | null;
  user: string | null;
  passwordGiven: boolean;
  /** Whether user default may log in without a password; null: it cannot be known. */
  passwordNeeded: boolean | null;
}

/** Looks at one connection and at what the server says of logins; changes nothing. */
export async function lookAtAccess(node: Redis): Promise<Access> {
  const { path, tls, password } = node.options;
  const { host, peer, shown } = addressOf(node);
  const user = (await ifAllowed(node.call('ACL', 'WHOAMI'))) as string | null;
  const passwordGiven = Boolean(password);
  return {
    address: shown,
    tls: tls !== undefined,
    network: path ? 'loopback' : networkOf(host, peer),
    user,
    passwordGiven,
    passwordNeeded: await passwordNeeded(node, passwordGiven, tls !== undefined),
  };
}

/** A name is as near as what it leads to; an address speaks for itself. */
function networkOf(host: string | undefined, peer: string | undefined): Network | null {
  if (host === 'localhost') return 'loopback';
  const address = host !== undefined && isIP(host) !== 0 ? host : peer;
  if (address === undefined) return null;
  if (within(LOOPBACK, address)) return 'loopback';
  return within(PRIVATE, address) ? 'private' : 'public';
}

function within(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function listOf(...nets: [address: string, prefix: number, family: 'ipv4' | 'ipv6'][]): BlockList {
  const list = new BlockList();
  for (const [address, prefix, family] of nets) list.addSubnet(address, prefix, family);
  return list;
}

const LOOPBACK = listOf(['127.0.0.0', 8, 'ipv4'], ['::1', 128, 'ipv6']);
const PRIVATE = listOf(
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
);

/** Whoever gave none and may ask has shown that none is needed; unless a certificate was asked for in its place. */
async function passwordNeeded(node: Redis, given: boolean, tls: boolean): Promise<boolean | null> {
  if (tls && (await setting(node, 'tls-auth-clients')) === 'yes') return true;
  if (!given) return false;
  const user = (await ifAllowed(node.call('ACL', 'GETUSER', 'default'))) as unknown[] | null;
  if (user === null) return null;
  const value = (name: string): unknown => user[user.indexOf(name) + 1];
  const flags = value('flags') as string[];
  return !(flags.includes('on') && flags.includes('nopass') && / \+|^\+/.test(String(value('commands'))));
}

/** What is wrong with how that server is reached. On this very host nobody else listens. */
export function accessFindings({ address, tls, network, passwordNeeded }: Access): Finding[] {
  if (network === 'loopback' || network === null) return [];
  const findings: Finding[] = [];
  if (!tls)
    findings.push({
      level: network === 'public' ? 'warning' : 'note',
      code: 'NO_TLS',
      text: `the connection to ${address} is not encrypted: messages${passwordNeeded === false ? '' : ' and the password'} pass the network as they are`,
      remedy:
        'open a TLS port (tls-port with tls-cert-file and tls-key-file in redis.conf) and use rediss:// for it',
    });
  if (passwordNeeded === false)
    findings.push({
      level: 'warning',
      code: 'NO_PASSWORD',
      text: `user default of ${address} needs no password: whoever reaches it may read and delete every message`,
      remedy: 'CONFIG SET requirepass PASSWORD (and in redis.conf), then give it to qctl in REDIS_PASSWORD',
    });
  return findings;
}
