/** A value of a union to bytes: tagged with the name of its type, or exactly one branch fits. */
import { NumberText } from "../../json/number-text.js";
import { inside, Misfit, misfit } from "../misfit.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Write } from "./encode-primitives.js";
import { type AvroType, branchTrialsMax } from "./schema.js";

interface Branch {
  readonly branch: AvroType;
  readonly index: number;
  readonly tag: string;
  readonly write: Write;
}

export function unionWriter(branches: readonly Branch[]): Write {
  const byTag = new Map(branches.map((one) => [one.tag, one]));
  const nullIndex = byTag.get("null")?.index;
  const writeUntagged = untaggedWriter(branches);
  return (writer, value) => {
    if (value === null && nullIndex !== undefined) return writer.long(nullIndex);
    const tagged = toTagged(value);
    const chosen = tagged === undefined ? undefined : byTag.get(tagged);
    if (tagged === undefined || chosen === undefined) return writeUntagged(writer, value);
    const from = writer.at;
    try {
      writer.long(chosen.index);
      chosen.write(writer, (value as JsonObject)[tagged]);
    } catch (thrown) {
      if (!(thrown instanceof Misfit)) throw thrown;
      // A record or map may have one member that is named as a type of the union.
      writer.at = from;
      try {
        writeUntagged(writer, value);
      } catch (untagged) {
        throw untagged instanceof Misfit ? inside(`.${tagged}`, thrown) : untagged;
      }
    }
  };
}

function untaggedWriter(branches: readonly Branch[]): Write {
  const tags = branches.map(({ tag }) => JSON.stringify(tag)).join(", ");
  return (writer, value) => {
    const from = writer.at;
    const fitting = branches.filter(({ branch, write }) => {
      if (++writer.trials > branchTrialsMax) throw new RangeError(`${branchTrialsMax} trials`);
      return mayFit(branch, value) && fits(writer, value, write);
    });
    writer.at = from;
    const [only] = fitting;
    if (only === undefined) throw misfit(`a value for one of ${tags}, as { "<type>": value }`, value);
    if (fitting.length > 1) {
      const which = fitting.map(({ tag }) => JSON.stringify(tag)).join(" and ");
      throw new Misfit(`the value fits ${which} alike; name the type, as { ${JSON.stringify(only.tag)}: value }`);
    }
    writer.long(only.index);
    only.write(writer, value);
  };
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof NumberText);
}

/** The only member's name of an object with one member. */
function toTagged(value: unknown): string | undefined {
  if (!isJsonObject(value)) return undefined;
  const names = Object.keys(value);
  return names.length === 1 ? names[0] : undefined;
}

/** Spares most trials. */
function mayFit({ kind }: AvroType, value: unknown): boolean {
  if (kind === "record" || kind === "map") return isJsonObject(value);
  if (kind === "array") return Array.isArray(value);
  return kind !== "null" || value === null;
}

function fits(writer: ByteWriter, value: unknown, write: Write): boolean {
  const from = writer.at;
  try {
    write(writer, value);
    return true;
  } catch (thrown) {
    if (thrown instanceof Misfit) return false;
    throw thrown;
  } finally {
    writer.at = from;
  }
}
