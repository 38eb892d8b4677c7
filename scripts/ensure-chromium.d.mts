/** Path of the browser to use, or undefined when there is none. */
export declare function findChromium(env?: NodeJS.ProcessEnv): string | undefined;
