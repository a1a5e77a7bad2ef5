/** The states of a group member, and what a coordinator's answer means to it. */
import { expect, test } from "vitest";
import { judgeBeat, judgeJoin, type MemberState, nextState } from "../../../lib/kafka/membership/member-state.js";

const joining: MemberState<string> = { state: "joining", failures: 0 };

test("a member joins, holds what it is given, gives it up when the group rebalances, and joins again", () => {
  const holding = nextState(joining, { event: "joined", joined: "partitions" }, false);
  const givingUp = nextState(holding, { event: "ended", why: "rebalance" }, false);

  expect(holding).toEqual({ state: "holding", joined: "partitions" });
  expect(givingUp).toEqual({ state: "giving-up", joined: "partitions", why: "rebalance" });
  expect(nextState(givingUp, { event: "given-up" }, false)).toEqual(joining);
});

test("an attempt that came to nothing is followed by a pause, and attempts are counted until one succeeds", () => {
  const waiting = nextState(joining, { event: "not-joined" }, false);
  const again = nextState(waiting, { event: "waited" }, false);

  expect(waiting).toEqual({ state: "waiting", failures: 1 });
  expect(again).toEqual({ state: "joining", failures: 1 });
  expect(nextState(again, { event: "not-joined" }, false)).toEqual({ state: "waiting", failures: 2 });
});

test("a member that leaves gives up what it holds, also what it was given at the last moment, and is out", () => {
  const late = nextState(joining, { event: "joined", joined: "partitions" }, true);
  const givingUp = nextState(late, { event: "ended", why: "leaving" }, true);

  expect(givingUp).toEqual({ state: "giving-up", joined: "partitions", why: "leaving" });
  expect(nextState(givingUp, { event: "given-up" }, true)).toEqual({ state: "out" });
  expect(nextState(joining, { event: "not-joined" }, true)).toEqual({ state: "out" });
  expect(nextState({ state: "waiting", failures: 3 }, { event: "waited" }, true)).toEqual({ state: "out" });
});

test("a rebalance that overtakes a join is nobody's trouble: the member joins again", () => {
  expect([22, 25, 27, 79, 82, 0].map(judgeJoin)).toEqual([
    "rejoin-as-new",
    "rejoin-as-new",
    "rejoin",
    "rejoin-with-id",
    "replaced",
    "accepted",
  ]);
  expect([14, 15, 16, 23, 24, 30, 81].map(judgeJoin)).toEqual(Array.from({ length: 7 }, () => "refused"));
});

test("after a sign of life the coordinator says where the member stands, or that it does not know", () => {
  expect([0, 27, 22, 25, 82, 14, 16].map(judgeBeat)).toEqual(["member", "rebalance", "lost", "lost", "replaced", "unclear", "unclear"]);
});
