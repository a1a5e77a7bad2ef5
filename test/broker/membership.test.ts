/** Members of a consumer group on a real coordinator: who is given what, what a commit is worth, and how a member comes back. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import {
  type Assignment,
  type EndOfAssignment,
  joinGroup,
  type Membership,
  type MembershipOptions,
} from "../../lib/kafka/membership/membership.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";

const soon = () => createDeadline(15_000);

let kafka: Kafka;
let topic: string;
beforeAll(async () => {
  kafka = testKafka();
  topic = await createTestTopic(kafka, { partitions: 5 });
});
afterAll(() => kafka.close());

interface Member {
  readonly membership: Membership;
  readonly assigned: Assignment[];
  readonly ended: EndOfAssignment[];
  readonly current: () => Assignment | undefined;
}

function member(groupId: string, more: Partial<MembershipOptions> = {}): Member {
  const assigned: Assignment[] = [];
  const ended: EndOfAssignment[] = [];
  const membership = joinGroup(kafka, {
    groupId,
    topic,
    sessionTimeoutMs: 6_000,
    onAssigned: (assignment) => void assigned.push(assignment),
    onRevoked: async (_, why) => void ended.push(why),
    ...more,
  });
  return { membership, assigned, ended, current: () => assigned.findLast((assignment) => assignment.isCurrent()) };
}

test("one member is given every partition, and a second one its share", async () => {
  const groupId = uniqueName("group");
  const first = member(groupId);
  await until(() => first.current()?.partitions.length === 5);

  const second = member(groupId);
  await until(() => second.current() !== undefined && first.current()?.partitions.length !== 5 && first.current() !== undefined);

  const shares = [first.current()?.partitions ?? [], second.current()?.partitions ?? []];
  expect(shares.flat().sort()).toEqual([0, 1, 2, 3, 4]);
  expect(shares.map(({ length }) => length).sort()).toEqual([2, 3]);
  expect(first.ended).toEqual(["rebalance"]);
  await second.membership.leave(soon());
  await until(() => first.current()?.partitions.length === 5);
  await first.membership.leave(soon());
  expect(second.ended).toEqual(["leaving"]);
});

test("what was committed is where the next member begins", async () => {
  const groupId = uniqueName("group");
  const first = member(groupId);
  await until(() => first.current() !== undefined);
  expect(await first.current()?.committed(soon())).toEqual(new Map());

  await first.current()?.commit(
    new Map([
      [0, { offset: 41n, topicId: "00112233445566778899aabbccddeeff", leaderEpoch: 2 }],
      [3, { offset: 7n }],
    ]),
    soon(),
  );
  await first.membership.leave(soon());

  const next = member(groupId);
  await until(() => next.current() !== undefined);
  expect(await next.current()?.committed(soon())).toEqual(
    new Map([
      [0, { offset: 41n, topicId: "00112233445566778899aabbccddeeff", leaderEpoch: 2 }],
      [3, { offset: 7n }],
    ]),
  );
  await next.membership.leave(soon());
});

test("records in progress can be committed until the partitions are given up, and an earlier generation commits nothing", async () => {
  const groupId = uniqueName("group");
  const first = member(groupId, { onRevoked: (assignment, _, deadline) => assignment.commit(new Map([[0, { offset: 10n }]]), deadline) });
  await until(() => first.current() !== undefined);
  const earlier = first.current();
  const second = member(groupId);
  await until(() => second.current() !== undefined);

  const late = earlier?.commit(new Map([[0, { offset: 99n }]]), soon());

  await expect(late).rejects.toMatchObject({ code: "conflict" });
  const held = [first, second].find((one) => one.current()?.partitions.includes(0));
  expect((await held?.current()?.committed(soon()))?.get(0)).toEqual({ offset: 10n });
  await Promise.all([first.membership.leave(soon()), second.membership.leave(soon())]);
});

test("a member that comes back under its instance's name takes its partitions over at once, and the one before it is out", async () => {
  const groupId = uniqueName("group");
  const troubles: string[] = [];
  const sessionTimeoutMs = 30_000;
  const before = member(groupId, { instanceId: "laptop", sessionTimeoutMs, onTrouble: ({ code }) => void troubles.push(code) });
  await until(() => before.current() !== undefined);
  const startMs = Date.now();

  const after = member(groupId, { instanceId: "laptop", sessionTimeoutMs });
  await until(() => after.current() !== undefined);

  expect(after.current()?.partitions).toEqual([0, 1, 2, 3, 4]);
  expect(Date.now() - startMs).toBeLessThan(sessionTimeoutMs / 2); // the session of the one before had nearly all of its time left
  await until(() => before.ended.includes("lost"));
  await until(() => troubles.includes("conflict"));
  await after.membership.leave(soon());
});
