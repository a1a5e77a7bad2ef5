/** What a person sees: one table at the start, one line per invocation, one line per problem. */
import type { InvocationReport } from "../trigger-world.js";
import type { DeclaredMapping } from "./mappings.js";
import type { PluginTools } from "./serverless.js";
import type { TriggerSettings } from "./settings.js";

export interface Speaker {
  readonly table: (rows: readonly (readonly string[])[]) => void;
  readonly say: (who: string, line: string) => void;
  /** Shown in verbose mode only. */
  readonly detail: (who: string, line: string) => void;
  readonly warn: (who: string, line: string) => void;
  /** The stack of a handler's error. */
  readonly trace: (text: string) => void;
  readonly invocation: (who: string, report: InvocationReport) => void;
}

export function createSpeaker(log: PluginTools["log"], lines: TriggerSettings["lines"]): Speaker {
  const say = (who: string, line: string) => log.notice(`kafka-trigger  ${who}: ${line}`);
  const warn = (who: string, line: string) => log.warning(`kafka-trigger  ${who}: ${line}`);
  const isQuiet = lines === "quiet";
  return {
    table: (rows) => {
      if (!isQuiet) for (const line of toColumns(rows)) log.notice(line);
    },
    say: (who, line) => {
      if (!isQuiet) say(who, line);
    },
    detail: (who, line) => {
      if (lines === "verbose") say(who, line);
    },
    warn,
    trace: (text) => log.error(text),
    invocation: (who, { records, partitions, tookMs, verdict, reason }) => {
      const words = `${count(records, "record")}, ${count(partitions, "partition")}, ${tookMs} ms, ${verdict}`;
      if (verdict === "failed") warn(who, `${words}: ${reason}`);
      else if (!isQuiet) say(who, words);
    },
  };
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

export function mappingTable(declared: readonly DeclaredMapping[]): readonly (readonly string[])[] {
  const rows = declared.map(({ functionKey, mapping, brokers }) => [
    functionKey,
    `${mapping.kind} ${mapping.topic}`,
    mapping.consumerGroupId,
    mapping.startingPosition.kind,
    `${mapping.batchSize} / ${mapping.windowMs} ms`,
    mapping.filter === undefined ? "-" : "filtered",
    brokers.join(","),
  ]);
  return [["function", "topic", "group", "starts", "batch / window", "filter", "brokers"], ...rows];
}

function toColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `kafka-trigger  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd());
}
