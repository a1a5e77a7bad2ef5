/** What a host can carry, and how its limits count. Each file in `hosts/` states its own. */

export interface SizeLimit {
  readonly bytesMax: number;
  /** Does the limit count the JSON event that a body travels in? Text then costs its escapes, and bytes a third more, for their base64. */
  readonly isOfEvent: boolean;
}

export interface Host {
  /** As messages name it: "Lambda". */
  readonly name: string;
  readonly request: SizeLimit;
  readonly reply: SizeLimit;
  /** How long a call may take. */
  readonly timeMs: number;
  /** Whether replies may be bytes, such as compressed ones. */
  readonly canReplyBytes: boolean;
  /** Whether bodies may be streamed, in both directions. */
  readonly canStream: boolean;
}
