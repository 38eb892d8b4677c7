import { describe, expect, test } from 'vitest';
import * as library from '../breaker/dialects/libraries.ts';
import { useOwnRedis } from './own-redis.ts';

const own = useOwnRedis();
const seconds = () => Math.floor(Date.now() / 1000);
const lines = (text: string) => text.trimEnd().split('\n');

/** Lights of stoplight, one in each state. */
async function lights(): Promise<void> {
  const { client } = own;
  await library.stoplightFailure(client, 'payments', seconds() - 5);
  await library.stoplightRed(client, 'payments', seconds() - 5, 60);
  await library.stoplightYellow(client, 'mail', seconds() - 5);
  await library.stoplightLock(client, 'search', 'locked_green');
  await library.stoplightGreen(client, 'llm', seconds() - 5);
  await client.set('stoplight:v5:metadata:torn', 'x');
}

describe('breaker list --dialect', () => {
  test('shows the worst first: state, since when, what comes next, failures, and the last error', async () => {
    await lights();
    const { code, stdout, stderr } = await own.run(['breaker', 'list', '--dialect', 'stoplight'], {
      columns: 150,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const rows = [
      'BREAKER +STATE +SINCE +NEXT +FAILURES +WHY',
      'payments +open +\\d+\\.\\ds +probe in [1-5]\\d\\.\\ds +1 +Faraday::TimeoutError: .* \\(\\d+\\.\\ds ago\\)',
      'torn +unknown +- +- +- +stoplight:v5:metadata:torn is no hash',
      'mail +half-open +\\d+\\.\\ds +- +- +-',
      'search +locked closed +- +- +- +-',
      'llm +closed +\\d+\\.\\ds +- +- +-',
    ];
    for (const [at, line] of lines(stdout).entries()) expect(line).toMatch(new RegExp(`^${rows[at]}$`));
    expect(stdout).not.toContain('svc:pw');
  });

  test('says why below the row where the terminal is narrow, and goes into blocks where it is too narrow', async () => {
    await lights();
    const at = async (columns: number) =>
      lines((await own.run(['breaker', 'list', '--dialect', 'stoplight'], { columns })).stdout);
    const [narrow, blocks] = [await at(70), await at(40)];
    expect(narrow[2]).toMatch(/^ {2}Faraday::TimeoutError: /);
    expect(blocks[0]).toBe('breaker   payments');
    expect(narrow.filter((line) => line.length > 70)).toEqual([]);
    expect(blocks.filter((line) => line.length > 40)).toEqual([]);
  });

  test('takes names, patterns and states, and helps where a name is mistyped', async () => {
    await lights();
    const names = async (...argv: string[]) => {
      const { stdout } = await own.run([
        'breaker',
        'list',
        '--dialect',
        'stoplight',
        ...argv,
        '-o',
        'ndjson',
      ]);
      return lines(stdout).flatMap((line) => (line === '' ? [] : [JSON.parse(line).breaker]));
    };
    expect(await names('m*', 'payments')).toEqual(['payments', 'mail']);
    expect(await names('--state', 'held')).toEqual(['search']);
    expect(await names('--state', 'open')).toEqual(['payments']);
    expect(await names('x*')).toEqual([]);
    expect(await own.run(['breaker', 'list', '--dialect', 'stoplight', 'paymens'])).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'qctl: there is no circuit breaker paymens of stoplight in Redis\n  hint: did you mean payments?\n' +
        "  hint: 'qctl breaker list --dialect stoplight' shows them\n",
    });
  });

  test('says on a terminal that there is nothing, and names the libraries that it knows', async () => {
    const { stderr } = await own.run(['breaker', 'list', '--dialect', 'pybreaker'], { columns: 80 });
    expect(stderr).toBe('no circuit breaker of pybreaker is in this Redis\n');
    const { code, stderr: refused } = await own.run(['breaker', 'list', '--dialect', 'opossum']);
    expect({ code, refused }).toEqual({
      code: 2,
      refused: expect.stringContaining('stoplight, pybreaker, gobreaker'),
    });
  });

  test('has all of it in JSON, and null for what nobody can know', async () => {
    const opened = seconds() - 30;
    await library.pybreaker(own.client, 'payments', { state: 'open', failures: 5, opened });
    const { stdout } = await own.run(['breaker', 'list', '--dialect', 'pybreaker', '-o', 'json']);
    expect(JSON.parse(stdout)).toEqual({
      type: 'foreign-breaker-list',
      items: [
        {
          ...{ breaker: 'payments', dialect: 'pybreaker', state: 'open', locked: false, failures: 5 },
          ...{ since: new Date(opened * 1000).toISOString(), nextChange: null, lastError: null },
          ...{ lastErrorAt: null, note: null, now: expect.stringMatching(/^\d{4}-.*Z$/) },
        },
      ],
    });
  });

  test('has metrics', async () => {
    await lights();
    const { stdout } = await own.run(['breaker', 'list', '--dialect', 'stoplight', '-o', 'prometheus']);
    expect(stdout).toContain('qctl_breaker_state{breaker="payments",dialect="stoplight",state="open"} 1');
    expect(stdout).toContain(
      'qctl_breaker_override{breaker="search",dialect="stoplight",override="closed"} 1',
    );
    expect(stdout).not.toContain('torn');
  });
});

describe('breaker check --dialect', () => {
  const check = (...argv: string[]) => own.run(['breaker', 'check', '--dialect', 'stoplight', ...argv]);

  test('is critical where one is open, a warning where one is half-open or locked, unknown where none is', async () => {
    await lights();
    const open = await check();
    expect(open).toMatchObject({ code: 2, stdout: expect.stringMatching(/payments: open for \d/) });
    expect(await check('mail')).toMatchObject({ code: 1, stdout: expect.stringMatching(/half-open for/) });
    expect(await check('search')).toMatchObject({ code: 1, stdout: expect.stringMatching(/locked closed/) });
    expect(await check('llm')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^BREAKER OK/) });
    expect(await check('torn')).toMatchObject({ code: 3, stdout: expect.stringMatching(/is no hash/) });
    expect(await check('lmm')).toMatchObject({ code: 3, stdout: expect.stringMatching(/did you mean llm/) });
    expect(await check('x*')).toMatchObject({ code: 3 });
    expect(await check('x*', '--missing', 'ok')).toMatchObject({ code: 0 });
  });
});
