/** What a consumer instance can be asked for when it is created, and the limits of all of them. */

import type { Deserializer } from "../schemas/deserializer.js";
import type { SchemaType } from "../schemas/registry/registry.js";

/** `text`: UTF-8, as in Strimzi's bridge. */
export const plainFormats = ["binary", "json", "text"] as const;
export type PlainFormat = (typeof plainFormats)[number];
/** Decoded by the schemas that records name. */
export const typeOfFormat = { avro: "AVRO", jsonschema: "JSON", protobuf: "PROTOBUF" } as const satisfies Record<string, SchemaType>;
export const consumerFormats = [...plainFormats, "avro", "jsonschema", "protobuf"] as const;
export type ConsumerFormat = PlainFormat | keyof typeof typeOfFormat;

export interface InstanceOptions {
  readonly format: ConsumerFormat;
  /** For formats with a schema. */
  readonly deserializer: () => Promise<Deserializer>;
  /** Where to start in a partition of which the group has committed nothing. */
  readonly offsetReset: "earliest" | "latest" | "none";
  /** What a read has returned is committed by the next one, and when the instance is deleted. */
  readonly isAutoCommit: boolean;
  /** A read returns as soon as it has so many bytes, and at the latest after its time. */
  readonly bytesMin: number;
  readonly requestTimeoutMs: number;
}

export interface ConsumerLimits {
  /** In one process. */
  readonly instancesMax: number;
  /** An instance that nobody calls for so long is deleted, as after Confluent's `consumer.instance.timeout.ms`. */
  readonly idleTimeoutMs: number;
  /** Calls to one instance that may wait for the one that is running. */
  readonly callsWaitingMax: number;
  /** Without a sign of life from this process for so long, the group gives the partitions of an instance to others. */
  readonly sessionTimeoutMs: number;
  /** How often a subscription by pattern looks for new topics, when its instance reads. */
  readonly patternAgeMaxMs: number;
}

export const consumerLimits: ConsumerLimits = {
  instancesMax: 1_000,
  idleTimeoutMs: 300_000,
  callsWaitingMax: 16,
  sessionTimeoutMs: 10_000,
  patternAgeMaxMs: 10_000,
};

/** What one read may return: keys and values before they are embedded in JSON. */
export const readBytesMax = 16_777_216;
export const readRecordsMax = 10_000;
/** Partitions that one call may name. */
export const partitionsMax = 10_000;
