/** The media types in which an instance returns its records: each format has its own. Pure. */
import { type ConsumerFormat, consumerFormats } from "../../consumers/options.js";
import { RelayError } from "../../errors.js";
import { negotiate } from "../media-type.js";
import { v2MediaTypes } from "../rest/v2-metadata.js";

const typesOf = (format: string) => [`application/vnd.kafka.${format}.v2+json`, `application/vnd.kafka.${format}+json`] as const;

const embeddedTypes = consumerFormats.flatMap(typesOf);

export const recordTypes: readonly string[] = [...v2MediaTypes, ...embeddedTypes];

/** Throws `consumer-format` (40601) if the caller accepts only another format than the instance's. */
export function recordTypeFor(format: ConsumerFormat, accept: string | undefined): string {
  const type = negotiate(accept, [...typesOf(format), ...v2MediaTypes]);
  if (type !== undefined) return type;
  throw new RelayError(
    "consumer-format",
    `This instance returns records in the format ${format}, and the Accept header does not allow ${typesOf(format)[0]}. Accept that type, or create an instance with another format.`,
  );
}
