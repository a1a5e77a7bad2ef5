/** Hands one record to a route, as an event of its topic: to the route's handler in this process, or to its deployed function. */
import { RelayError } from "../../errors.js";
import type { KafkaRecord } from "../../kafka/records.js";
import type { KafkaBatchResponse } from "../../kafka-event/shape.js";
import { eventOf, type FunctionPlace, invokeRouteFunction } from "../invocation.js";
import type { RelayHandler } from "../relay.js";
import type { RouteInvoker } from "./redrive.js";
import type { RedriveEvent, RedriveMark } from "./redrive-mark.js";

/** `handler` finds the route's handler by name; undefined: there is no such route. */
export function invokeInProcess(handler: (route: string) => Promise<RelayHandler | undefined>): RouteInvoker {
  return async (route, record, mark, deadline) => {
    const found = await handler(route);
    if (found === undefined) throw new RelayError("not-found", `Route ${JSON.stringify(route)} does not exist in this project.`);
    assertTaken(await found(toEvent(record, mark), { getRemainingTimeInMillis: deadline.leftMs }), route);
  };
}

export function invokeFunction(place: FunctionPlace): RouteInvoker {
  return async (route, record, mark, deadline) => {
    const answer = await invokeRouteFunction(place, route, toEvent(record, mark), deadline, `The route ${route} gave the record back`);
    assertTaken(answer as KafkaBatchResponse | null, route);
  };
}

function assertTaken(answer: KafkaBatchResponse | null | undefined, route: string): void {
  if ((answer?.batchItemFailures.length ?? 0) > 0) {
    throw new RelayError(
      "target-failed",
      `The route ${route} gave the record back, because its target does not accept it now. The route's log says why.`,
    );
  }
}

/** The record alone, at its first coordinates. */
const toEvent = (redriven: KafkaRecord, relayRedrive: RedriveMark): RedriveEvent => ({ ...eventOf(redriven), relayRedrive });
