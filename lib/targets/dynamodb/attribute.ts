/** A record's value as DynamoDB holds it; what it cannot hold is refused here with the reason, and not rounded, cut or renamed. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { isInDateRange } from "../../calendar.js";
import { RelayError } from "../../errors.js";
import { decimalOf, type EventNumber, isNumber, NumberText, plainText } from "../../json/number-text.js";

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-data-types-number and #limits-attributes */
const numberDigitsMax = 38;
/** Of a number written as 0.DIGITS times a power of ten: 1E-130 to 9.9...E+125. */
const [exponentMin, exponentMax] = [-129, 126];
const depthMax = 32;

const loneSurrogate = /\p{Surrogate}/u;

/** JSON as DynamoDB's typed values; bytes as B, times as ISO 8601 text. Throws `record-not-for-target`. */
export function toAttribute(value: unknown, name: string, depth = 0): AttributeValue {
  if (value === null || value === undefined) return { NULL: true };
  if (isNumber(value)) return { N: toNumberText(value, name) };
  if (typeof value === "boolean") return { BOOL: value };
  if (typeof value === "string") return { S: storable(value, name) };
  if (typeof value === "object") return fromObject(value, name, depth);
  throw refuse(name, `a ${typeof value} cannot be an attribute`);
}

function fromObject(value: object, name: string, depth: number): AttributeValue {
  if (value instanceof Uint8Array) return { B: value };
  if (value instanceof Date) {
    if (!isInDateRange(value.getTime())) throw refuse(name, "it is not a valid date");
    return { S: value.toISOString() };
  }
  if (depth === depthMax) throw refuse(name, `it is nested deeper than the ${depthMax} levels that DynamoDB stores`);
  if (Array.isArray(value)) return { L: value.map((element) => toAttribute(element, name, depth + 1)) };
  return {
    M: Object.fromEntries(Object.entries(value).map(([member, inner]) => [attributeNamed(member), toAttribute(inner, name, depth + 1)])),
  };
}

const numberForm = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** A key's value in the type that the route gives it. Throws `record-not-for-target` where it cannot have that type. */
export function ofKeyType(value: unknown, name: string, type: "number" | "string" | undefined): unknown {
  if (type === "string" && isNumber(value)) return value instanceof NumberText ? plainText(value) : String(value);
  if (type !== "number" || typeof value !== "string") return value;
  if (numberForm.test(value)) return new NumberText(value);
  throw refuse(name, `${JSON.stringify(value.slice(0, 50))} is not a number, and \`keyTypes\` says that this key is one`);
}

/** The one text of a number's value, so that a key is one key however it was spelt. */
function toNumberText(value: EventNumber, name: string): string {
  if (typeof value === "number") {
    if (Number.isSafeInteger(value)) return String(value);
    if (!Number.isFinite(value)) throw refuse(name, `${value} is not a number that DynamoDB stores`);
  }
  const { sign, digits, exponent } = decimalOf(value);
  if (sign !== 0 && (digits.length > numberDigitsMax || exponent < exponentMin || exponent > exponentMax)) {
    const text = String(value);
    const shown = text.length > 50 ? `${text.slice(0, 50)}...` : text;
    throw refuse(name, `the number ${shown} is not one that DynamoDB stores (${numberDigitsMax} digits, 1E-130 to 9.99E+125)`);
  }
  return plainText(value instanceof NumberText ? value : new NumberText(String(value)));
}

/** Written as UTF-8, different halves of surrogate pairs would become one text. */
function storable(text: string, name: string): string {
  if (loneSurrogate.test(text)) throw refuse(name, "the text holds half of a surrogate pair, which UTF-8 cannot represent");
  return text;
}

/** The AWS SDK builds objects by assignment, so a member of this name would be lost on the way. */
export function attributeNamed(member: string): string {
  if (member === "__proto__") throw refuse(member, "the AWS SDK cannot send an attribute of this name");
  return member;
}

function refuse(name: string, why: string): RelayError {
  return new RelayError("record-not-for-target", `The attribute ${name.slice(0, 100)} cannot store the record's value: ${why}.`);
}
