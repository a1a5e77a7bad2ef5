/** What streams may take of a process, each limit with its name. `kafka-relay serve` has a variable for each. */

export interface StreamLimits {
  /** Open streams of this process, of both kinds. */
  readonly streamsMax: number;
  /** And of one caller. */
  readonly perCallerMax: number;
  /** Different things that are followed at once: readers of the same records in the same form share one read. */
  readonly followedMax: number;
  /** Of records that have arrived and are not acknowledged yet, per stream; also the most that one record may take. */
  readonly bytesMax: number;
  /** Of reports that a client has not read yet, per stream. */
  readonly unreadBytesMax: number;
  /** How long a client that sends records may send nothing. */
  readonly idleMs: number;
  /** How long a stream may last. */
  readonly lastsMs: number;
  /** How often a stream without records shows that it lives. */
  readonly heartbeatMs: number;
  /** How often it is checked that the caller may still do this. */
  readonly recheckMs: number;
}

export const streamLimits: StreamLimits = {
  streamsMax: 1_000,
  perCallerMax: 100,
  followedMax: 64,
  bytesMax: 2_097_152,
  unreadBytesMax: 1_048_576,
  idleMs: 60_000,
  // As Confluent's streaming.connection.max.duration.ms.
  lastsMs: 86_400_000,
  heartbeatMs: 15_000,
  recheckMs: 30_000,
};
