declare const QCTL_VERSION: string;

/** The version that the build wrote in; sources run without a build (tests) say `0.0.0-dev`. */
export function version(): string {
  return typeof QCTL_VERSION === 'undefined' ? '0.0.0-dev' : QCTL_VERSION;
}
