/** What a mapping is doing, and what changes it. Pure. */

export type TriggerState = "waiting for the topic" | "joining" | "polling" | "stopping" | "stopped";

export type TriggerChange = "topic found" | "polling began" | "assignment ended" | "stop requested" | "group left";

const transitions: Readonly<Record<TriggerState, Readonly<Partial<Record<TriggerChange, TriggerState>>>>> = {
  "waiting for the topic": { "topic found": "joining", "stop requested": "stopping" },
  joining: { "polling began": "polling", "stop requested": "stopping" },
  polling: { "assignment ended": "joining", "stop requested": "stopping" },
  stopping: { "group left": "stopped" },
  stopped: {},
};

/** The state after a change; a change that means nothing in a state leaves it as it is. */
export function stateAfter(state: TriggerState, change: TriggerChange): TriggerState {
  return transitions[state][change] ?? state;
}
