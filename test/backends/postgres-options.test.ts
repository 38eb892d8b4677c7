import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { postgresLabel } from '../../src/backends/postgres/index.ts';
import { resolvePostgres } from '../../src/backends/postgres/options.ts';
import { isQctlError } from '../../src/errors.ts';

describe('a postgres url', () => {
  it.each([
    ['postgres://app:pw@h', 'postgres://app@h:5432/app'],
    ['postgresql://app:pw@h:6000/orders', 'postgres://app@h:6000/orders'],
    ['postgres://a%40b@[::1]/x', 'postgres://a%40b@[::1]:5432/x'],
    ['postgres://app@/orders?host=/run/pg&port=5433', 'postgres://app@%2Frun%2Fpg:5433/orders'],
    ['postgres:///orders?user=app&password=pw&host=h', 'postgres://app@h:5432/orders'],
  ])('%s is shown as %s', (url, label) => {
    expect(postgresLabel({ url })).toBe(label);
  });

  it('takes what libpq takes from the query', () => {
    const query = 'connect_timeout=3&application_name=mover&options=-c%20work_mem%3D4MB&sslmode=verify-full';
    const resolved = resolvePostgres({ url: `postgres://app:p%2Fw@h/x?${query}` });
    expect(resolved).toMatchObject({ connectTimeoutMs: 3000, applicationName: 'mover', password: 'p/w' });
    expect(resolved).toMatchObject({ serverOptions: '-c work_mem=4MB', sslmode: 'verify-full', ssl: {} });
  });

  it('lets options win over the url', () => {
    const url = 'postgres://a:b@h:1/x?sslmode=require';
    const resolved = resolvePostgres({ url, user: 'c', password: 'd', database: 'y', port: 2, ssl: false });
    expect(resolved).toMatchObject({ user: 'c', password: 'd', database: 'y', port: 2, ssl: false });
  });

  it.each([
    ['mysql://app:hunter2@h', 'must start with postgres://'],
    ['postgres://app:hunter2#x@h', 'cannot be read'],
    ['postgres://app:hunter2@h1,h2/x', 'several hosts'],
    ['postgres://app:hunter2@h/x?sslmode=maybe', 'sslmode must be one of'],
    ['postgres://app:hunter2@h/x?sslrootcert=/no/such/file', '/no/such/file'],
    ['postgres://app:hunter2@h/x?port=abc', 'port is not a whole number'],
    ['postgres://app:hunter2%@h/x', 'valid escape'],
  ])('%s is refused without its password', (url, why) => {
    const error = errorOf(() => resolvePostgres({ url }));
    expect(error).toMatchObject({ kind: 'config', code: 'POSTGRES_URL' });
    expect(error.message).toContain(why);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2');
  });

  it('refuses a port that is none', () => {
    expect(errorOf(() => resolvePostgres({ host: 'h', port: 70_000 }))).toMatchObject({
      code: 'POSTGRES_CONFIG',
    });
  });
});

function errorOf(work: () => unknown) {
  try {
    work();
  } catch (error) {
    if (isQctlError(error)) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
