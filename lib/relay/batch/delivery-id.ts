/** One id a delivery, the same over retries, repeats and redrives: what receivers tell repeats by. */
import type { RecordDocument } from "../route/document.js";

/**
 * CloudEvents name an event by source and id, and a source holds no space. Any other record is named by where it lies, with a namespace, since two clusters
 * can share topic, partition and offset; so can a topic and the one that was created under its name before, which the generation tells apart. `@` is not in any
 * topic's name.
 */
export function recordId(document: RecordDocument, namespace: string, generation: number): string {
  const { topic, partition, offset } = document.record;
  const event = eventName(document);
  return event ?? `${namespace}/${topic}${generation === 0 ? "" : `@${generation}`}/${partition}/${offset}`;
}

function eventName(document: RecordDocument): string | undefined {
  try {
    const { ce } = document;
    return ce === undefined ? undefined : `${ce.source} ${ce.id}`;
  } catch {
    return undefined; // a CloudEvent that cannot be read is named as a plain record
  }
}
