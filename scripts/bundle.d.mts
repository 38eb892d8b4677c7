/** Libraries that are bundled although they are installed as well. */
export declare const BUNDLED: readonly string[];
