/** Where in a bucket a record's object lies: folders by topic, partition and the record's time. */
import { RelayError } from "../../errors.js";
import type { Delivery } from "../../relay/delivery.js";

/** Throws `record-not-for-target` when the path has a time and the record's cannot be written as a date. */
export type FolderOf = (delivery: Delivery) => string;

type Placeholder = (delivery: Delivery, date: Date) => string | number;

const two = (number: number): string => String(number).padStart(2, "0");

const placeholders: Readonly<Record<string, Placeholder>> = {
  topic: ({ source }) => source.topic,
  partition: ({ source }) => source.partition,
  year: (_, date) => date.getUTCFullYear(),
  month: (_, date) => two(date.getUTCMonth() + 1),
  day: (_, date) => two(date.getUTCDate()),
  hour: (_, date) => two(date.getUTCHours()),
  minute: (_, date) => two(date.getUTCMinutes()),
};
const pathCharactersMax = 200;

/**
 * Reads a path such as "{topic}/year={year}/month={month}/day={day}/{partition}". Topic and partition must be in it, since a file's name has offsets alone. Throws
 * `bad-configuration`.
 */
export function parsePath(path: string): FolderOf {
  const pieces = path.split(/\{([^{}]*)\}/);
  const names = pieces.filter((_, index) => index % 2 === 1);
  assertPath(path, pieces, names);
  const hasTime = names.some((name) => name !== "topic" && name !== "partition");
  return (delivery) => {
    const date = new Date(delivery.message.timestampMs);
    if (hasTime && !isYearOfFourDigits(date)) throw noFolder(delivery.message.timestampMs);
    return pieces.map((piece, index) => (index % 2 === 1 ? placeholders[piece]?.(delivery, date) : piece)).join("");
  };
}

function assertPath(path: string, pieces: readonly string[], names: readonly string[]): void {
  const stray = names.find((name) => !Object.hasOwn(placeholders, name));
  const missing = ["topic", "partition"].find((name) => !names.includes(name));
  const known = Object.keys(placeholders)
    .map((name) => `{${name}}`)
    .join(", ");
  const fault =
    stray !== undefined
      ? `has {${stray}}, which is not known: use ${known}`
      : missing !== undefined
        ? `must have {${missing}}, or objects of two ${missing}s could have one name`
        : pieces.some((piece, index) => index % 2 === 0 && /[{}]/.test(piece))
          ? "has a brace without its counterpart"
          : path.length > pathCharactersMax
            ? `must be at most ${pathCharactersMax} characters`
            : /^\/|\/\/|\/$/.test(path)
              ? "must not start or end with a slash, or have two in a row"
              : undefined;
  if (fault !== undefined) throw new RelayError("bad-configuration", fault);
}

/** Other years would not sort, and are mistakes: a time in microseconds, say. */
function isYearOfFourDigits(date: Date): boolean {
  const year = date.getUTCFullYear();
  return year >= 1000 && year <= 9999;
}

function noFolder(timestampMs: number): RelayError {
  return new RelayError(
    "record-not-for-target",
    `The record's timestamp ${timestampMs} is not a time between the years 1000 and 9999, so no folder can be named by it.`,
  );
}
