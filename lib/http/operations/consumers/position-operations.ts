/** Where a consumer instance reads on: at offsets, at times, at the beginning, at the end. */
import { RelayError } from "../../../errors.js";
import { optionalBody, partitionsBody, positionsBody } from "../../consumers/bodies.js";
import { type Operations, operation } from "../../operation.js";
import { atInstance, done, type FindInstance, onInstance, v2Json } from "./in-instance.js";

export const positionOperations = (find: FindInstance): Operations => ({
  [`POST ${atInstance("/positions")}`]: operation({
    ...onInstance,
    summary: "Set the offsets or times at which the next read starts.",
    body: positionsBody,
    answers: { 204: null },
    run: async ({ path, body: { offsets, timestamps } }, { deadline }) => {
      if ((offsets?.length ?? 0) + (timestamps?.length ?? 0) === 0)
        throw new RelayError("unprocessable", "body: offsets or timestamps must name at least one partition.");
      const instance = find(path);
      await instance.seek(offsets ?? [], deadline);
      const times = (timestamps ?? []).map(({ topic, partition, timestamp }) => ({ topic, partition, at: timestamp }));
      if (times.length > 0) await instance.seekTo(times, deadline);
      return done;
    },
  }),

  [`POST ${atInstance("/positions/beginning")}`]: seekToEnd("earliest", "the first available record", find),

  [`POST ${atInstance("/positions/end")}`]: seekToEnd("latest", "the end", find),
});

function seekToEnd(at: "earliest" | "latest", what: string, find: FindInstance) {
  return operation({
    ...onInstance,
    summary: `Start the next read at ${what} of the partitions in the body, or of all that the instance reads if there are none.`,
    isBodyOptional: true,
    rawBody: { [v2Json]: partitionsBody },
    answers: { 204: null },
    run: async ({ path, rawBody }, { deadline }) => {
      const partitions = optionalBody(partitionsBody, rawBody)?.partitions ?? [];
      const instance = find(path);
      if (partitions.length === 0) await instance.seekAllTo(at, deadline);
      else
        await instance.seekTo(
          partitions.map((one) => ({ ...one, at })),
          deadline,
        );
      return done;
    },
  });
}
