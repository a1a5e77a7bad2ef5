/** What a group member does next: its states, what moves it from one to another, and what a coordinator's answer means to it. Pure. */
import { isKafkaError } from "../protocol/error-codes.js";

/** Why an assignment ends. Only "lost" is too late to commit. */
export type EndOfAssignment = "rebalance" | "leaving" | "lost";

/** `failures`: attempts to join that came to nothing, in a row. */
export type MemberState<Joined> =
  | { readonly state: "joining"; readonly failures: number }
  | { readonly state: "waiting"; readonly failures: number }
  | { readonly state: "holding"; readonly joined: Joined }
  | { readonly state: "giving-up"; readonly joined: Joined; readonly why: EndOfAssignment }
  | { readonly state: "out" };

export type MemberEvent<Joined> =
  | { readonly event: "joined"; readonly joined: Joined }
  | { readonly event: "not-joined" }
  | { readonly event: "waited" }
  | { readonly event: "ended"; readonly why: EndOfAssignment }
  | { readonly event: "given-up" };

export const firstState = { state: "joining", failures: 0 } as const;

/** What was given is given up in order, also by a member that leaves; without anything to give up, a member that leaves is out. */
export function nextState<Joined>(from: MemberState<Joined>, event: MemberEvent<Joined>, isLeaving: boolean): MemberState<Joined> {
  switch (event.event) {
    case "joined":
      return { state: "holding", joined: event.joined };
    case "ended":
      return from.state === "holding" ? { state: "giving-up", joined: from.joined, why: event.why } : from;
    case "not-joined":
      return isLeaving ? { state: "out" } : { state: "waiting", failures: failuresOf(from) + 1 };
    case "waited":
      return isLeaving ? { state: "out" } : { state: "joining", failures: failuresOf(from) };
    case "given-up":
      return isLeaving ? { state: "out" } : firstState;
  }
}

const failuresOf = (state: MemberState<unknown>): number => ("failures" in state ? state.failures : 0);

/**
 * What the coordinator says to a join or a sync. "rejoin": a rebalance has overtaken it, which is nobody's trouble. "rejoin-as-new": so has another generation, or
 * the group has forgotten us. "replaced": another process has our instance's name, and to join again would throw that one out in turn.
 */
export type JoinVerdict = "accepted" | "rejoin-with-id" | "rejoin" | "rejoin-as-new" | "replaced" | "refused";

export function judgeJoin(errorCode: number): JoinVerdict {
  if (errorCode === 0) return "accepted";
  if (isKafkaError(errorCode, "MEMBER_ID_REQUIRED")) return "rejoin-with-id";
  if (isKafkaError(errorCode, "REBALANCE_IN_PROGRESS")) return "rejoin";
  if (isKafkaError(errorCode, "UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION")) return "rejoin-as-new";
  return isKafkaError(errorCode, "FENCED_INSTANCE_ID") ? "replaced" : "refused";
}

/** What the coordinator says to a sign of life; "unclear": it does not know itself at the moment. */
type BeatVerdict = "member" | "rebalance" | "lost" | "replaced" | "unclear";

export function judgeBeat(errorCode: number): BeatVerdict {
  const verdict = judgeJoin(errorCode);
  if (verdict === "accepted") return "member";
  if (verdict === "rejoin") return "rebalance";
  if (verdict === "rejoin-as-new") return "lost";
  return verdict === "replaced" ? "replaced" : "unclear";
}
