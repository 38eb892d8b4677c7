/** What the help of a drain says below its flags: where it can be taken back. */
export const WAY_BACK = `The way back: qctl drain redis --stream STREAM --group GROUP --to SOURCE
gives back what its consumers have not finished.`;
