/** The types of turns.mjs, for its test. */
export interface Turns {
  /** Resolves to what ends the turn. */
  readonly take: () => Promise<() => void>;
  readonly forget: () => void;
}

export declare function createTurns(patienceMs: number, patienceMaxMs: number): Turns;
