import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServiceManager } from '../../test/support/service-manager.ts';
import type { Stage } from '../kit/scenario.ts';
import { Terminal } from '../kit/terminal.ts';
import { SERVICES } from './deployments.ts';

const QCTL = fileURLToPath(new URL('../../bin/qctl.js', import.meta.url));

/** A shell in the team's folder, with kubectl, aws and qctl on its PATH, and the password in a file. */
export async function terminalOf(
  { folder, onEnd }: Stage,
  settings: Record<string, string>,
  password: string,
  { binFolder }: ServiceManager,
): Promise<Terminal> {
  const bin = join(folder, 'bin');
  for (const name of [bin, join(folder, 'archive'), join(folder, 'secrets')]) await mkdir(name);
  const passwordFile = join(folder, 'secrets', 'redis');
  await writeFile(passwordFile, password, { mode: 0o600 });
  for (const [name, script] of [
    ['aws', join(SERVICES, 'aws.mjs')],
    ['qctl', QCTL],
  ] as const) {
    await writeFile(join(bin, name), `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`);
    await chmod(join(bin, name), 0o755);
  }
  const terminal = new Terminal({
    cwd: folder,
    settings: { ...settings, REDIS_PASSWORD_FILE: 'secrets/redis' },
    hidden: {
      PATH: [bin, binFolder, process.env.PATH].join(':'),
      XDG_STATE_HOME: join(folder, 'state'),
    },
  });
  onEnd(() => terminal.close());
  return terminal;
}
