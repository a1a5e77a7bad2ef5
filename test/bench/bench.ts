/** What a benchmark is: rows of ours against something in the same run, as a ratio. `npm run bench` runs every `*.bench.ts` here. */

export interface BenchRow {
  /** What was measured, with its conditions: "producer, 100 records over 16 partitions, acks all". */
  readonly what: string;
  /** Ours and what it is held against, in `unit`. */
  readonly ours: number;
  readonly theirs: number;
  /** "records/s", "ms", "kB", "us CPU a record". */
  readonly unit: string;
  /** What `theirs` is: "kafkajs send". */
  readonly against: string;
  /** ours / theirs. */
  readonly ratio: number;
  /** The budget of the ratio (or of the figure, where `theirs` is a fixed limit), as text: "at least 2.5", "at most 1.5". */
  readonly budget: string;
  readonly withinBudget: boolean;
}

/** A row that only compares: no budget is held against it. */
export type ComparedRow = Omit<BenchRow, "budget" | "withinBudget">;

export interface BenchContext {
  /** Bootstrap brokers of this bench. */
  readonly brokers: readonly string[];
  /** Seconds one measurement may take. */
  readonly secondsPerRow: number;
  /** A short run shows that every bench works; its figures are rough. */
  readonly isShort: boolean;
  readonly log: (line: string) => void;
  /** Rows that this machine cannot measure, and why: both are printed with the result. */
  readonly notMeasured: (what: string, why: string) => void;
}

export interface Bench {
  readonly name: string;
  /** Yields each row when it is finished, so that a later failure loses none of them. */
  readonly run: (context: BenchContext) => AsyncIterable<BenchRow | ComparedRow>;
}

const shortShare = 0.05;

/** How many of something a bench works on: all of them, or a twentieth in a short run. */
export const amountOf = (count: number, { isShort }: Pick<BenchContext, "isShort">): number =>
  isShort ? Math.ceil(count * shortShare) : count;
