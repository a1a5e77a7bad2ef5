/** What encoding and decoding need to know of a message type, worked out once. */
import protobuf from "protobufjs";

/** Protobuf's scalars (https://protobuf.dev/programming-guides/proto3/#scalar). */
export type Scalar =
  | "double"
  | "float"
  | "int32"
  | "int64"
  | "uint32"
  | "uint64"
  | "sint32"
  | "sint64"
  | "fixed32"
  | "fixed64"
  | "sfixed32"
  | "sfixed64"
  | "bool"
  | "string"
  | "bytes";

type ElementKind = Scalar | "enum" | "message" | "group";

export interface FieldPlan {
  readonly id: number;
  readonly name: string;
  readonly jsonName: string;
  readonly kind: ElementKind;
  readonly enumType: protobuf.Enum | undefined;
  readonly messageType: protobuf.Type | undefined;
  /** Of a map's keys. */
  readonly keyKind: Scalar | undefined;
  readonly isRepeated: boolean;
  readonly isPacked: boolean;
  readonly isRequired: boolean;
  /** False: its default value is the same as its absence. */
  readonly hasPresence: boolean;
  /** Members of one exclude each other. */
  readonly oneof: string | undefined;
}

interface MessagePlan {
  readonly type: protobuf.Type;
  /** By ascending number, as Java writes them. */
  readonly fields: readonly FieldPlan[];
  readonly byId: ReadonlyMap<number, FieldPlan>;
  /** By the JSON name and by the name in the schema. */
  readonly byName: ReadonlyMap<string, FieldPlan>;
}

const plans = new WeakMap<protobuf.Type, MessagePlan>();

export function planOf(type: protobuf.Type): MessagePlan {
  const known = plans.get(type);
  if (known !== undefined) return known;
  const fields = type.fieldsArray.map(toFieldPlan).sort((one, other) => one.id - other.id);
  const plan: MessagePlan = {
    type,
    fields,
    byId: new Map(fields.map((field) => [field.id, field])),
    byName: new Map([...fields.map((field) => [field.name, field] as const), ...fields.map((field) => [field.jsonName, field] as const)]),
  };
  plans.set(type, plan);
  return plan;
}

function toFieldPlan(field: protobuf.Field): FieldPlan {
  const { resolvedType, partOf } = field;
  const isMessage = resolvedType instanceof protobuf.Type;
  const isMap = field instanceof protobuf.MapField;
  const kind: ElementKind = isMessage
    ? field.delimited
      ? "group"
      : "message"
    : resolvedType instanceof protobuf.Enum
      ? "enum"
      : (field.type as Scalar);
  const isSynthetic = (partOf as { readonly isProto3Optional?: boolean } | null)?.isProto3Optional === true;
  return {
    id: field.id,
    name: field.name,
    jsonName: field.jsonName ?? field.name,
    kind,
    enumType: resolvedType instanceof protobuf.Enum ? resolvedType : undefined,
    messageType: isMessage ? resolvedType : undefined,
    keyKind: isMap ? (field.keyType as Scalar) : undefined,
    isRepeated: field.repeated && !isMap,
    // protobufjs says so of messages and texts too, which cannot be.
    isPacked: field.packed && wireTypeOf(kind) !== 2 && wireTypeOf(kind) !== 3,
    isRequired: field.required,
    hasPresence: Boolean(field.hasPresence) || isMessage,
    oneof: partOf === null || partOf === undefined || isSynthetic ? undefined : partOf.name,
  };
}

/** 0 a varint, 1 eight bytes, 2 a length and bytes, 3 a group, 5 four bytes. */
export function wireTypeOf(kind: ElementKind): 0 | 1 | 2 | 3 | 5 {
  switch (kind) {
    case "double":
    case "fixed64":
    case "sfixed64":
      return 1;
    case "float":
    case "fixed32":
    case "sfixed32":
      return 5;
    case "string":
    case "bytes":
    case "message":
      return 2;
    case "group":
      return 3;
    default:
      return 0;
  }
}
