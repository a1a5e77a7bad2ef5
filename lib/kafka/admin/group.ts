/** What a group is, whatever its protocol. */

import type { RelayError } from "../../errors.js";
import { kafkaErrors } from "../protocol/error-codes.js";
import { groupWords, toKafkaError } from "../protocol/kafka-error.js";
import type { AssignedPartition } from "./group-members.js";

/** In upper snake case, as the contract writes them. */
export type GroupType = "CLASSIC" | "CONSUMER" | "SHARE" | "STREAMS" | "UNKNOWN";

export interface GroupMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** Sorted by topic and partition. */
  readonly assignments: readonly AssignedPartition[];
}

export interface Group {
  readonly groupId: string;
  readonly type: GroupType;
  readonly state: string;
  readonly protocolType: string;
  /** The classic group's chosen assignor, or the server side's; "" while it has none. */
  readonly assignor: string;
  /** Offsets are committed from outside, and nobody joins. */
  readonly isSimple: boolean;
  /** A group of the consumer protocol that has classic members too, in the middle of a migration. */
  readonly isMixed: boolean;
  readonly members: readonly GroupMember[];
  readonly coordinatorId: number;
}

export const unknownGroup = (groupId: string): RelayError => toKafkaError(kafkaErrors.GROUP_ID_NOT_FOUND.code, groupWords(groupId));

/** "PreparingRebalance" -> "PREPARING_REBALANCE". */
export const toUpperSnake = (text: string): string => text.replaceAll(/([a-z])([A-Z])/g, "$1_$2").toUpperCase();

export function toGroupType(type: string | null): GroupType {
  const upper = toUpperSnake(type ?? "classic");
  return upper === "CLASSIC" || upper === "CONSUMER" || upper === "SHARE" || upper === "STREAMS" ? upper : "UNKNOWN";
}
