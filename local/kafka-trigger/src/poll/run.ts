/** Runs of records on their way through the function: counted, filtered, cut in two. Pure. */
import type { WaitingRecord } from "./rows.js";

/** Records of one partition, in offset order. A batch is a list of runs. */
export interface Run {
  readonly partition: number;
  readonly records: readonly WaitingRecord[];
  /** Where the partition goes on when all of it is settled; records after it that were filtered out are behind this offset, too. */
  readonly nextOffset: number;
}

export function countOf(runs: readonly Run[]): number {
  return runs.reduce((sum, { records }) => sum + records.length, 0);
}

/** The records that are kept, without the runs that have none. */
export function filterRuns(runs: readonly Run[], keep: (record: WaitingRecord, partition: number) => boolean): readonly Run[] {
  return runs
    .map((run) => ({ ...run, records: run.records.filter((record) => keep(record, run.partition)) }))
    .filter(({ records }) => records.length > 0);
}

/** Two halves in order; at most one partition is cut. */
export function bisect(runs: readonly Run[]): readonly (readonly Run[])[] {
  const half = Math.ceil(countOf(runs) / 2);
  const first: Run[] = [];
  const second: Run[] = [];
  let taken = 0;
  for (const run of runs) {
    const fits = Math.max(0, Math.min(run.records.length, half - taken));
    taken += fits;
    if (fits > 0) first.push({ ...run, records: run.records.slice(0, fits) });
    if (fits < run.records.length) second.push({ ...run, records: run.records.slice(fits) });
  }
  return [first, second].filter(({ length }) => length > 0);
}
