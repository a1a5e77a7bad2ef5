/**
 * Grants that are read from a store and read again while the process lives. The last ones that were valid stay in force when a later document is not, or cannot be read:
 * the log and a metric say so.
 */
import type { AccessPolicy } from "../access.js";
import { parseGrants } from "../access-policy.js";
import { RelayError, toRelayError } from "../errors.js";
import type { Telemetry } from "../telemetry.js";
import { parseGrantsLocation } from "./location.js";
import { createGrantsReader, type ReadGrants } from "./reader.js";

/** More than the environment has room for. */
const grantsMax = 5_000;
/** How soon a document that could not be read, or was not valid, is read again. */
const retryMs = 15_000;
/** Without any grants, calls fail; this long with the same failure, so that a store that is down is not asked by each of them. */
const failureKeptMs = 1_000;

interface ReloadOptions {
  /** As messages name the document: its address. */
  readonly place: string;
  readonly read: ReadGrants;
  readonly reloadMs: number;
  readonly telemetry: () => Pick<Telemetry, "log" | "metrics">;
  readonly now?: () => number;
}

export type ReloadedPolicy = () => AccessPolicy | Promise<AccessPolicy>;

/** The grants at an address: `s3://...`, `dynamodb://...` or `appconfig://...`. Throws `bad-configuration` for any other. */
export function policyAt(address: string, reloadMs: number, telemetry: ReloadOptions["telemetry"]): ReloadedPolicy {
  return createReloadedPolicy({ place: address, read: createGrantsReader(parseGrantsLocation(address), address), reloadMs, telemetry });
}

/** The call that finds the grants due waits until they are read; calls beside it use those that are there. */
export function createReloadedPolicy({ place, read, reloadMs, telemetry, now = () => Date.now() }: ReloadOptions): ReloadedPolicy {
  let kept: { readonly policy: AccessPolicy; readonly version: string | undefined; readonly readAtMs: number } | undefined;
  let dueAtMs = 0;
  let reading: Promise<AccessPolicy> | undefined;
  let failure: { readonly error: RelayError; readonly untilMs: number } | undefined;

  const readNow = async (): Promise<AccessPolicy> => {
    try {
      const document = await read(kept?.version);
      const policy = document === undefined ? kept?.policy : parseGrants(document.text, place, grantsMax);
      if (policy === undefined) throw new RelayError("grants-unavailable", `${place} was not returned.`);
      if (document !== undefined) telemetry().log("info", "grants read", { place, grants: policy.length });
      kept = { policy, version: document === undefined ? kept?.version : document.version, readAtMs: now() };
      dueAtMs = now() + reloadMs;
      failure = undefined;
      return policy;
    } catch (thrown) {
      const error = toRelayError(thrown);
      telemetry().metrics({}, { GrantsReloadFailures: { unit: "Count", value: 1 } });
      telemetry().log("error", "grants not read", {
        place,
        reason: error.message,
        keptForMs: kept === undefined ? null : now() - kept.readAtMs,
      });
      if (kept === undefined) {
        failure = { error, untilMs: now() + failureKeptMs };
        throw error;
      }
      dueAtMs = now() + Math.min(retryMs, reloadMs);
      return kept.policy;
    } finally {
      reading = undefined;
    }
  };

  return () => {
    if (kept !== undefined && (now() < dueAtMs || reading !== undefined)) return kept.policy;
    if (reading !== undefined) return reading;
    if (failure !== undefined && now() < failure.untilMs) throw failure.error;
    reading = readNow();
    return reading;
  };
}
