import type { AnyStepKind } from '../step.ts';
import { approve } from './approve.ts';
import { breaker } from './breaker.ts';
import { compareStep } from './compare.ts';
import { composeStep } from './compose/kind.ts';
import { copy } from './copy.ts';
import { drain } from './drain.ts';
import { envFile } from './env-file.ts';
import { exec } from './exec.ts';
import { http } from './http.ts';
import { kubectlStep } from './kubectl/kind.ts';
import { load } from './load.ts';
import { monitor } from './monitor.ts';
import { notify } from './notify.ts';
import { redis } from './redis.ts';
import { routeStep } from './route.ts';
import { sql } from './sql.ts';
import { systemd } from './systemd/kind.ts';
import { wait } from './wait.ts';

/** Every kind of step there is, in the order of the documentation. */
export const STEP_KINDS: readonly AnyStepKind[] = [
  exec,
  systemd,
  kubectlStep,
  composeStep,
  copy,
  envFile,
  http,
  drain,
  routeStep,
  breaker,
  load,
  wait,
  monitor,
  approve,
  compareStep,
  notify,
  sql,
  redis,
];
