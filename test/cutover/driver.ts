import { join } from 'node:path';
import { resumeCutover, rollbackCutover, startCutover } from '../../src/cutover/index.ts';
import { JournalFile } from '../../src/cutover/journal-file.ts';
import { hostOf, optionsOf, plan, step } from './tiny.ts';

/** What the process is to do, and at which line of the journal it is to die. */
export interface Task {
  url: string;
  folder: string;
  name: string;
  verb: 'start' | 'resume' | 'rollback';
  run?: string;
  state?: string;
  leaseMs?: number;
  steps?: number;
  /** Its first step waits for the file `go-s0`. */
  slow?: boolean;
  die?: { line: number; when: 'before' | 'after' };
}

/** A plan of steps that each write a line, with all turns of an undo among them. */
export function tinyPlan({ folder, name, steps = 10, slow }: Task) {
  const orders = ['file', 'refresh', 'plain', 'raise', 'lower'] as const;
  const all = Array.from({ length: steps }, (_, at) =>
    step({ folder, name: `s${at}`, order: orders[at % 5], mode: slow && at === 0 ? 'slow' : undefined }),
  );
  return plan(name, all);
}

async function main(task: Task): Promise<void> {
  const { append } = JournalFile.prototype;
  let line = 0;
  const { die } = task;
  JournalFile.prototype.append = async function (text) {
    line += 1;
    if (die?.line === line && die.when === 'before') process.kill(process.pid, 'SIGKILL');
    await append.call(this, text);
    if (die?.line === line && die.when === 'after') process.kill(process.pid, 'SIGKILL');
  };
  const host = hostOf(task.url);
  const options = optionsOf(join(task.folder, task.state ?? 'state'), { leaseMs: task.leaseMs });
  const signal = new AbortController().signal;
  const { run = '' } = task;
  const wanted = tinyPlan(task);
  const report =
    task.verb === 'start'
      ? await startCutover(wanted, host, options, {}, signal)
      : await (task.verb === 'resume' ? resumeCutover : rollbackCutover)(
          run,
          wanted,
          host,
          options,
          {},
          signal,
        );
  process.stdout.write(JSON.stringify({ ending: report.ending, run: report.run }));
  await host.close();
}

if (process.argv[2]?.startsWith('{')) {
  main(JSON.parse(process.argv[2]) as Task).catch((error) => {
    process.stdout.write(JSON.stringify({ code: error.code ?? String(error.stack) }));
    process.exit(1);
  });
}
