/** Compares what a run delivered with what it should have delivered: the table at the end of the demo. Pure. */
import Table from "cli-table3";
import pc from "picocolors";
import type { Expected } from "./quakes.js";

/** How often each id was seen in one place. */
export type Tally = ReadonlyMap<string, number>;

export interface Seen {
  readonly inTopic: Tally;
  readonly strong: Tally;
  readonly deadLetters: Tally;
  readonly sqlRows: Tally;
  /** Distinct webhook ids per quake. A repeat with the same id does not count as a second delivery. */
  readonly webhooks: Tally;
}

interface Sum {
  readonly what: string;
  readonly expected: number;
  readonly found: number;
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  /** Ids that were seen more than once. */
  readonly doubled: readonly string[];
  /** Whether a duplicate is allowed here, as "at least once" means after a kill. */
  readonly mayRepeat: boolean;
}

export function sumsOf(expected: Expected, seen: Seen): readonly Sum[] {
  return [
    ...expected.sent.map(({ what, ids, mayRepeat }) =>
      sum(`in the topic earthquakes, ${what}`, ids, ofThose(seen.inTopic, ids), mayRepeat),
    ),
    sum("in the topic, from elsewhere", new Set(), ofOthers(seen.inTopic, expected.sent), false),
    sum("strong: in the topic strong-earthquakes", expected.strong, seen.strong, true),
    sum("refused: dead-lettered, with the reason", expected.refused, seen.deadLetters, true),
    sum("magnitude 2.5 or more: rows in SQL", expected.inSql, seen.sqlRows, false),
    sum("strong: webhooks accepted", expected.strong, seen.webhooks, false),
  ];
}

const ofThose = (seen: Tally, ids: ReadonlySet<string>): Tally => new Map([...seen].filter(([id]) => ids.has(id)));
const ofOthers = (seen: Tally, sent: Expected["sent"]): Tally => new Map([...seen].filter(([id]) => !sent.some(({ ids }) => ids.has(id))));

function sum(what: string, expected: ReadonlySet<string>, seen: Tally, mayRepeat: boolean): Sum {
  return {
    what,
    expected: expected.size,
    found: seen.size,
    missing: [...expected].filter((id) => !seen.has(id)),
    unexpected: [...seen.keys()].filter((id) => !expected.has(id)),
    doubled: [...seen].filter(([, count]) => count > 1).map(([id]) => id),
    mayRepeat,
  };
}

export const isComplete = (sums: readonly Sum[]): boolean => sums.every(({ missing }) => missing.length === 0);

export function isRight({ missing, unexpected, doubled, mayRepeat }: Sum): boolean {
  return missing.length === 0 && unexpected.length === 0 && (mayRepeat || doubled.length === 0);
}

export function tableOf(sent: number, sums: readonly Sum[]): string {
  const table = new Table({ head: ["", "expected", "found", "missing", "duplicated", ""], style: { head: [], border: [] } });
  table.push(["sent and acknowledged, from three sides", sent, sent, "", "", pc.green("ok")]);
  for (const one of sums) {
    table.push([
      one.what,
      one.expected,
      one.found,
      one.missing.length,
      one.doubled.length,
      isRight(one) ? pc.green(one.doubled.length > 0 ? "ok (delivered at least once)" : "ok") : pc.red("wrong"),
    ]);
  }
  return table.toString();
}
