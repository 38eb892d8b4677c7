import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Paths of PEM files. */
export interface Certificates {
  ca: string;
  serverCert: string;
  serverKey: string;
  clientCert: string;
  clientKey: string;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A certificate authority of its own, a server certificate for localhost and a client certificate. */
export async function generateCertificates(folder: string): Promise<Certificates> {
  const at = (name: string) => join(folder, name);
  await writeFile(at('server.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  await writeFile(at('client.ext'), 'extendedKeyUsage=clientAuth\n');
  await openssl([
    'req',
    '-x509',
    ...KEY,
    '-days',
    '30',
    '-subj',
    '/CN=qctl test CA',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
  ]);
  await Promise.all([sign(folder, 'server', 'localhost'), sign(folder, 'client', 'qctl-test')]);
  return {
    ca: at('ca.crt'),
    serverCert: at('server.crt'),
    serverKey: at('server.key'),
    clientCert: at('client.crt'),
    clientKey: at('client.key'),
  };
}

async function sign(folder: string, name: string, commonName: string): Promise<void> {
  const at = (suffix: string) => join(folder, `${name}.${suffix}`);
  await openssl([
    'req',
    '-new',
    ...KEY,
    '-subj',
    `/CN=${commonName}`,
    '-keyout',
    at('key'),
    '-out',
    at('csr'),
  ]);
  await openssl([
    'x509',
    '-req',
    '-days',
    '30',
    '-in',
    at('csr'),
    '-CA',
    join(folder, 'ca.crt'),
    '-CAkey',
    join(folder, 'ca.key'),
    '-set_serial',
    name === 'server' ? '1' : '2',
    '-extfile',
    at('ext'),
    '-out',
    at('crt'),
  ]);
}

async function openssl(args: string[]): Promise<void> {
  try {
    await run('openssl', args);
  } catch (cause) {
    throw new Error('the TLS tests need the openssl command', { cause });
  }
}
