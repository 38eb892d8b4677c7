import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A job as the web application took it. `percent` is what its router knew at that moment. */
export interface Submitted {
  event: 'submitted';
  at: number;
  job: string;
  type: string;
  key: string;
  side: 'old' | 'new';
  percent: number;
  total: number;
}

/** A job that came in another way than through the web application. */
export interface Brought {
  event: 'brought';
  at: number;
  job: string;
  total: number;
}

/** Somebody began to work on a job, at step `from`. */
export interface Began {
  event: 'began';
  at: number;
  job: string;
  from: number;
  why: 'new' | 'checkpoint' | 'checkpoint expired' | 'restarted';
  side: 'old' | 'new';
  host: string;
  pid: number;
}

/** A step was carried out. */
export interface Step {
  event: 'step';
  at: number;
  job: string;
  step: number;
  side: 'old' | 'new';
  host: string;
}

type Line = Submitted | Brought | Began | Step;

/** What the team's own programs have written down, line by line: all figures are made of it, none of what qctl says. */
export class Evidence {
  private readonly folder: string;
  private readonly known: Line[] = [];
  /** By file: where the last look ended. */
  private readonly positions = new Map<string, number>();

  constructor(folder: string) {
    this.folder = folder;
  }

  submitted(): Submitted[] {
    return this.lines().filter((line) => line.event === 'submitted');
  }

  /** All jobs that there ever were, whichever way they came. */
  jobs(): (Submitted | Brought)[] {
    return this.lines().filter((line) => line.event === 'submitted' || line.event === 'brought');
  }

  /** Writes down a job that is brought in another way. */
  bring(jobs: { job: string; total: number }[]): void {
    const lines = jobs.map((one) => `${JSON.stringify({ event: 'brought', at: Date.now(), ...one })}\n`);
    appendFileSync(join(this.folder, 'brought.ndjson'), lines.join(''));
  }

  began(): Began[] {
    return this.lines().filter((line) => line.event === 'began');
  }

  steps(): Step[] {
    return this.lines().filter((line) => line.event === 'step');
  }

  /** Steps of one job that were carried out so far. */
  stepsOf(job: string): Step[] {
    return this.steps().filter((step) => step.job === job);
  }

  /** In the order of their times. */
  private lines(): Line[] {
    for (const name of readdirSync(this.folder)) this.readOn(join(this.folder, name));
    return this.known.toSorted((a, b) => a.at - b.at);
  }

  /** What has come since the last look; a line that is just being written is left for the next one. */
  private readOn(path: string): void {
    const bytes = readFileSync(path);
    const from = this.positions.get(path) ?? 0;
    const end = bytes.lastIndexOf('\n') + 1;
    if (end <= from) return;
    for (const line of bytes.toString('utf8', from, end).trimEnd().split('\n'))
      this.known.push(JSON.parse(line));
    this.positions.set(path, end);
  }
}

/** The documented rule, computed by hand: the first 8 hex digits of SHA-1 of `ROUTE:KEY`, modulo 10000. */
export function sideByRule(route: string, key: string, percent: number): 'old' | 'new' {
  const digest = createHash('sha1').update(`${route}:${key}`).digest('hex');
  return Number.parseInt(digest.slice(0, 8), 16) % 10_000 < percent * 100 ? 'new' : 'old';
}

/** Of jobs, for each share that was in force: how many there were and how many went to the new side. */
export function sharesOf(submitted: Submitted[]): { percent: number; jobs: number; new: number }[] {
  const shares = new Map<number, { jobs: number; new: number }>();
  for (const job of submitted) {
    const share = shares.get(job.percent) ?? { jobs: 0, new: 0 };
    shares.set(job.percent, { jobs: share.jobs + 1, new: share.new + (job.side === 'new' ? 1 : 0) });
  }
  return [...shares]
    .map(([percent, counts]) => ({ percent, ...counts }))
    .sort((a, b) => a.percent - b.percent);
}
