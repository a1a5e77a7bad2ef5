/** What a command prints: tables for people, JSON for programs, and a progress bar on a terminal. */
import { SingleBar } from "cli-progress";
import Table from "cli-table3";
import type { createColors } from "picocolors";
import { toJsonText } from "../../lib/json/write.js";
import type { World } from "./cli.js";

type Cell = string | number | bigint | boolean | null | undefined;
export type PrintedRow = Readonly<Record<string, unknown>>;

export interface Column<R extends PrintedRow> {
  readonly title: string;
  readonly cell: (row: R) => Cell;
}

export interface ProgressBar {
  readonly add: (count: number) => void;
  readonly stop: () => void;
}

type Colors = ReturnType<typeof createColors>;

/** JSON with two spaces of indentation; bigints are whole numbers with all their digits. */
export function toPrettyJson(value: unknown, margin = ""): string {
  const deeper = `${margin}  `;
  if (Array.isArray(value) && value.length > 0) {
    return `[\n${value.map((item) => deeper + toPrettyJson(item, deeper)).join(",\n")}\n${margin}]`;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return toJsonText(value) ?? "null";
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (members.length === 0) return "{}";
  return `{\n${members.map(([name, member]) => `${deeper}${JSON.stringify(name)}: ${toPrettyJson(member, deeper)}`).join(",\n")}\n${margin}}`;
}

const bare = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** Text from a cluster must not steer a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: this regex exists to replace control characters
export const printable = (text: string): string => text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");

const toText = (cell: Cell): string => (cell === null || cell === undefined ? "-" : printable(String(cell)));

export function toTable<R extends PrintedRow>(rows: readonly R[], columns: readonly Column<R>[], colors: Colors): string {
  const table = new Table({
    chars: bare,
    head: columns.map(({ title }) => colors.bold(title.toUpperCase())),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  for (const row of rows) table.push(columns.map(({ cell }) => toText(cell(row))));
  return withoutTrailingSpace(table.toString());
}

export function toFacts(row: PrintedRow, colors: Colors): string {
  const table = new Table({ chars: bare, style: { head: [], border: [], "padding-left": 0, "padding-right": 0 } });
  for (const [name, value] of Object.entries(row)) {
    table.push([colors.bold(name.replaceAll("_", " ")), toText(Array.isArray(value) ? value.join(", ") : (value as Cell))]);
  }
  return withoutTrailingSpace(table.toString());
}

const withoutTrailingSpace = (text: string): string => text.replaceAll(/[ \t]+$/gm, "");

export function createProgressBar(world: World, what: string, total: number): ProgressBar {
  if (world.stderr.isTTY !== true) return { add: () => {}, stop: () => {} };
  const bar = new SingleBar({ format: `${what} {bar} {value}/{total}`, stream: world.stderr, clearOnComplete: true, hideCursor: true });
  bar.start(total, 0);
  return { add: (count) => bar.increment(count), stop: () => bar.stop() };
}
