import type { LoadProfile } from '../profile/profile.ts';
import type { Tally } from '../tally/tally.ts';
import type { BackendSample } from '../targets/target.ts';
import type { Crew } from './crew.ts';

/** So long nothing may have come, where the target itself says that there is nothing. */
const QUIET_MS = 1000;

/**
 * Tells when there is nothing more to be got: everybody looks and finds nothing, and has done so for longer than it
 * takes until what another consumer held comes back; or the target says that nothing waits and nothing is held.
 */
export class Emptiness {
  readonly #crew: Crew;
  readonly #tally: Tally;
  readonly #claimMs: number;
  /** SQS counts its messages approximately: it may say 0 for a while. */
  readonly #exact: boolean;
  #quietSinceMs: number | undefined;

  constructor(profile: LoadProfile, crew: Crew, tally: Tally) {
    this.#crew = crew;
    this.#tally = tally;
    this.#claimMs = profile.consumers.claimAfter * 2 + QUIET_MS;
    this.#exact = profile.target.kind !== 'sqs';
  }

  /** Called again and again after the last message was sent. @param sample the newest */
  look(nowMs: number, sample: BackendSample | null): boolean {
    if (!this.#crew.idle || this.#crew.size === 0) {
      this.#quietSinceMs = undefined;
      return false;
    }
    this.#quietSinceMs ??= nowMs;
    if (this.#tally.unprocessed === 0) return true;
    const quietMs = nowMs - this.#quietSinceMs;
    const saysSo = this.#exact && sample?.lag === 0 && sample.pending === 0;
    return quietMs >= (saysSo ? QUIET_MS + 500 : this.#claimMs);
  }
}
