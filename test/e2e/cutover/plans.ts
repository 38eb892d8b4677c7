/** Plans of the nights, as teams would write them; times are those of a test. */

const CHECKS = {
  errors: `{ name: errors, metric: redis.value, with: { key: "new:errors" }, failure: "value > 3",
      success: "value <= 3 or isNull(value)", from: start-new, interval: 200ms, inconclusiveLimit: 100000 }`,
  latency: `{ name: latency, metric: redis.value, with: { key: "new:latency" }, failure: "value > 2000", from: start-new,
      interval: 200ms, inconclusiveLimit: 100000 }`,
  lag: `{ name: lag, metric: redis.lag, with: { stream: alerts, group: workers }, failure: "value > 60", from: watch,
      interval: 200ms, inconclusiveLimit: 100000 }`,
};

/** What looks after the new side. */
export type NightCheck = keyof typeof CHECKS;

export interface NightPlan {
  /** Steps behind the last of the plan. */
  end?: string;
  /** Default: 15m. */
  budget?: string;
  /** How long the new side is watched. */
  watchFor?: string;
  /** Default: errors. A busy machine is slow, and lags: that is looked at where it is what counts. */
  checks?: NightCheck[];
}

const written = (checks: NightCheck[]) => checks.map((name) => `  - ${CHECKS[name]}\n`).join('');

/** From a table under systemd: consumers first, then the backlog, then producers, then the rest. */
export function tablePlan(
  envFile: string,
  { end = '', watchFor = '600ms', checks = ['errors'], budget = '15m' }: NightPlan = {},
): string {
  return `apiVersion: qctl/v1
name: alerts-to-redis
variables: { envFile: "${envFile}" }
checks:
${written(checks)}  - { name: old-up, metric: systemd.active, with: { unit: worker-old.service }, success: "value == 'active'", from: never }
freezes:
  - { name: flip, from: stop-old, to: producers, maxPause: 2m }
rollback: { budget: ${budget}, undoTimeout: 1m, health: [old-up], healthTimeout: 1m, returns: [{ stream: alerts, group: workers, to: jobs }] }
steps:
  - { name: start-new, systemd: { start: worker-new.service, stable: 100ms } }
  - { name: stop-old, systemd: { stop: worker-old.service } }
  - { name: backlog, drain: { source: jobs, stream: alerts, group: workers, until: backlog } }
  - { name: settings, envFile: { file: "\${envFile}", set: { QUEUE_TYPE: redis } } }
  - { name: producers, systemd: { restart: producer.service, stable: 100ms } }
  - { name: rest, drain: { source: jobs, stream: alerts, group: workers, settle: 100ms } }
  - { name: watch, monitor: { for: ${watchFor}, checks: [${checks.join(', ')}] } }
${end}`;
}

/** From a queue to deployments that are told by a variable, one after the other. */
export function queuePlan({ end = '', watchFor = '600ms', checks = ['errors'] }: NightPlan = {}): string {
  return `apiVersion: qctl/v1
name: webhooks-to-redis
checks:
${written(checks)}  - { name: old-works, metric: source.depth, with: { source: jobs }, success: "value < 100000", from: never }
rollback: { budget: 15m, undoTimeout: 1m, health: [old-works], healthTimeout: 1m, returns: [{ stream: alerts, group: workers, to: jobs }] }
steps:
  - name: start-new
    kubectl: { setEnv: { QUEUE_TYPE: redis }, instances: [deployment/worker-a] }
  - { name: producers, kubectl: { setEnv: { QUEUE_TYPE: redis }, on: deployment/producer } }
  - name: others
    kubectl: { setEnv: { QUEUE_TYPE: redis }, instances: [deployment/worker-b] }
  - { name: backlog, drain: { source: jobs, stream: alerts, group: workers, settle: 100ms, wait: 1s } }
  - { name: watch, monitor: { for: ${watchFor}, checks: [${checks.join(', ')}] } }
${end}`;
}
