/** Entries of a v3 request whose keys or values have a schema: they become bytes before anything is sent, or fail alone. Loaded on first use. */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { SchemaChoice } from "../../schemas/schema-choice.js";
import type { OpenWriter, SchemaWriter } from "../../schemas/serializer.js";
import { createValidationTime } from "../../schemas/validation-time.js";
import type { V3Entry, V3Record } from "./v3-body.js";
import { failedEntry, hasChoice, needsSchema, type WithSchema } from "./v3-with-schema.js";

/** Each may cost several calls to the registry. */
const schemasMax = 100;

type Part = "key" | "value";

/** Throws what concerns all entries: a registry that cannot be asked now, or does not accept our credentials. Nothing has been sent then. */
export async function encodeEntries(
  entries: readonly V3Entry[],
  topic: string,
  open: OpenWriter,
  deadline: Deadline,
): Promise<readonly V3Entry[]> {
  const time = createValidationTime();
  const writers = new Writers((choice, part) => open(choice, { topic, part }, deadline, time));
  const encoded: V3Entry[] = [];
  for (const entry of entries) {
    if (!needsSchema(entry)) {
      encoded.push(entry);
      continue;
    }
    if (hasChoice(entry.keyData) && !writers.has("key", entry.keyData.choice)) await writers.open("key", entry.keyData.choice);
    if (hasChoice(entry.valueData) && !writers.has("value", entry.valueData.choice)) await writers.open("value", entry.valueData.choice);
    encoded.push(encode(entry, writers));
  }
  return encoded;
}

interface Opened {
  readonly choice: SchemaChoice;
  /** Or why it cannot be used, which is the fault of the entries that ask for it. */
  readonly writer: SchemaWriter | RelayError;
}

/** The writers of one request. Most of its records have the same schema as the one before. */
class Writers {
  readonly #open: (choice: SchemaChoice, part: Part) => Promise<SchemaWriter>;
  readonly #byKey = new Map<string, Opened>();
  readonly #last: { key?: Opened; value?: Opened } = {};

  constructor(open: (choice: SchemaChoice, part: Part) => Promise<SchemaWriter>) {
    this.#open = open;
  }

  has(part: Part, choice: SchemaChoice): boolean {
    const last = this.#last[part];
    if (last !== undefined && isSame(last.choice, choice)) return true;
    const known = this.#byKey.get(keyOfChoice(part, choice));
    if (known !== undefined) this.#last[part] = known;
    return known !== undefined;
  }

  async open(part: Part, choice: SchemaChoice): Promise<void> {
    const isTooMany = this.#byKey.size >= schemasMax;
    const writer = isTooMany ? tooManySchemas() : await this.#open(choice, part).catch(ownFault);
    this.#last[part] = { choice, writer };
    if (!isTooMany) this.#byKey.set(keyOfChoice(part, choice), { choice, writer });
  }

  /** The one that was asked for last. Throws why it cannot be used. */
  last(part: Part): SchemaWriter {
    const { writer } = this.#last[part] as Opened;
    if (writer instanceof RelayError) throw writer;
    return writer;
  }
}

const keyOfChoice = (part: Part, choice: SchemaChoice): string => JSON.stringify([part, choice]);

function isSame(one: SchemaChoice, other: SchemaChoice): boolean {
  if (one.subject !== other.subject || one.strategy !== other.strategy) return false;
  const [{ by }, { by: otherBy }] = [one, other];
  if (by.is === "text") return otherBy.is === "text" && by.type === otherBy.type && by.text === otherBy.text;
  if (by.is === "id") return otherBy.is === "id" && by.id === otherBy.id;
  return otherBy.is === "version" && by.version === otherBy.version;
}

function tooManySchemas(): RelayError {
  return new RelayError("bad-request", `A request may use at most ${schemasMax} different schemas.`);
}

function encode(entry: V3Record, writers: Writers): V3Entry {
  const { record, keyData, valueData } = entry;
  let place = "";
  try {
    const keySchema = writerOf("key", keyData);
    const key = keySchema === undefined ? record.key : toBytes(keySchema, keyData as WithSchema);
    const valueSchema = writerOf("value", valueData);
    const value = valueSchema === undefined ? record.value : toBytes(valueSchema, valueData as WithSchema);
    return {
      ...entry,
      record: { ...record, key, value },
      ...(keySchema === undefined ? undefined : { keySchema }),
      ...(valueSchema === undefined ? undefined : { valueSchema }),
    };
  } catch (thrown) {
    return failedEntry(entry, inWords(ownFault(thrown), place));
  }

  function writerOf(part: Part, data: V3Record["keyData"]): SchemaWriter | undefined {
    if (!hasChoice(data)) return undefined;
    place = data.place;
    return writers.last(part);
  }
}

function toBytes(writer: SchemaWriter, { json }: WithSchema): Buffer | null {
  return json === null ? null : writer.write(json.toString("utf8"));
}

/** The registry may forbid one subject and allow another. Throws what is not the fault of single entries. */
function ownFault(thrown: unknown): RelayError {
  if (!(thrown instanceof RelayError)) throw thrown;
  const { blame } = thrown.failure;
  if (blame === "record" || blame === "caller" || thrown.code === "registry-forbidden") return thrown;
  throw thrown;
}

/** v3 has the status as the code of an entry, and the rest of the code in its message (RestConstraintViolationExceptionMapper.java). */
function inWords(error: RelayError, place: string): RelayError {
  const { restCode, status } = error.failure;
  const message = `${place}: ${error.message}`;
  if (status !== 422) return new RelayError(error.code, message, { cause: error, restCode });
  return new RelayError(error.code, `Error: ${restCode} : ${message}`, { cause: error, restCode: status });
}
