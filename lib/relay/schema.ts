/** `schema({ ... })` in a route: how its records are decoded by the schema registry, or by which schema a topic target writes its records. Data, checked when the route is defined. */
import * as v from "valibot";
import { didYouMean } from "../closest-name.js";
import { RelayError } from "../errors.js";

/** Of `decode`. */
export interface DecodeSettings {
  /** Avro's unions: "plain" (default) gives the value itself; "tagged" gives `{"string": "a"}`, as Confluent's proxy writes it. */
  readonly unions?: "plain" | "tagged";
  /** Avro's logical types as such (default true): decimals as numbers, days and times as ISO 8601 text. */
  readonly logical?: boolean;
  /** What goes on where no transform makes another value: the record's own "bytes" (default), or the "json" of what was decoded. */
  readonly forward?: "bytes" | "json";
}

/** Of `encode`, for keys or for values. Of `schema`, `id` and `version` only one may be given; without any, the subject's latest version is used. */
export interface PartEncodeSettings {
  /** `<topic>-value` or `<topic>-key` where absent; in AWS Glue, the schema's name. */
  readonly subject?: string;
  /** The text of a schema. It is registered where the subject does not have it. */
  readonly schema?: string;
  /** The format of `schema`: avro where absent. */
  readonly type?: "avro" | "jsonschema" | "protobuf";
  /** The schema with this id. */
  readonly id?: number;
  /** This version of the subject. */
  readonly version?: number;
  /** Protobuf: the full name of the message; the schema's first one where absent. */
  readonly message?: string;
  /** Avro's logical types as `decode` gives them (default true). */
  readonly logical?: boolean;
}

/** Of `encode`: for values, and for keys where `key` is given. A key without it is written as it is. */
export interface EncodeSettings extends PartEncodeSettings {
  readonly key?: PartEncodeSettings;
}

export interface SchemaSetting<Settings> {
  readonly kind: "schema";
  readonly settings: Settings;
}

export function schema<Settings extends DecodeSettings | EncodeSettings>(settings?: Settings): SchemaSetting<Settings> {
  return { kind: "schema", settings: settings ?? ({} as Settings) };
}

const text = v.pipe(v.string("must be text"), v.nonEmpty("must not be empty"));
const flag = v.boolean("must be true or false");
const number = v.pipe(
  v.number("must be a whole number above 0"),
  v.integer("must be a whole number above 0"),
  v.minValue(1, "must be a whole number above 0"),
);

const decodeEntries = {
  unions: v.optional(v.picklist(["plain", "tagged"], 'must be "plain" or "tagged"')),
  logical: v.optional(flag),
  forward: v.optional(v.picklist(["bytes", "json"], 'must be "bytes" or "json"')),
};
const partEntries = {
  subject: v.optional(text),
  schema: v.optional(text),
  type: v.optional(v.picklist(["avro", "jsonschema", "protobuf"], "must be avro, jsonschema or protobuf")),
  id: v.optional(number),
  version: v.optional(number),
  message: v.optional(text),
  logical: v.optional(flag),
};
const encodeEntries = { ...partEntries, key: v.optional(v.strictObject(partEntries, "must be an object such as { subject }")) };

/** Throws `bad-configuration` naming every invalid setting. */
export function checkDecode(given: unknown): SchemaSetting<DecodeSettings> {
  return check(given, "decode", decodeEntries) as SchemaSetting<DecodeSettings>;
}

/** The same; also where settings contradict each other. */
export function checkEncode(given: unknown): SchemaSetting<EncodeSettings> {
  const setting = check(given, "encode", encodeEntries) as SchemaSetting<EncodeSettings>;
  const faults = [...contradictions(setting.settings, "encode"), ...contradictions(setting.settings.key ?? {}, "encode.key")];
  if (faults.length > 0) throw new RelayError("bad-configuration", faults.join(" "));
  return setting;
}

function check(given: unknown, place: string, entries: v.ObjectEntries): SchemaSetting<unknown> {
  const { kind, settings } = (given ?? {}) as { readonly kind?: unknown; readonly settings?: unknown };
  if (kind !== "schema") throw new RelayError("bad-configuration", `${place}: must be schema({ ... }).`);
  const result = v.safeParse(v.strictObject(entries, "must be an object of settings"), settings);
  if (result.success) return given as SchemaSetting<unknown>;
  const faults = result.issues.map((issue) => {
    const path = [place, v.getDotPath(issue)].filter((part) => part !== null && part !== undefined).join(".");
    if (issue.type !== "strict_object" || issue.expected !== "never") return `${path}: ${issue.message}.`;
    return `${path}: this setting does not exist.${didYouMean(path.split(".").at(-1) ?? path, Object.keys(entries))}`;
  });
  throw new RelayError("bad-configuration", faults.join("\n  "));
}

function contradictions({ schema: text, type, id, version }: PartEncodeSettings, place: string): readonly string[] {
  const ways = Object.entries({ schema: text, id, version }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  return [
    ...(ways.length > 1 ? [`${place}: only one of ${ways.join(" and ")} can be given.`] : []),
    ...(type !== undefined && text === undefined
      ? [`${place}.type: needs schema, because the registry knows the type of its own schemas.`]
      : []),
  ];
}
