/** Entries of a v3 request whose keys or values have a schema: they become bytes before anything is sent, or fail alone. Loaded on first use. */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { OpenWriter, SchemaWriter } from "../../schemas/serializer.js";
import { createValidationTime } from "../../schemas/validation-time.js";
import type { V3Entry, V3Record } from "./v3-body.js";
import { failedEntry, hasChoice, needsSchema, type WithSchema } from "./v3-with-schema.js";

/** Each may cost several calls to the registry. */
const schemasMax = 100;

/** Throws what concerns all entries: a registry that cannot be asked now, or does not accept our credentials. Nothing has been sent then. */
export async function encodeEntries(
  entries: readonly V3Entry[],
  topic: string,
  open: OpenWriter,
  deadline: Deadline,
): Promise<readonly V3Entry[]> {
  const time = createValidationTime();
  const writers = new Map<string, Promise<SchemaWriter>>();
  const writerOf = (part: "key" | "value", { choice }: WithSchema): Promise<SchemaWriter> => {
    const key = JSON.stringify([part, choice]);
    const known = writers.get(key);
    if (known !== undefined) return known;
    if (writers.size >= schemasMax) throw new RelayError("bad-request", `A request may use at most ${schemasMax} different schemas.`);
    const writer = open(choice, { topic, part }, deadline, time);
    writers.set(key, writer);
    return writer;
  };
  const encoded: V3Entry[] = [];
  for (const entry of entries) encoded.push(needsSchema(entry) ? await encode(entry, writerOf) : entry);
  return encoded;
}

type WriterOf = (part: "key" | "value", data: WithSchema) => Promise<SchemaWriter>;

async function encode(entry: V3Record, writerOf: WriterOf): Promise<V3Entry> {
  const { record, keyData, valueData } = entry;
  let place = "";
  try {
    const keySchema = hasChoice(keyData) ? await writerOf("key", inPlace(keyData)) : undefined;
    const key = keySchema === undefined ? record.key : toBytes(keySchema, keyData as WithSchema);
    const valueSchema = hasChoice(valueData) ? await writerOf("value", inPlace(valueData)) : undefined;
    const value = valueSchema === undefined ? record.value : toBytes(valueSchema, valueData as WithSchema);
    return {
      ...entry,
      record: { ...record, key, value },
      ...(keySchema === undefined ? undefined : { keySchema }),
      ...(valueSchema === undefined ? undefined : { valueSchema }),
    };
  } catch (thrown) {
    if (!isOwnFault(thrown)) throw thrown;
    return failedEntry(entry, inWords(thrown, place));
  }

  function inPlace(data: WithSchema): WithSchema {
    place = data.place;
    return data;
  }
}

function toBytes(writer: SchemaWriter, { json }: WithSchema): Buffer | null {
  return json === null ? null : writer.write(json.toString("utf8"));
}

/** The registry may forbid one subject and allow another. */
function isOwnFault(thrown: unknown): thrown is RelayError {
  if (!(thrown instanceof RelayError)) return false;
  const { blame } = thrown.failure;
  return blame === "record" || blame === "caller" || thrown.code === "registry-forbidden";
}

/** v3 has the status as the code of an entry, and the rest of the code in its message (RestConstraintViolationExceptionMapper.java). */
function inWords(error: RelayError, place: string): RelayError {
  const { restCode, status } = error.failure;
  const message = `${place}: ${error.message}`;
  if (status !== 422) return new RelayError(error.code, message, { cause: error, restCode });
  return new RelayError(error.code, `Error: ${restCode} : ${message}`, { cause: error, restCode: status });
}
