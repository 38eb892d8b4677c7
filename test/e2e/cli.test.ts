import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { EXIT_CODES } from '../../commands/exit-codes.ts';
import { COMMANDS } from '../../commands/registry.ts';
import { cleanEnvironment, runQctl } from '../support/qctl.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BINARY = join(ROOT, 'bin/qctl.js');
const VERSION: string = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;

/**
 * A program: folder of the project, then names of commands. What each prints stands behind its name. Each of them would end
 * the process two seconds later, if it were still there.
 */
const EVERY_HELP = `
  process.exit = () => undefined;
  const [root, ...names] = process.argv.slice(1);
  const { main } = await import(root + "/dist/main.js");
  for (const name of names) {
    let text = "";
    const write = process.stdout.write;
    process.stdout.write = (chunk, ...rest) => { text += chunk; rest.findLast((one) => typeof one === "function")?.(); return true; };
    await main([...name.split(" "), "--help"]);
    process.stdout.write = write;
    process.stdout.write("\\0" + name + " ends with " + process.exitCode + "\\n" + text);
  }`;

/** Runs a line of shell in which `qctl` is the built binary. */
function shell(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const script = `set -o pipefail; qctl() { "${process.execPath}" "${BINARY}" "$@"; }; ${line}`;
    execFile('bash', ['-c', script], { env: cleanEnvironment() }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

describe('version and help', () => {
  test.each([['--version'], ['-V']])('%s', async (flag) => {
    expect(await runQctl([flag])).toMatchObject({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  test('--version is found behind other flags, too', async () => {
    expect(await runQctl(['--no-color', '--version'])).toMatchObject({ code: 0, stdout: `${VERSION}\n` });
  });

  test.each([[[]], [['--help']], [['help']]])('%j is the root help', async (argv) => {
    const { code, stdout, stderr } = await runQctl(argv);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const entry of COMMANDS) expect(stdout).toContain(`  ${entry.name}`);
  });

  test('a noun, a verb and help about a verb', async () => {
    expect((await runQctl(['config', '--help'])).stdout).toContain('config validate');
    const { stdout } = await runQctl(['config', 'show', '--help']);
    expect(stdout).toContain('Usage: qctl config show [options]');
    expect((await runQctl(['help', 'config', 'show'])).stdout).toBe(stdout);
  });

  test('--help of every command, each from the part of the program that holds it', async () => {
    const names = COMMANDS.map(({ name }) => name).filter((name) => name !== 'help');
    // One process for all of them: a start takes longer than the help.
    const { stdout, stderr } = await shell(
      `node --no-warnings --input-type=module -e '${EVERY_HELP}' ${ROOT} "${names.join('" "')}"`,
    );
    expect(stderr).toBe('');
    const told = stdout.split('\0').slice(1);
    expect(told.map((text) => text.split('\n')[0])).toEqual(names.map((name) => `${name} ends with 0`));
    for (const text of told) expect(text).toMatch(/Impact: (read|write|destructive)\./);
  });

  test('topics, as text and as data', async () => {
    for (const topic of ['exit-codes', 'environment', 'output', 'safety']) {
      expect(await runQctl(['help', topic])).toMatchObject({ code: 0, stderr: '' });
    }
    const { stdout } = await runQctl(['help', 'exit-codes', '-o', 'json']);
    expect(JSON.parse(stdout)).toEqual({ type: 'exit-code-list', items: EXIT_CODES });
  });
});

describe('mistakes end with 2 and say what to do', () => {
  test.each([
    [['confg'], "unknown command 'confg'", "did you mean 'qctl config'?"],
    [['config', 'shw'], "unknown command 'config shw'", "did you mean 'qctl config show'?"],
    [['help', 'exit-code'], "unknown command 'help exit-code'", "did you mean 'qctl help exit-codes'?"],
    [['config'], 'config needs a verb: show, validate, profiles', "run 'qctl config --help'"],
    [['config', 'show', '--outptu', 'json'], "unknown option '--outptu'", 'did you mean --output?'],
    [['--quiet'], 'no command is given', "run 'qctl --help' for the commands"],
  ])('%j', async (argv, message, hint) => {
    const { code, stdout, stderr } = await runQctl(argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n').slice(0, 2)).toEqual([`qctl: ${message}`, `  hint: ${hint}`]);
    expect(stderr).not.toContain('    at ');
  });

  test('an unknown format names those that there are', async () => {
    const { code, stderr } = await runQctl(['config', 'show', '-o', 'xml']);
    expect(code).toBe(2);
    expect(stderr).toContain('table, json, ndjson, yaml');
  });

  test.each([['json'], ['ndjson']])('with -o %s the last line of stderr is the error', async (format) => {
    const { code, stderr } = await runQctl(['config', 'show', '--nonsense', '-o', format]);
    expect(code).toBe(2);
    expect(JSON.parse(stderr.trimEnd().split('\n').at(-1)!)).toMatchObject({
      type: 'error',
      kind: 'usage',
      code: 'UNKNOWN_OPTION',
      exit: 2,
      message: "unknown option '--nonsense'",
    });
  });

  test('a wrong QCTL_OUTPUT is a wrong configuration', async () => {
    const { code, stderr } = await runQctl(['config', 'profiles'], { env: { QCTL_OUTPUT: 'xml' } });
    expect(code).toBe(5);
    expect(stderr).toContain('QCTL_OUTPUT: expected table, json, ndjson, yaml, got "xml"');
  });
});

describe('configuration', () => {
  function folderWith(yaml: string): string {
    const cwd = mkdtempSync(join(tmpdir(), 'qctl-e2e-'));
    writeFileSync(join(cwd, 'qctl.yaml'), yaml);
    return cwd;
  }

  test('a wrong field ends with 5 and names file, line, field and value', async () => {
    const cwd = folderWith('profiles:\n  p:\n    sources:\n      a: { kind: postgres, table: 5 }\n');
    const { code, stderr } = await runQctl(['config', 'validate'], { cwd });
    expect({ code, stderr }).toEqual({
      code: 5,
      stderr:
        'qctl: qctl.yaml:4: profiles.p.sources.a.table: expected text, got 5\n  hint: mend the lines that are named, then the same command again\n',
    });
  });

  test('secrets are shown by no format', async () => {
    const cwd = folderWith(
      'profiles:\n  p:\n    redis: { url: "redis://u:sw0rdfish@h", password: sw0rdfish2 }\n',
    );
    for (const format of ['table', 'json', 'ndjson', 'yaml']) {
      const { code, stdout, stderr } = await runQctl(['config', 'show', '-o', format], { cwd });
      expect(code).toBe(0);
      expect(stdout + stderr).not.toContain('sw0rdfish');
      expect(stdout).toContain('redis://u:***@h');
    }
  });

  test('a password in a flag is allowed and warned of once', async () => {
    const { code, stdout, stderr } = await runQctl([
      'config',
      'show',
      '-o',
      'json',
      '--redis-url',
      'redis://u:sw0rdfish@h',
    ]);
    expect(code).toBe(0);
    expect(stderr).toBe(
      'qctl: warning: --redis-url: password in a flag is visible to other users: use an environment variable or passwordFile\n',
    );
    expect(JSON.parse(stdout)).toMatchObject({ type: 'config', redis: { url: 'redis://u:***@h' } });
  });
});

describe('streams', () => {
  test('a reader that goes away ends a read command quietly', async () => {
    expect(await shell('qctl help environment | head -1')).toMatchObject({ code: 0, stderr: '' });
    expect(await shell('qctl help environment -o ndjson | true')).toMatchObject({ code: 0, stderr: '' });
    expect(await shell('qctl --version | true')).toMatchObject({ code: 0, stderr: '' });
  });

  test('a full disk is not taken for success', async () => {
    const { code, stderr } = await shell('test -e /dev/full || exit 99; qctl help exit-codes > /dev/full');
    if (code !== 99)
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOSPC') });
  });

  test('no colour in a pipe, colour where it is forced, none where it is refused', async () => {
    const plain = (await runQctl(['help', 'exit-codes'])).stdout;
    expect(plain).not.toContain('\x1b[');
    expect((await runQctl(['help', 'exit-codes'], { env: { FORCE_COLOR: '1' } })).stdout).toContain(
      '\x1b[1mCODE',
    );
    expect((await runQctl(['help', 'exit-codes'], { env: { NO_COLOR: '1' } })).stdout).toBe(plain);
    expect((await runQctl(['help', 'exit-codes', '--no-color'])).stdout).toBe(plain);
  });

  test('nothing is left on stderr by a library', async () => {
    const env = { NODE_OPTIONS: '--trace-warnings' };
    expect((await runQctl(['config', 'show', '-o', 'yaml'], { env })).stderr).toBe('');
  });
});

describe('completion', () => {
  test('candidates come from the registry, and mistakes stay silent', async () => {
    const { stdout } = await runQctl(['__complete', 'config', '']);
    expect(stdout.split('\n').map((line) => line.split('\t')[0])).toEqual([
      'show',
      'validate',
      'profiles',
      '',
    ]);
    expect(await runQctl(['__complete'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^drain\t/m),
      stderr: '',
    });
    expect(await runQctl(['__complete', 'nonsense', '--x', ''])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });

  test.each([['bash'], ['zsh'], ['fish']])('the script for %s calls qctl __complete', async (name) => {
    const { code, stdout } = await runQctl(['completion', name]);
    expect(code).toBe(0);
    expect(stdout).toContain('qctl __complete');
  });

  test('another shell is a usage error that lists those that there are', async () => {
    const { code, stderr } = await runQctl(['completion', 'tcsh']);
    expect(code).toBe(2);
    expect(stderr).toContain('bash, zsh, fish');
  });

  test('bash fills COMPREPLY', async () => {
    const complete =
      // biome-ignore lint/suspicious/noTemplateCurlyInString: bash expands it
      'source <(qctl completion bash); COMP_LINE="qctl config s"; COMP_POINT=13; _qctl; echo "${COMPREPLY[*]}"';
    expect((await shell(complete)).stdout).toBe('show\n');
  });
});

describe('start-up', () => {
  test('help loads no library of a backend; --version and completion load none at all', async () => {
    const entries = ['commands/main.ts', 'commands/quick.ts'];
    const { metafile } = await build({
      absWorkingDir: ROOT,
      entryPoints: entries,
      outdir: 'never-written',
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      write: false,
      metafile: true,
      logLevel: 'error',
    });
    const reach = (name: string): string[] => {
      const [output] = Object.entries(metafile.outputs).find(([, out]) => out.entryPoint === name)!;
      const seen = new Set<string>();
      const visit = (path: string) => {
        if (seen.has(path)) return;
        seen.add(path);
        const statically = metafile.outputs[path]?.imports.filter(
          (one) => one.kind === 'import-statement' && !one.external,
        );
        for (const one of statically ?? []) visit(one.path);
      };
      visit(output);
      return [...seen].flatMap((path) => Object.keys(metafile.outputs[path]?.inputs ?? {}));
    };
    const libraries = (name: string) => reach(name).filter((input) => input.includes('node_modules/'));
    expect(libraries('commands/quick.ts')).toEqual([]);
    expect(libraries('commands/complete.ts')).toEqual([]);
    const heavy = libraries('commands/main.ts').filter((input) => !input.includes('node_modules/commander/'));
    expect(heavy).toEqual([]);
  });
});

test('a closed stdin and a closed stderr do no harm', async () => {
  const child = spawn(process.execPath, [BINARY, 'config', 'nonsense'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: cleanEnvironment(),
  });
  child.stderr.destroy();
  const code = await new Promise((resolve) => child.once('exit', resolve));
  expect(code).toBe(2);
});
