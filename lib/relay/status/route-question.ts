/**
 * Questions to a route's function, asked by invoking it: what it is, and what it would make of a record. No event source mapping sets the member, and callers that
 * may invoke the function may also relay records with it.
 */
import { createDeadline, type Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { KafkaRecord } from "../../kafka/records.js";
import { readKafkaEvent } from "../../kafka-event/read.js";
import { eventOf, type FunctionPlace, invokeRouteFunction } from "../invocation.js";
import type { Decode } from "../route/decoding.js";
import type { Route } from "../route.js";
import { type RouteDescription, toRouteDescription } from "./route-description.js";
import { type TriedRecord, tryRecord } from "./try-record.js";

type Question = "describe" | "try";

/** A question that needs the schema registry does not wait longer. */
const questionMsMax = 10_000;

/** Undefined: the event does not ask anything. */
export function answerQuestion(
  event: unknown,
  route: Route,
  namespace: () => string,
  decode?: Decode,
): Promise<RouteDescription | TriedRecord> | undefined {
  const { relayQuestion } = (event ?? {}) as { readonly relayQuestion?: unknown };
  if (relayQuestion === undefined) return undefined;
  if (asksForDescription(event)) return Promise.resolve(toRouteDescription(route));
  const record = relayQuestion === ("try" satisfies Question) ? readKafkaEvent(event)[0]?.records[0] : undefined;
  if (record === undefined) throw new RelayError("bad-request", "event.relayQuestion: it must be describe, or try with one record.");
  return tryRecord(route, record, namespace(), { decode, deadline: createDeadline(questionMsMax) });
}

/** Whether a function is asked what it is. */
export const asksForDescription = (event: unknown): boolean =>
  (event as { readonly relayQuestion?: unknown } | null | undefined)?.relayQuestion === ("describe" satisfies Question);

export function askForDescription<Description>(
  place: FunctionPlace,
  what: "route" | "source",
  name: string,
  deadline: Deadline,
): Promise<Description> {
  const question: { readonly relayQuestion: Question } = { relayQuestion: "describe" };
  return invokeRouteFunction(place, name, question, deadline, `The ${what} ${name} failed`) as Promise<Description>;
}

export function askToTry(place: FunctionPlace, route: string, record: KafkaRecord, deadline: Deadline): Promise<TriedRecord> {
  const question: { readonly relayQuestion: Question } = { relayQuestion: "try" };
  const event = { ...eventOf(record), ...question };
  return invokeRouteFunction(place, route, event, deadline, `The route ${route} failed`) as Promise<TriedRecord>;
}
