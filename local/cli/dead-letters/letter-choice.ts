/** Which dead letters a command is about: the options that select them, and what they mean. */
import type { Command } from "commander";
import { toTimestampMs } from "../../../lib/http/timestamp.js";
import type { LetterChoice } from "../../../lib/relay/dead-letters/letters.js";
import { toCount } from "../arguments.js";
import { usageError } from "../cli.js";

export interface ChoiceOptions {
  readonly route?: string;
  readonly code?: string;
  readonly from?: number;
  readonly to?: number;
  readonly letter?: readonly string[];
  readonly all?: boolean;
  readonly limit?: number;
}

/** A command for some of the letters of a topic, with the options that select them. */
export function choosing(noun: Command, name: string, description: string): Command {
  return noun
    .command(name)
    .description(description)
    .argument("<topic>", "the dead letter topic (by default `<source topic>.dead-letters`)")
    .option("--route <name>", "only letters of this route")
    .option("--code <code>", "only letters with this error code, such as record-refused or transform-failed")
    .option("--from <time>", "last attempt at or after this time: ISO-8601 or milliseconds", toTime)
    .option("--to <time>", "last attempt before this time", toTime)
    .option("--limit <count>", "at most this many letters", toCount);
}

export function toChoice({ route, code, from, to, letter }: ChoiceOptions): LetterChoice {
  return { route, code, fromMs: from, toMs: to, places: letter?.map(toPlace) };
}

/** Letters must be selected explicitly, so nothing is redriven or discarded by accident. */
export function assertChosen(options: ChoiceOptions): LetterChoice {
  const { route, code, from, to, letter, all } = options;
  if ([route, code, from, to, letter, all].every((one) => one === undefined)) {
    throw usageError("Select dead letters with --letter, --route, --code, --from or --to, or use --all.");
  }
  return toChoice(options);
}

export function toPlace(text: string) {
  const [, partition, offset] = /^(\d{1,9})\/(\d{1,19})$/.exec(text) ?? [];
  if (partition === undefined || offset === undefined)
    throw usageError(`${JSON.stringify(text)} is not a valid letter. The form is <partition>/<offset>, such as 0/17.`);
  return { partition: Number(partition), offset: BigInt(offset) };
}

function toTime(text: string): number {
  const ms = toTimestampMs(text);
  if (ms === undefined)
    throw usageError("It must be a time: ISO-8601 with a time zone, such as 2026-01-31T12:00:00Z, or milliseconds since 1970.");
  return ms;
}

export function toState(text: string): NonNullable<LetterChoice["state"]> {
  if (text === "open" || text === "redriven" || text === "discarded" || text === "any") return text;
  throw usageError("It must be open, redriven, discarded or any.");
}
