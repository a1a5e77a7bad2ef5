/** One id a delivery, the same over retries, repeats and redrives: what receivers tell repeats by. */
import type { RecordDocument } from "./document.js";

/**
 * CloudEvents name an event by source and id, and a source holds no space. Any other record is named by where it lies, with a namespace, since two clusters
 * can share topic, partition and offset.
 */
export function recordId(document: RecordDocument, namespace: string): string {
  const { topic, partition, offset } = document.record;
  const event = eventName(document);
  return event ?? `${namespace}/${topic}/${partition}/${offset}`;
}

function eventName(document: RecordDocument): string | undefined {
  try {
    const { ce } = document;
    return ce === undefined ? undefined : `${ce.source} ${ce.id}`;
  } catch {
    return undefined; // a CloudEvent that cannot be read is named as a plain record
  }
}
