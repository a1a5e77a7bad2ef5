/** CloudEvents in requests, for the API's description. What an event may hold is checked by lib/cloudevents. */
import * as v from "valibot";
import { base64Schema } from "./record-members.js";

const attribute = v.union([v.string(), v.boolean(), v.pipe(v.number(), v.integer()), v.null()]);
const required = v.pipe(v.string(), v.nonEmpty());
const cloudEvent = v.objectWithRest(
  {
    specversion: v.literal("1.0"),
    id: required,
    source: required,
    type: required,
    subject: v.nullish(required),
    time: v.nullish(v.pipe(v.string(), v.isoTimestamp())),
    datacontenttype: v.nullish(required),
    dataschema: v.nullish(required),
    partitionkey: v.nullish(v.pipe(v.string(), v.description("The record's key."))),
    data: v.optional(v.unknown()),
    data_base64: v.nullish(base64Schema),
  },
  attribute,
);

export const eventBodies = {
  "application/cloudevents+json": cloudEvent,
  "application/cloudevents-batch+json": v.array(cloudEvent),
  "*/*": v.pipe(v.unknown(), v.description("Binary mode: the body is the event's data, and ce-* headers are its attributes.")),
} as const;
