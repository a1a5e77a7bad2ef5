/** Types of turns.mjs, for its test. */
export interface Turns {
  /** Resolves to a function that ends the turn. */
  readonly take: () => Promise<() => void>;
  readonly forget: () => void;
}

export declare function createTurns(patienceMs: number, patienceMaxMs: number): Turns;
