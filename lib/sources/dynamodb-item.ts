/** An item of DynamoDB as JSON text: numbers keep all of their 38 digits, sets become lists, bytes stay base64. Pure. */
import { RelayError } from "../errors.js";
import { type EventObject, isEventObject } from "./aws-event.js";

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html; an item nests at most 32 levels. */
const depthMax = 40;

export function itemJson(item: EventObject, depth = 0): string {
  const members = Object.entries(item).map(([name, value]) => `${JSON.stringify(name)}:${attributeJson(value, depth + 1)}`);
  return `{${members.join(",")}}`;
}

function attributeJson(attribute: unknown, depth: number): string {
  const [[type, value] = ["", undefined]] = isEventObject(attribute) ? Object.entries(attribute) : [];
  if (depth > depthMax) throw unknownType("an item that is nested deeper than DynamoDB allows");
  switch (type) {
    case "S":
    case "B":
      return JSON.stringify(String(value));
    case "N":
      return numberJson(String(value));
    case "BOOL":
      return String(value === true || value === "true");
    case "NULL":
      return "null";
    case "M":
      return itemJson(value as EventObject, depth);
    case "L":
      return list(value, (inner) => attributeJson(inner, depth + 1));
    case "SS":
    case "BS":
      return list(value, (inner) => JSON.stringify(String(inner)));
    case "NS":
      return list(value, (inner) => numberJson(String(inner)));
    default:
      throw unknownType(`an attribute of the type ${JSON.stringify(type)}`);
  }
}

const list = (values: unknown, write: (value: unknown) => string): string => `[${(values as readonly unknown[]).map(write).join(",")}]`;

function numberJson(text: string): string {
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? text : JSON.stringify(text);
}

function unknownType(what: string): RelayError {
  return new RelayError("bad-request", `The event of DynamoDB contains ${what}.`);
}
