import type { Cluster, Redis } from 'ioredis';
import { runScript } from '../backends/redis/script.ts';
import { beatRun } from '../backends/redis/scripts/beat-run.ts';
import { claimLane } from '../backends/redis/scripts/claim-lane.ts';
import { releaseLane } from '../backends/redis/scripts/release-lane.ts';
import { runKey } from '../model/keys.ts';
import { fenceNumber } from '../sinks/index.ts';
import { type Decision, decisionName, readDecision } from './decision.ts';
import { isGone, type MemberInfo, thisProcess } from './host.ts';
import type { Published } from './published.ts';

/** Renewed with every beat; a dead process is noticed within this and one beat more, so within 5 s. */
const LEASE_MS = 3500;

/** Who works on a run, and who holds which lane. */
export interface RunView {
  nowMs: number;
  state: string;
  /** Members that live, this process among them if it has joined. */
  alive: Map<string, MemberInfo>;
  /** Members whose process this host can see to be gone, though their lease still runs. */
  gone: string[];
  /** Lane -> the living member that holds it. */
  lanes: Map<number, string>;
  /** What operators have decided for the run, by name. */
  decisions: Map<string, Decision>;
  /** Last sign of life of any process, in server ms; null where none is known. */
  seenMs: number | null;
}

/** This process's part in a run: its lease and its lanes. */
export class Membership {
  readonly member: string;
  /** Messages in flight because of this process; told with every beat. */
  holding: () => number = () => 0;
  /** The same of the other processes, as far as they are known to live. */
  heldByOthers = 0;
  private readonly info: MemberInfo;
  private readonly client: Redis | Cluster;
  private readonly key: string;
  /** Lane -> fence, of those held: said with every beat, should a failover have taken the record of it back. */
  private readonly held = new Map<number, string>();
  /** No fence below this one is of any use: it stands somewhere already. */
  private highest = 0;

  constructor(client: Redis | Cluster, run: string, now: Date) {
    const self = thisProcess(now);
    this.member = self.member;
    this.info = self.info;
    this.client = client;
    this.key = runKey(run);
  }

  /** Joins the run, or says again that this process lives, and how it fares. */
  async beat(published?: Published): Promise<RunView> {
    const holding = this.holding();
    const info: MemberInfo = {
      ...this.info,
      ...(holding > 0 && { holding }),
      ...(published && { live: published }),
    };
    const view = toView(
      (await runScript(
        this.client,
        beatRun,
        [this.key],
        [this.member, JSON.stringify(info), LEASE_MS, ...[...this.held].flat()],
      )) as Reply,
    );
    const others = [...view.alive].filter(([member]) => member !== this.member);
    this.heldByOthers = others.reduce((sum, [, other]) => sum + (other.holding ?? 0), 0);
    return view;
  }

  /** Leaves; the view shows who is left. */
  async leave(): Promise<RunView> {
    return toView((await runScript(this.client, beatRun, [this.key], [this.member, '', 0])) as Reply);
  }

  /** Takes a lane that nobody alive holds; the fence, or undefined. */
  async claim(lane: number, gone: string[]): Promise<string | undefined> {
    const args = [lane, this.member, this.highest, ...gone];
    const fence = ((await runScript(this.client, claimLane, [this.key], args)) as string | null) ?? undefined;
    if (fence === undefined) this.held.delete(lane);
    else {
      this.held.set(lane, fence);
      this.sawFence(fence);
    }
    return fence;
  }

  /** Another holder's fence was met. */
  sawFence(fence: string): void {
    this.highest = Math.max(this.highest, fenceNumber(fence));
  }

  async release(lane: number, fence: string): Promise<void> {
    if (this.held.get(lane) === fence) this.held.delete(lane);
    await runScript(this.client, releaseLane, [this.key], [lane, fence]);
  }
}

/** Looks at a run without joining it. */
export async function viewRun(client: Redis | Cluster, run: string): Promise<RunView> {
  const [time, fields] = await Promise.all([client.time(), client.hgetall(runKey(run))]);
  return toView([Number(time[0]) * 1000, Object.entries(fields).flat()]);
}

type Reply = [string | number, string[]];

function toView([now, fields]: Reply): RunView {
  const view: RunView = {
    nowMs: Number(now),
    state: '',
    alive: new Map(),
    gone: [],
    lanes: new Map(),
    decisions: new Map(),
    seenMs: null,
  };
  const held: [number, string][] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const [name, value] = [fields[i]!, fields[i + 1]!];
    if (name === 'state') view.state = value;
    else if (name.startsWith('member:')) addMember(view, name.slice(7), value);
    else if (name.startsWith('lane:'))
      held.push([Number(name.slice(5)), value.slice(value.indexOf('|') + 1)]);
    else if (name === 'seen') view.seenMs = Number(value);
    else addDecision(view, name, value);
  }
  for (const [lane, holder] of held) if (view.alive.has(holder)) view.lanes.set(lane, holder);
  return view;
}

function addDecision(view: RunView, field: string, value: string): void {
  const name = decisionName(field);
  const decision = name === undefined ? undefined : readDecision(value);
  if (decision) view.decisions.set(name!, decision);
}

function addMember(view: RunView, member: string, value: string): void {
  const bar = value.indexOf('|');
  if (Number(value.slice(0, bar)) <= view.nowMs) return;
  const info = JSON.parse(value.slice(bar + 1)) as MemberInfo;
  if (isGone(info)) view.gone.push(member);
  else view.alive.set(member, info);
}
