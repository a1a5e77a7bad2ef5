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
  /** The ratio (or the figure, where `theirs` is a fixed limit) of the design's budget, as text: "at least 2.5", "at most 1.5". */
  readonly budget: string;
  readonly withinBudget: boolean;
}

export interface BenchContext {
  /** Bootstrap brokers of the run. */
  readonly brokers: readonly string[];
  /** Seconds one measurement may take. */
  readonly secondsPerRow: number;
  readonly log: (line: string) => void;
}

export interface Bench {
  readonly name: string;
  readonly run: (context: BenchContext) => Promise<readonly BenchRow[]>;
}
