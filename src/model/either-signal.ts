/** A signal that ends with the first of several, and what must be called once it is not needed any more. */
export interface EitherSignal {
  signal: AbortSignal;
  dispose(): void;
}

/**
 * Like `AbortSignal.any`, for short work beside signals that live for days: that one leaves a trace on
 * them with every call until the process ends.
 */
export function eitherSignal(...signals: AbortSignal[]): EitherSignal {
  const own = new AbortController();
  const abort = (): void => own.abort();
  for (const signal of signals) {
    if (signal.aborted) own.abort();
    signal.addEventListener('abort', abort);
  }
  const dispose = (): void => {
    for (const signal of signals) signal.removeEventListener('abort', abort);
  };
  return { signal: own.signal, dispose };
}
