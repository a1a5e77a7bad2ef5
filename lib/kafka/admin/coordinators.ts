/** Which broker coordinates which group: one request for all of them where the broker takes lists (KIP-699), one per group before. */

import type { Deadline } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import { ask, throughFailover } from "../ask.js";
import type { AsksBrokers } from "../connection.js";
import { groupBy } from "../grouping.js";
import { findCoordinatorsApi } from "../protocol/groups.js";
import { groupWords, toKafkaError } from "../protocol/kafka-error.js";
import { findCoordinatorApi } from "../protocol/metadata.js";

/** Groups that share a coordinator, to be asked of it in one request. */
export interface CoordinatorShare {
  readonly to: { readonly nodeId: number };
  readonly groupIds: readonly string[];
}

const groupKey = 0;
/** In one request, and of requests side by side where each group needs its own. */
const groupsPerRequestMax = 500;
const sideBySideMax = 16;

/** The groups by coordinator, and those whose coordinator is unknown. */
async function groupsByCoordinator(
  kafka: AsksBrokers,
  groupIds: readonly string[],
  deadline: Deadline,
): Promise<{ readonly shares: readonly CoordinatorShare[]; readonly failed: ReadonlyMap<string, RelayError> }> {
  const nodeOf = new Map<string, number>();
  const failed = new Map<string, RelayError>();
  const learn = (
    groupId: string,
    answer: { readonly errorCode: number; readonly errorMessage: string | null; readonly nodeId: number },
  ) => {
    if (answer.errorCode === 0) nodeOf.set(groupId, answer.nodeId);
    else failed.set(groupId, toKafkaError(answer.errorCode, groupWords(groupId), answer.errorMessage));
  };
  const acceptsLists = (await kafka.connection.versionOf(findCoordinatorsApi, "any", deadline)) !== undefined;
  for (const lot of inLots(groupIds, acceptsLists ? groupsPerRequestMax : sideBySideMax)) {
    if (acceptsLists) {
      const answer = await ask(kafka, findCoordinatorsApi, { keyType: groupKey, keys: lot }, "any", deadline, {
        codes: ({ coordinators }) => coordinators.map(({ errorCode }) => errorCode),
        isRepeatable: true,
      });
      for (const coordinator of answer.coordinators) learn(coordinator.key, coordinator);
    } else {
      const codes = (answer: { readonly errorCode: number }) => [answer.errorCode];
      await Promise.all(
        lot.map(async (key) =>
          learn(key, await ask(kafka, findCoordinatorApi, { key, keyType: groupKey }, "any", deadline, { codes, isRepeatable: true })),
        ),
      );
    }
  }
  const byNode = groupBy(nodeOf.keys(), (groupId) => nodeOf.get(groupId) as number);
  const shares = [...byNode].flatMap(([nodeId, ids]) => inLots(ids, groupsPerRequestMax).map((lot) => ({ to: { nodeId }, groupIds: lot })));
  return { shares, failed };
}

/**
 * Asks every coordinator for its groups and gathers one answer per group. Groups whose coordinator moves or dies meanwhile are asked for again by a fresh
 * look-up; a coordinator that fails for good, fails for its groups alone.
 */
export async function askCoordinators<T>(
  kafka: AsksBrokers,
  groupIds: readonly string[],
  deadline: Deadline,
  askShare: (share: CoordinatorShare) => Promise<ReadonlyMap<string, T | RelayError>>,
): Promise<ReadonlyMap<string, T | RelayError>> {
  const answers = new Map<string, T | RelayError>();
  let open: readonly string[] = [...new Set(groupIds)];
  await throughFailover(deadline, async () => {
    const { shares, failed } = await groupsByCoordinator(kafka, open, deadline);
    for (const [groupId, error] of failed) answers.set(groupId, error);
    for (const lot of inLots(shares, sideBySideMax)) {
      const ofShares = await Promise.all(
        lot.map((share) => askShare(share).catch((error) => allFailed<T>(share.groupIds, toRelayError(error)))),
      );
      for (const one of ofShares) for (const [groupId, answer] of one) answers.set(groupId, answer);
    }
    open = open.filter((groupId) => isTemporary(answers.get(groupId)));
    return open.length === 0 ? "settled" : "unsettled";
  });
  return answers;
}

const allFailed = <T>(groupIds: readonly string[], error: RelayError): ReadonlyMap<string, T | RelayError> =>
  new Map(groupIds.map((groupId) => [groupId, error]));

/** Whether it may be otherwise in a moment. What may have been done already is not asked for again. */
function isTemporary(answer: unknown): boolean {
  return answer instanceof RelayError && answer.failure.isRetriable && answer.failure.written === "no";
}

/** Parts of at most `size`, in order. */
export function inLots<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const lots: T[][] = [];
  for (let from = 0; from < items.length; from += size) lots.push(items.slice(from, from + size));
  return lots;
}
