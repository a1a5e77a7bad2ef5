/** `.proto` text to message types: imports, the well-known types, and the meaning of a message index. */
import protobuf from "protobufjs";
import { RelayError } from "../../errors.js";
import { TimeLimitReached, withinTime } from "../time-limit.js";

export interface ProtobufReference {
  /** The path that `import` names. */
  readonly name: string;
  readonly text: string;
}

interface ProtobufSchema {
  readonly root: protobuf.Root;
  /** The messages of the file itself in the order of their declaration: what message indexes count. */
  readonly messages: readonly DeclaredMessage[];
}

interface DeclaredMessage {
  readonly fullName: string;
  readonly nested: readonly DeclaredMessage[];
}

const schemaCharactersMax = 1_048_576;
const referencesMax = 200;
const parseMsMax = 1_000;

/** What Confluent's registry has without a reference, beside Google's own (https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/serdes-protobuf.html). */
const confluentFiles: Readonly<Record<string, string>> = {
  "confluent/meta.proto":
    'syntax = "proto3"; package confluent; message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; }',
  "confluent/type/decimal.proto":
    'syntax = "proto3"; package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }',
};
/** Only options come from there. */
const withoutTypes: readonly string[] = [
  "google/protobuf/descriptor.proto",
  "google/api/annotations.proto",
  "google/api/field_behavior.proto",
];

/** Throws `schema-invalid`. */
export function parseProtobufSchema(text: string, references: readonly ProtobufReference[] = []): ProtobufSchema {
  const characters = references.reduce((sum, reference) => sum + reference.text.length, text.length);
  if (characters > schemaCharactersMax || references.length > referencesMax) {
    throw invalid(`with its references it may have ${schemaCharactersMax} characters and ${referencesMax} references`);
  }
  try {
    return withinTime(parseMsMax, () => load(text, references));
  } catch (cause) {
    if (cause instanceof RelayError) throw cause;
    if (cause instanceof TimeLimitReached) throw invalid(`reading it takes more than ${parseMsMax} ms`);
    throw invalid(cause instanceof RangeError ? "it is nested too deep" : firstLine(cause), cause);
  }
}

function load(text: string, references: readonly ProtobufReference[]): ProtobufSchema {
  const root = new protobuf.Root();
  const texts = new Map(references.map((reference) => [reference.name, reference.text]));
  const added = new Set<string>();
  const add = (file: string): readonly string[] => {
    const { imports = [], weakImports = [] } = protobuf.parse(file, root, { keepCase: true });
    return [...imports, ...weakImports];
  };
  const waiting = [...add(text)];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (added.has(name) || withoutTypes.includes(name)) continue;
    added.add(name);
    const known = texts.get(name) ?? confluentFiles[name];
    if (known !== undefined) waiting.push(...add(known));
    else if (protobuf.common.get(name) !== null) root.addJSON(protobuf.common.get(name)?.nested ?? {});
    else throw invalid(`it imports ${JSON.stringify(name)}, which is not among its references`);
  }
  root.resolveAll();
  return { root, messages: messagesOf(text) };
}

/** Read alone, so that messages of imported files in the same package are not among them. */
function messagesOf(text: string): readonly DeclaredMessage[] {
  const root = new protobuf.Root();
  const { package: packageName } = protobuf.parse(text, root, { keepCase: true });
  const namespace = packageName === undefined ? root : root.lookup(packageName.split("."));
  const messages = declaredIn(namespace as protobuf.NamespaceBase);
  if (messages.length === 0) throw invalid("it declares no message");
  return messages;
}

function declaredIn(namespace: protobuf.NamespaceBase): readonly DeclaredMessage[] {
  return namespace.nestedArray
    .filter((one): one is protobuf.Type => one instanceof protobuf.Type)
    .map((type) => ({ fullName: type.fullName, nested: declaredIn(type) }));
}

/** The message that indexes lead to: `[1, 0]` is the first message inside the second. Undefined: there is none. */
export function messageAt({ root, messages }: ProtobufSchema, indexes: readonly number[]): protobuf.Type | undefined {
  let among = messages;
  let found: DeclaredMessage | undefined;
  for (const index of indexes) {
    found = among[index];
    if (found === undefined) return undefined;
    among = found.nested;
  }
  return found === undefined ? undefined : typeNamed(root, found.fullName);
}

/** The indexes of a message by its full name, with or without a leading dot. Undefined: it is not declared in this file. */
export function indexesOf({ messages }: ProtobufSchema, fullName: string): readonly number[] | undefined {
  const wanted = fullName.startsWith(".") ? fullName : `.${fullName}`;
  const find = (among: readonly DeclaredMessage[]): readonly number[] | undefined => {
    for (const [index, message] of among.entries()) {
      if (message.fullName === wanted) return [index];
      const inside = wanted.startsWith(`${message.fullName}.`) ? find(message.nested) : undefined;
      if (inside !== undefined) return [index, ...inside];
    }
    return undefined;
  };
  return find(messages);
}

/** By its full name alone, never by a part of it. */
export function typeNamed(root: protobuf.Root, fullName: string): protobuf.Type | undefined {
  const found = root.lookup(fullName.startsWith(".") ? fullName : `.${fullName}`);
  return found instanceof protobuf.Type ? found : undefined;
}

/** Of the n-th message by full name, inner messages and the entries of maps among them: how AWS Glue's serializers count. */
export function indexesInOrderOfNames(schema: ProtobufSchema, position: number): readonly number[] | undefined {
  const name = orderedNames(schema)[position];
  return name === undefined ? undefined : indexesOf(schema, name);
}

/** The reverse, for indexes that are those of a message. */
export function positionInOrderOfNames(schema: ProtobufSchema, indexes: readonly number[]): number {
  return orderedNames(schema).indexOf(messageAt(schema, indexes)?.fullName ?? "");
}

function orderedNames({ root, messages }: ProtobufSchema): readonly string[] {
  const namesOf = ({ fullName, nested }: DeclaredMessage): readonly string[] => [
    fullName,
    ...entryNames(typeNamed(root, fullName)),
    ...nested.flatMap(namesOf),
  ];
  return messages.flatMap(namesOf).sort();
}

/** `map<string, int32> unit_prices` declares the message `UnitPricesEntry`. */
function entryNames(type: protobuf.Type | undefined): readonly string[] {
  const maps = (type?.fieldsArray ?? []).filter((field) => field instanceof protobuf.MapField);
  return maps.map(({ name }) => `${type?.fullName}.${name.replace(/(?:^|_)([a-z0-9])/g, (_, first: string) => first.toUpperCase())}Entry`);
}

function firstLine(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split("\n")[0]?.slice(0, 200).replace(/\.$/, "") ?? "";
}

function invalid(why: string, cause?: unknown): RelayError {
  return new RelayError("schema-invalid", `The Protobuf schema is not valid: ${why}.`, cause === undefined ? {} : { cause });
}
