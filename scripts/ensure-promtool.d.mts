/** Path of the program to use, or undefined when there is none. */
export declare function findPromtool(env?: NodeJS.ProcessEnv): string | undefined;
