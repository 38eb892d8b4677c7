import { QctlError } from '../../../errors.ts';
import type { LoadProfile } from '../../profile/profile.ts';
import type { HttpTargetProfile } from '../../profile/target-schema.ts';
import type { LoadDoors } from '../../run-types.ts';
import type { BackendSample, Consumer, LoadTarget, Producer, ProducerEvents } from '../target.ts';
import { readHeaders } from './headers.ts';
import { HttpProducer } from './producer.ts';

/**
 * A webhook under load: a request a message, with its id in `x-qctl-load-id`. Its body is the message's, but a GET has
 * none. Nothing can be consumed.
 *
 * @param _run its id, for which there is no use: nothing is made
 */
export function openHttpTarget(
  profile: LoadProfile,
  target: HttpTargetProfile,
  _run: string,
  doors: LoadDoors,
): Promise<LoadTarget> {
  return Promise.resolve(new HttpTarget(profile, target, doors));
}

class HttpTarget implements LoadTarget {
  readonly kind = 'http';
  readonly label: string;
  readonly name: string;
  readonly version = null;
  readonly own = false;
  readonly groups = 0;
  readonly ordered = false;
  readonly #profile: LoadProfile;
  readonly #target: HttpTargetProfile;
  readonly #env: LoadDoors['env'];
  #headers: Record<string, string> = {};

  constructor(profile: LoadProfile, target: HttpTargetProfile, { env }: LoadDoors) {
    this.#profile = profile;
    this.#target = target;
    this.#env = env;
    const { origin, pathname } = new URL(target.url);
    this.label = origin;
    // The query may hold a secret.
    this.name = `${origin}${pathname}`;
  }

  /** Reads the secrets of the headers: once, so that a request costs no file. */
  async prepare(): Promise<void> {
    const places = { env: this.#env, folder: this.#profile.folder };
    this.#headers = await readHeaders(this.#target.headers, places);
  }

  producer(_at: number, events: ProducerEvents): Promise<Producer> {
    const { url, method, expect, timeout } = this.#target;
    const options = {
      ...{ url, method, expect, timeoutMs: timeout, label: this.name },
      headers: this.#headers,
      maxSockets: this.#profile.producers.inFlight,
    };
    return Promise.resolve(new HttpProducer(options, events));
  }

  consumer(): Promise<Consumer> {
    const error = new QctlError('usage', `nothing can be consumed from ${this.name}`, {
      code: 'LOAD_NO_CONSUMERS',
      hint: ['set consumers: 0'],
    });
    return Promise.reject(error);
  }

  sample(): Promise<BackendSample> {
    return Promise.resolve({
      length: null,
      lag: null,
      pending: null,
      memoryBytes: null,
      memoryShare: null,
      queueBytes: null,
      cpuSeconds: null,
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
