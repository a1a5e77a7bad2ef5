/** A path of a record as docs/architecture.md lists it, compared with the imports of its files. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { importsOf } from "./imports.js";

/** One row of the table: a file, and how the value that it hands on reaches the next file. */
interface Station {
  /** From the root: "lib/kafka/produce/producer.ts". */
  readonly file: string;
  readonly handsOn: string;
  /** Undefined: this file imports the next one. Else the name of the function, member or message by which the next one is handed the value. */
  readonly seam: string | undefined;
}

/** The rows of the table below a heading: `| 1 | [file](../file) | what it hands on | import |`, where the last cell may name a seam in backticks instead. */
export function stationsBelow(heading: string, markdown: string): readonly Station[] {
  const [, below = ""] = markdown.split(`${heading}\n`);
  const [section = ""] = below.split(/^#/m);
  return [...section.matchAll(/^\| \d+ \| \[`?([^`\]]+)`?\]\([^)]*\) \| (.+?) \| (.+?) \|$/gm)].map(
    ([, file = "", handsOn = "", by = ""]) => ({
      file,
      handsOn,
      seam: /^`([^`]+)`/.exec(by)?.[1],
    }),
  );
}

const stationsMax = 12;

/** The sentences that are wrong about this list: expected to be empty. */
export function faultsOfWay(root: string, stations: readonly Station[]): readonly string[] {
  const texts = stations.map(({ file }) => readFileSync(join(root, file), "utf8"));
  const isImported = (from: number, to: number): boolean =>
    importsOf(stations[from]?.file ?? "", texts[from] ?? "").some(({ what }) => what.replace(/\.js$/, ".ts") === stations[to]?.file);
  const faults: string[] = [];
  if (stations.length > stationsMax) faults.push(`the list has ${stations.length} files, more than ${stationsMax}`);
  for (const [at, { file, seam }] of stations.entries()) {
    for (let earlier = 0; earlier < at; earlier++)
      if (isImported(at, earlier)) faults.push(`${file} imports ${stations[earlier]?.file}, which comes before it`);
    const next = stations[at + 1]?.file;
    if (next === undefined) continue;
    if (seam === undefined) {
      if (!isImported(at, at + 1)) faults.push(`${file} does not import ${next}, and the list names no other hand-over`);
    } else if (![at, at + 1].every((one) => new RegExp(`\\b${seam}\\b`).test(texts[one] ?? "")))
      faults.push(`${file} and ${next} do not both have the name ${seam}`);
  }
  return faults;
}
