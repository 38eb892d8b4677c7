import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { placeOf } from '../../commands/completion/place.ts';
import { readScript } from '../../commands/completion/script.ts';
import { type CommandEnd, runCommand } from './run-command.ts';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'qctl-install-'));
});

function install(words: string[], env: Record<string, string> = {}): Promise<CommandEnd> {
  return runCommand(['completion', 'install', ...words], { env: { HOME: home, ...env } });
}

async function put(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

describe('qctl completion install', () => {
  test('takes the shell of the user, writes where it looks, and does nothing the second time', async () => {
    const env = { SHELL: '/usr/bin/fish', XDG_CONFIG_HOME: join(home, 'settings') };
    const file = join(home, 'settings/fish/completions/qctl.fish');
    const dry = await install(['--dry-run'], env);
    expect(dry.stdout).toContain('nothing was written');
    expect(existsSync(file)).toBe(false);
    expect(JSON.parse((await install(['-o', 'json'], env)).stdout)).toEqual({
      ...{ type: 'completion-install', shell: 'fish', dryRun: false, missing: null },
      changes: [{ path: file, prior: null, next: 'this version' }],
    });
    expect(await readFile(file, 'utf8')).toBe(await readScript('fish'));
    expect((await stat(file)).mode & 0o777).toBe(0o644);
    expect((await install([], env)).stdout).toMatch(/qctl\.fish +the same +the same$/m);
  });

  test('an older script of qctl is replaced, any other file is left alone', async () => {
    const file = await put(
      join(home, '.config/fish/completions/qctl.fish'),
      '# fish completion for qctl: the candidates come from qctl itself.\nold\n',
    );
    expect((await install(['fish'])).stdout).toMatch(/another version +this version/);
    await writeFile(file, 'complete -c qctl -a mine\n');
    const { code, stderr } = await install(['fish']);
    expect(code).toBe(3);
    expect(stderr).toContain('is not a script of qctl');
    expect(await readFile(file, 'utf8')).toBe('complete -c qctl -a mine\n');
  });

  test('says which line zsh needs, and writes it only where that is asked for', async () => {
    const rc = await put(join(home, 'dots/.zshrc'), 'autoload -Uz compinit\ncompinit\n');
    await chmod(rc, 0o600);
    const env = { SHELL: '/bin/zsh', ZDOTDIR: join(home, 'dots') };
    const functions = join(home, '.local/share/zsh/site-functions');
    const { stdout } = await install([], env);
    expect(stdout).toContain(`fpath=(${functions} $fpath)`);
    expect(stdout).toContain('--edit-rc');
    expect(await readFile(rc, 'utf8')).toBe('autoload -Uz compinit\ncompinit\n');
    await install(['--edit-rc'], env);
    const edited = `# Added by 'qctl completion install'.\nfpath=(${functions} $fpath)\n\nautoload -Uz compinit\ncompinit\n`;
    expect(await readFile(rc, 'utf8')).toBe(edited);
    expect((await stat(rc)).mode & 0o777).toBe(0o600);
    expect(JSON.parse((await install(['--edit-rc', '-o', 'json'], env)).stdout)).toMatchObject({
      changes: [{ path: join(functions, '_qctl'), prior: 'the same' }],
      missing: null,
    });
    expect(await readFile(rc, 'utf8')).toBe(edited);
  });

  test('a shell that there is no script for is named, with those that there are', async () => {
    const { code, stderr } = await install([], { SHELL: '/bin/tcsh' });
    expect(code).toBe(2);
    expect(stderr).toContain('there is no completion for /bin/tcsh');
    expect(stderr).toContain('bash|zsh|fish');
    expect((await install([])).stderr).toContain('SHELL does not say');
  });

  test('a folder that cannot be made is an error that says why', async () => {
    await put(join(home, '.config'), 'a file');
    const { code, stderr } = await install(['fish']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/qctl\.fish: ENOTDIR/);
  });
});

describe('where a shell looks', () => {
  const of = (shell: 'bash' | 'zsh' | 'fish', env: Record<string, string> = {}, libraries: string[] = []) =>
    placeOf(shell, { HOME: home, ...env }, libraries);

  test('bash with bash-completion needs nothing, without it a line until it is there', async () => {
    const file = join(home, '.local/share/bash-completion/completions/qctl');
    expect(of('bash', {}, ['/bin/sh'])).toMatchObject({ file, lines: [] });
    expect(of('bash')).toMatchObject({ rc: join(home, '.bashrc'), lines: [`source ${file}`] });
    await put(join(home, '.bashrc'), 'source ~/.local/share/bash-completion/completions/qctl\n');
    expect(of('bash').lines).toEqual([]);
    expect(of('bash', { XDG_DATA_HOME: '/data' }).file).toBe('/data/bash-completion/completions/qctl');
    expect(of('bash', { XDG_DATA_HOME: 'not/absolute' }).file).toBe(file);
    expect(of('bash', { BASH_COMPLETION_USER_DIR: '/mine' }).file).toBe('/mine/completions/qctl');
  });

  test('zsh: a folder of the user on fpath is taken; without compinit that is needed as well', async () => {
    expect(of('zsh').lines.at(-1)).toBe('autoload -Uz compinit && compinit');
    await put(
      join(home, '.zshrc'),
      '# fpath=(~/.old $fpath)\nfpath=("$HOME/.zfunc" /usr/share/zsh $fpath)\n',
    );
    expect(of('zsh')).toMatchObject({ file: join(home, '.zfunc/_qctl'), lines: [] });
  });

  test('a name with a blank is quoted in the line', () => {
    expect(of('bash', { XDG_DATA_HOME: '/my data' }).lines).toEqual([
      "source '/my data/bash-completion/completions/qctl'",
    ]);
  });
});
