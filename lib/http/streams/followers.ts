/** What is followed in this process: at most so many different things, each by one read for all its readers. */
import { RelayError } from "../../errors.js";
import type { Kafka } from "../../kafka/port.js";
import { createReader, type Reader } from "../../kafka/read/reader.js";
import type { RecordCursor } from "../read/record-cursor.js";
import type { FrameForm } from "./record-frames.js";
import type { StreamLimits } from "./stream-limits.js";
import { TopicFollower } from "./topic-follower.js";

export interface Followed {
  /** The one that runs, or a new one that begins at `start`. */
  readonly follower: (start: RecordCursor) => TopicFollower;
  readonly release: () => void;
}

export interface Followers {
  /** Takes a place for what is read by `key`. Throws `too-many-requests` if there is none. */
  readonly reserve: (kafka: Kafka, form: FrameForm, key: string) => Followed;
  /** Runs a read of a reader that has not caught up, in its turn. */
  readonly inTurn: <T>(read: () => Promise<T>) => Promise<T>;
}

/** Readers that have not caught up, and read at the same time. */
const catchUpsMax = 8;
const retryAfterMs = 5_000;

export function createFollowers({ followedMax }: Pick<StreamLimits, "followedMax">): Followers {
  const places = new Map<string, { readers: number; follower: TopicFollower | undefined }>();
  let reader: Reader | undefined;
  return {
    inTurn: createTurns(catchUpsMax),
    reserve: (kafka, form, key) => {
      const place = places.get(key) ?? { readers: 0, follower: undefined };
      if (place.readers === 0 && places.size >= followedMax) throw tooMany(places.size);
      places.set(key, place);
      place.readers++;
      reader ??= createReader(kafka, followedMax);
      const polls = reader;
      let isReleased = false;
      return {
        follower: (start) => {
          if (place.follower === undefined || place.follower.failure !== undefined)
            place.follower = new TopicFollower({ kafka, reader: polls, form }, start);
          return place.follower;
        },
        release: () => {
          if (isReleased) return;
          isReleased = true;
          if (--place.readers > 0) return;
          place.follower?.close();
          places.delete(key);
        },
      };
    },
  };
}

function tooMany(count: number): RelayError {
  return new RelayError(
    "too-many-requests",
    `This server already follows ${count} different reads, which is its limit (RELAY_STREAMS_FOLLOWED_MAX). Streams of the same topic with the same filter and formats share one. Close one, or try again later.`,
    { retryAfterMs },
  );
}

function createTurns(max: number) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(act: () => Promise<T>): Promise<T> => {
    if (running < max) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next(); // it takes over this place
    }
  };
}
