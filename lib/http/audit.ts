/**
 * One line per administrative action: who did what, on which resources, and what became of it, refused attempts included. Access by grants is audited; where everybody
 * may do everything, as on a laptop, there are no such lines.
 */
import type { Caller, Permission } from "../access.js";

/** Actions that change topics, groups, ACLs, the cluster, or remove or redrive records. Writing records is not among them. */
const administrative = /^(?:topic|group|acl|cluster|record|dead-letter):(?:create|alter|delete|redrive|discard)$/;
/** A call may name a thousand topics. */
const resourcesMax = 100;

/** What a call has shown of itself by the time that it ends. */
export interface AuditTrail {
  /** Undefined: the call was refused before its caller was known. */
  caller?: Caller;
  /** Every resource that was checked for it, from the path and from the body. */
  readonly resources: Set<string>;
}

interface AuditedCall {
  readonly may: Permission;
  readonly routeKey: string;
  readonly requestId: string;
  readonly status: number;
}

/** Undefined for a call that is not an administrative action. */
export function toAuditEntry(
  { may, routeKey, requestId, status }: AuditedCall,
  { caller, resources }: AuditTrail,
): Readonly<Record<string, unknown>> | undefined {
  if (!administrative.test(may)) return undefined;
  const names = [...resources];
  return {
    level: "info",
    message: "audit",
    who: caller?.name,
    kind: caller?.kind,
    may,
    routeKey,
    on: names.slice(0, resourcesMax),
    ...(names.length > resourcesMax ? { more: names.length - resourcesMax } : {}),
    status,
    outcome: outcomeOf(status),
    requestId,
  };
}

/** 207 says for each resource what became of it. */
function outcomeOf(status: number): "done" | "partly done" | "refused" | "failed" {
  if (status === 207) return "partly done";
  if (status < 400) return "done";
  return status < 500 ? "refused" : "failed";
}
