/** Copies every record whose value is not "skip" to another topic; a value "broken" fails, and "broken until <file>" fails as long as the file is missing. */
import { existsSync } from "node:fs";
import { relay } from "../../../../../../../lib/relay/relay.js";
import { defineRoute } from "../../../../../../../lib/relay/route.js";
import { topic } from "../../../../../../../lib/targets/topic.js";

export const handler = relay(
  defineRoute<string>({
    name: "copy",
    filter: { value: [{ "anything-but": ["skip"] }] },
    transform: ({ value, partition, offset }) => {
      if (value === "broken") throw new Error("The value is broken.");
      const [, file] = /^broken until (.+)$/.exec(value) ?? [];
      if (file !== undefined && !existsSync(file)) throw new Error("The value is broken for now.");
      return { headers: { from: `${partition}/${offset}`, by: process.env.COPIED_BY ?? "" } };
    },
    target: topic({ topic: process.env.TEST_TARGET ?? "copies" }),
  }),
);
