/** Which broker coordinates which group: one request for all of them where the broker takes lists (KIP-699), one a group before. */
import type { Deadline } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import type { Kafka } from "../kafka.js";
import { findCoordinatorsApi } from "../protocol/groups.js";
import { findCoordinatorApi } from "../protocol/metadata.js";
import { toAdminError } from "./admin-failures.js";
import { ask, throughFailover } from "./admin-request.js";
import { groupWords } from "./group.js";

/** Groups that share a coordinator, to be asked of it in one request. */
export interface CoordinatorShare {
  readonly to: { readonly nodeId: number };
  readonly groupIds: readonly string[];
}

const groupKey = 0;
/** Of one request, and of what is asked side by side where each group needs a request of its own. */
const groupsPerRequestMax = 500;
const sideBySideMax = 16;

/** The groups by coordinator, and those whose coordinator is not told. */
export async function groupsByCoordinator(
  kafka: Kafka,
  groupIds: readonly string[],
  deadline: Deadline,
): Promise<{ readonly shares: readonly CoordinatorShare[]; readonly failed: ReadonlyMap<string, RelayError> }> {
  const nodeOf = new Map<string, number>();
  const failed = new Map<string, RelayError>();
  const learn = (groupId: string, told: { readonly errorCode: number; readonly errorMessage: string | null; readonly nodeId: number }) => {
    if (told.errorCode === 0) nodeOf.set(groupId, told.nodeId);
    else failed.set(groupId, toAdminError(told.errorCode, groupWords(groupId), told.errorMessage));
  };
  const takesLists = (await kafka.connection.versionOf(findCoordinatorsApi, "any", deadline)) !== undefined;
  for (const lot of inLots(groupIds, takesLists ? groupsPerRequestMax : sideBySideMax)) {
    if (takesLists) {
      const answer = await ask(kafka, findCoordinatorsApi, { keyType: groupKey, keys: lot }, "any", deadline, {
        codes: (told) => told.coordinators.map(({ errorCode }) => errorCode),
        isRepeatable: true,
      });
      for (const told of answer.coordinators) learn(told.key, told);
    } else {
      const codes = (told: { readonly errorCode: number }) => [told.errorCode];
      await Promise.all(
        lot.map(async (key) =>
          learn(key, await ask(kafka, findCoordinatorApi, { key, keyType: groupKey }, "any", deadline, { codes, isRepeatable: true })),
        ),
      );
    }
  }
  const members = new Map<number, string[]>();
  for (const [groupId, nodeId] of nodeOf) members.set(nodeId, [...(members.get(nodeId) ?? []), groupId]);
  const shares = [...members].flatMap(([nodeId, ids]) =>
    inLots(ids, groupsPerRequestMax).map((lot) => ({ to: { nodeId }, groupIds: lot })),
  );
  return { shares, failed };
}

/**
 * Asks every coordinator for its groups and gathers one answer a group. Groups whose coordinator moves or dies meanwhile are asked for again by a fresh
 * look-up; a coordinator that fails for good, fails for its groups alone.
 */
export async function askCoordinators<T>(
  kafka: Kafka,
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
      const told = await Promise.all(
        lot.map((share) => askShare(share).catch((error) => allFailed<T>(share.groupIds, toRelayError(error)))),
      );
      for (const one of told) for (const [groupId, answer] of one) answers.set(groupId, answer);
    }
    open = open.filter((groupId) => isPassing(answers.get(groupId)));
    return open.length === 0 ? "settled" : "unsettled";
  });
  return answers;
}

const allFailed = <T>(groupIds: readonly string[], error: RelayError): ReadonlyMap<string, T | RelayError> =>
  new Map(groupIds.map((groupId) => [groupId, error]));

/** Whether it may be otherwise in a moment. What may have been done already is not asked for again. */
function isPassing(answer: unknown): boolean {
  return answer instanceof RelayError && answer.failure.isRetriable && answer.failure.written === "no";
}

/** Parts of at most `size`, in order. */
export function inLots<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const lots: T[][] = [];
  for (let from = 0; from < items.length; from += size) lots.push(items.slice(from, from + size));
  return lots;
}
