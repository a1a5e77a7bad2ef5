/** What the operations on a consumer instance share: their path, their media types, and how the instance is found. */
import * as v from "valibot";
import type { ConsumerInstance } from "../../../consumers/instance.js";
import { recordTypes } from "../../consumers/record-types.js";
import { v2MediaTypes } from "../../rest/v2-metadata.js";

const inInstance = v.object({ group: v.string(), instance: v.string() });

export const onInstance = {
  offeredBy: ["kafka-relay serve"],
  may: "group:alter",
  on: "group",
  path: inInstance,
  consumes: [...v2MediaTypes, ...recordTypes],
  produces: v2MediaTypes,
} as const;
export const v2Json = "application/vnd.kafka.v2+json";
export const done = { status: 204 } as const;

/** Throws `consumer-not-found`. */
export type FindInstance = (path: v.InferOutput<typeof inInstance>) => ConsumerInstance;

export const atInstance = (path: string): string => `/consumers/{group}/instances/{instance}${path}`;
