/** What a mapping and the poller of an assignment do, one state after another; and what means nothing in a state. */
import { expect, test } from "vitest";
import { isEnding, pollerStateAfter } from "../../../local/kafka-trigger/src/poll/poller-state.js";
import { stateAfter, type TriggerChange, type TriggerState } from "../../../local/kafka-trigger/src/trigger-state.js";

const through = (...changes: readonly TriggerChange[]): TriggerState => changes.reduce<TriggerState>(stateAfter, "waiting for the topic");

test("a mapping waits for its topic, joins, polls, and joins again when its assignment ends", () => {
  expect(through()).toBe("waiting for the topic");
  expect(through("topic found")).toBe("joining");
  expect(through("topic found", "polling began")).toBe("polling");
  expect(through("topic found", "polling began", "assignment ended")).toBe("joining");
});

test.each<readonly TriggerChange[]>([[], ["topic found"], ["topic found", "polling began"]])(
  "a mapping stops from every state: after %j",
  (...before) => {
    expect(through(...before, "stop requested")).toBe("stopping");
    expect(through(...before, "stop requested", "group left")).toBe("stopped");
  },
);

test.each<TriggerChange>(["topic found", "polling began", "assignment ended"])(
  "a mapping that stops stays so, whatever comes late: %s",
  (late) => {
    expect(through("topic found", "stop requested", late)).toBe("stopping");
    expect(through("topic found", "stop requested", "group left", late)).toBe("stopped");
  },
);

test("a poller positions itself, polls, revokes and ends", () => {
  expect(pollerStateAfter("positioning", "a place is known")).toBe("polling");
  expect(pollerStateAfter("polling", "revoked")).toBe("revoking");
  expect(pollerStateAfter("positioning", "revoked")).toBe("revoking");
  expect(pollerStateAfter("revoking", "given up")).toBe("ended");
});

test("a place that is found while a poller revokes does not make it poll again", () => {
  expect(pollerStateAfter("revoking", "a place is known")).toBe("revoking");
  expect((["positioning", "polling", "revoking", "ended"] as const).filter(isEnding)).toEqual(["revoking", "ended"]);
});
