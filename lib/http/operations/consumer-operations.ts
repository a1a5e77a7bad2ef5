/** The v2 consumer instances, for hosts whose process lives on between calls: groups, subscriptions, positions, records and offsets. */
import * as v from "valibot";
import type { Consumers } from "../../consumers/consumers.js";
import { canDecode, deserializerOf } from "../../schemas/on-demand.js";
import { createBody, optionalBody, toInstance } from "../consumers/bodies.js";
import { type Operations, operation } from "../operation.js";
import { atInstance, done, type FindInstance, onInstance, v2Json } from "./consumers/in-instance.js";
import { positionOperations } from "./consumers/position-operations.js";
import { offsetOperations, recordOperations } from "./consumers/record-operations.js";
import { assignmentOperations, subscriptionOperations } from "./consumers/subscription-operations.js";

const createdInstance = v.object({ instance_id: v.string(), base_uri: v.string() });

/** For a process that keeps `consumers`. */
export function consumerOperations(consumers: Consumers): Operations {
  const find: FindInstance = ({ group, instance }) => consumers.find(group, instance);
  return {
    ...instanceOperations(consumers),
    ...subscriptionOperations(find),
    ...assignmentOperations(find),
    ...positionOperations(find),
    ...recordOperations(find),
    ...offsetOperations(find),
  };
}

const instanceOperations = (consumers: Consumers): Operations => ({
  "POST /consumers/{group}": operation({
    ...onInstance,
    summary: "Create a consumer instance. The process that handles this call keeps it.",
    path: v.object({ group: v.string() }),
    isBodyOptional: true,
    rawBody: { [v2Json]: createBody },
    answers: { 200: createdInstance },
    run: async ({ path: { group }, rawBody }, { kafka, baseUrl, config }) => {
      const schemas = { isConfigured: canDecode(config), deserializer: () => deserializerOf(config) };
      const { name, options } = toInstance(optionalBody(createBody, rawBody) ?? {}, schemas);
      const { id } = consumers.create(kafka, group, name, options);
      const uri = `${baseUrl}/consumers/${encodeURIComponent(group)}/instances/${encodeURIComponent(id)}`;
      return { status: 200, body: { instance_id: id, base_uri: uri } };
    },
  }),

  [`DELETE ${atInstance("")}`]: operation({
    ...onInstance,
    summary: "Delete a consumer instance. If auto-commit is on, it commits what it has returned; then it leaves its group.",
    answers: { 204: null },
    run: async ({ path }, { deadline }) => {
      await consumers.remove(path.group, path.instance, deadline);
      return done;
    },
  }),
});
