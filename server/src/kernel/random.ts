/** Gives `size` bytes from a cryptographic source. Features take it as an argument, so that tests can repeat it. */
export type Random = (size: number) => Uint8Array;
