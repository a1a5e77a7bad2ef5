/** Parsers for command line arguments. Each error message says what would be valid. */
import { InvalidArgumentError } from "commander";
import { toTimestampMsInUtc } from "../../lib/http/timestamp.js";

export function toCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count)) throw new InvalidArgumentError("It must be a whole number, 0 or greater.");
  return count;
}

export function toOffset(text: string): bigint {
  if (!/^-?\d{1,19}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return BigInt(text);
}

/** "0,1,2" */
export function toNumbers(text: string): readonly number[] {
  return text.split(",").map((part) => toCount(part.trim()));
}

/** Milliseconds since the epoch, or ISO-8601 text. */
export function toTimeMs(text: string): number {
  const timeMs = toTimestampMsInUtc(text);
  if (timeMs === undefined)
    throw new InvalidArgumentError("It must be a time: milliseconds since 1970, or ISO-8601 such as 2026-05-01T12:00:00Z.");
  return timeMs;
}

export interface NameAndValue {
  readonly name: string;
  readonly value: string;
}

/** Collects `--option name=value`, which may be repeated. */
export function collectPairs(text: string, before: readonly NameAndValue[] = []): readonly NameAndValue[] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must have the form name=value.");
  return [...before, { name: text.slice(0, at), value: text.slice(at + 1) }];
}

/** Collects an option that may be repeated. */
export const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/** "0:1,2 1:2,3", partition to broker ids, separated by spaces or semicolons. */
export function toReplicaMap(text: string): ReadonlyMap<number, readonly number[]> {
  const parts = text.split(/[\s;]+/).filter((part) => part !== "");
  const pairs = parts.map((part) => {
    const [, partition, brokers] = /^(\d+):(\d+(?:,\d+)*)$/.exec(part) ?? [];
    if (partition === undefined || brokers === undefined)
      throw new InvalidArgumentError('It must have the form "0:1,2 1:2,3": each partition with the brokers that hold it.');
    return [toCount(partition), toNumbers(brokers)] as const;
  });
  return new Map(pairs);
}
