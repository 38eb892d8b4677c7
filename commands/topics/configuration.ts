import type { TopicPage } from '../topics.ts';

const text = `Flags stand above the environment, that above ./qctl.yaml, that above
~/.config/qctl/qctl.yaml. --config or QCTL_CONFIG names one file in place of
both. Nothing is connected to before all of it was checked.

profile: production             the one in force; --profile, QCTL_PROFILE
profiles:
  production:
    redis:
      url: rediss://qctl@redis.internal:6380/0        or sentinel:, cluster:
      passwordFile: /run/secrets/redis                or passwordCommand:
    sources:
      alerts:                                         qctl drain postgres alerts
        kind: postgres
        url: postgres://qctl@db.internal/app
        table: public.alerts
        ready: "state = 'pending'"                    which rows; SQL
        key: agent_id                                 keep their order among
        order: [created_at, id]                       themselves; default: id
        notBefore: run_at                             what is not due waits
        done: { set: { state: done } }                default: { delete: true }
        stream: alerts
    streams:
      alerts: { group: workers, maxLen: 1000000, deadLetter: "alerts:dead" }

Further parts of a profile: breakers, alerts, maintain, serve. \${NAME} in a
value is a variable of the environment.

qctl config validate      names file, line, field and value of what is wrong
qctl config show          what is in force, and where each part comes from
qctl help environment     every variable that is understood
`;

/** `qctl help configuration`. */
export const page: TopicPage = { type: 'topic', data: { name: 'configuration', text }, text: () => text };
