/** What the caller may do, in one answer: so that a user interface offers nothing that would be refused. */
import * as v from "valibot";
import { type Operations, operation } from "../operation.js";

const permissionList = v.object({
  caller: v.object({ kind: v.picklist(["anonymous", "iam", "jwt"]), name: v.string() }),
  permissions: v.array(
    v.object({
      may: v.string(),
      /** Patterns of names of topics, groups or routes; null: all of them. */
      on: v.nullable(v.array(v.string())),
    }),
  ),
  /** The API reaches only topics and groups whose names begin with it; "": all of them. */
  topic_prefix: v.string(),
});

export const permissionOperations: Operations = {
  "GET /permissions": operation({
    may: "service:describe",
    summary: "List what the caller may do, and on which topics, groups and routes.",
    answers: { 200: permissionList },
    run: async (_, { caller: { kind, name }, permitted, config }) => ({
      status: 200,
      body: { caller: { kind, name }, permissions: permitted(), topic_prefix: config.RELAY_TOPIC_PREFIX ?? "" },
    }),
  }),
};
