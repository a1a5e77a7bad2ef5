/**
 * What a message says of objects: S3's own notification (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html), EventBridge's, or
 * ours, which says where reading goes on. Pure.
 */
import { RelayError } from "../../errors.js";
import { type EventObject, isEventObject } from "../aws-event.js";

export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
  /** Undefined: the bucket keeps no versions. */
  readonly versionId: string | undefined;
  readonly etag: string | undefined;
  readonly timeMs: number;
  /** Where reading begins: the byte, and the number of its record. */
  readonly byte: number;
  readonly record: number;
}

const continuation = "kafkaRelayObject";

/** The objects that were created; none for other events and for S3's test event. Throws `bad-request` for a message that is something else. */
export function objectsIn(body: string, nowMs: number): readonly ObjectPlace[] {
  const message = parsed(body);
  const own = message[continuation];
  if (isEventObject(own)) return [own as unknown as ObjectPlace];
  if (message.Event === "s3:TestEvent") return [];
  if (message["detail-type"] === "Object Created" && isEventObject(message.detail))
    return [fromEventBridge(message, message.detail, nowMs)];
  if (!Array.isArray(message.Records)) throw unknownMessage();
  return (message.Records as readonly EventObject[]).flatMap((record) => {
    const { s3, eventName, eventTime } = record;
    if (!isEventObject(s3) || !String(eventName).startsWith("ObjectCreated:")) return [];
    const { bucket, object } = s3 as { readonly bucket: EventObject; readonly object: EventObject };
    return [
      {
        bucket: String(bucket.name),
        // Names are encoded as in a form, with + for a space.
        key: decodeURIComponent(String(object.key).replaceAll("+", " ")),
        versionId: typeof object.versionId === "string" ? object.versionId : undefined,
        etag: typeof object.eTag === "string" ? object.eTag : undefined,
        ...start(eventTime, nowMs),
      },
    ];
  });
}

function fromEventBridge({ time }: EventObject, { bucket, object }: EventObject, nowMs: number): ObjectPlace {
  const { key, etag, "version-id": versionId } = object as EventObject;
  return {
    bucket: String((bucket as EventObject).name),
    key: String(key),
    versionId: typeof versionId === "string" ? versionId : undefined,
    etag: typeof etag === "string" ? etag : undefined,
    ...start(time, nowMs),
  };
}

function start(time: unknown, nowMs: number) {
  const timeMs = Date.parse(String(time));
  return { timeMs: Number.isNaN(timeMs) ? nowMs : timeMs, byte: 0, record: 0 };
}

/** The body of a message that says where reading goes on. */
export const toContinuation = (place: ObjectPlace): string => JSON.stringify({ [continuation]: place });

function parsed(body: string): EventObject {
  try {
    const message: unknown = JSON.parse(body);
    if (isEventObject(message)) return message;
  } catch {
    // The error below says what was expected.
  }
  throw unknownMessage();
}

function unknownMessage(): RelayError {
  return new RelayError("bad-request", "The message is not a notification of S3: it must have Records, as S3 and EventBridge send them.");
}
