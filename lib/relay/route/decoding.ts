/** Records of a route, decoded by the schemas that they name. Nothing is loaded, and no registry is asked, before a record names one. */
import type { Config } from "../../config.js";
import type { Deadline } from "../../deadline.js";
import { toRelayError } from "../../errors.js";
import type { KafkaRecord } from "../../kafka/records.js";
import type { DecodedValue, Deserializer } from "../../schemas/deserializer.js";
import { canDecode, deserializerOf } from "../../schemas/on-demand.js";
import type { Route } from "../route.js";
import type { DecodedParts } from "./document.js";

type MaybeLater<T> = T | Promise<T>;

/** The JSON of what a record's schemas decode; undefined: it names none. Throws, or rejects, as Deserializer does. */
export type Decode = (record: KafkaRecord, deadline: Deadline) => MaybeLater<DecodedParts | undefined>;

/** Undefined: the route's records are not decoded. A route that asks for it in a function without a registry throws `bad-configuration` with its first record. */
export function createDecode(route: Pick<Route, "name" | "decode" | "looksInside">, config: () => Config): Decode | undefined {
  const { decode } = route;
  if (decode === false || (!route.looksInside && decode?.forward !== "json")) return undefined;
  const form = { unions: decode?.unions ?? "plain", logical: decode?.logical ?? true } as const;
  let opened: Deserializer | undefined;
  const part = (deserializer: Deserializer, record: KafkaRecord, name: "key" | "value", deadline: Deadline) => {
    const bytes = record[name];
    return bytes === null ? undefined : deserializer.decode(bytes, record.headers, name, deadline, form);
  };
  const both = (deserializer: Deserializer, record: KafkaRecord, deadline: Deadline): MaybeLater<DecodedParts | undefined> => {
    const key = part(deserializer, record, "key", deadline);
    // A rejection must not be unhandled where the value throws, or is awaited with it.
    if (key instanceof Promise) key.catch(() => {});
    const value = part(deserializer, record, "value", deadline);
    if (key === undefined && value === undefined) return undefined;
    if (!(key instanceof Promise) && !(value instanceof Promise)) return toParts(key, value);
    return Promise.all([key, value]).then(([keyValue, valueValue]) => toParts(keyValue, valueValue));
  };
  return (record, deadline) => {
    if (!mayNameSchema(record)) return undefined;
    if (opened !== undefined) return both(opened, record, deadline);
    if (decode === undefined && !canDecode(config())) return undefined;
    const opening = deserializerOf(config()).catch((thrown: unknown) => Promise.reject(toRelayError(thrown)));
    return opening.then((deserializer) => {
      opened = deserializer;
      return both(deserializer, record, deadline);
    });
  };
}

function toParts(key: DecodedValue | undefined, value: DecodedValue | undefined): DecodedParts {
  return { ...(key === undefined ? {} : { key: key.json }), ...(value === undefined ? {} : { value: value.json }) };
}

/** Spares most records the whole look: the first bytes and the headers of lib/schemas/framing.ts. */
function mayNameSchema({ key, value, headers }: KafkaRecord): boolean {
  const isFramed = (bytes: Buffer | null) => bytes !== null && (bytes[0] === 0 || bytes[0] === 3);
  return isFramed(value) || isFramed(key) || headers.some(({ name }) => name === "__value_schema_id" || name === "__key_schema_id");
}
