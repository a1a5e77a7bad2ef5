/** Who uses the console: the token (in memory only), what it permits, and the client that every call goes through. */
import { computed, signal } from "@preact/signals";
import { ApiError } from "../../client/api-error.js";
import { type AnswerTo, createClient } from "../../client/client.js";
import { apiUrl, settings } from "./settings.js";

export const token = signal<string | undefined>(undefined);
/** Set when a call was refused because it had no valid token; the sign-in covers the page, and what was typed stays below it. */
export const isSignInNeeded = signal(false);
export const permitted = signal<AnswerTo<"GET /permissions"> | undefined>(undefined);
export const knownClusterId = signal<string | undefined>(undefined);
/** People may switch changes off for themselves; the server may do so for everybody. */
export const isReadOnly = signal(settings.isReadOnly);

export const api = createClient({ baseUrl: apiUrl, token: () => token.value, retry: { attemptsMax: 2 } });

/** Loads what every view needs. Throws `ApiError`. */
export async function beginSession(): Promise<void> {
  const [given, id] = await Promise.all([api.call("GET /permissions"), findClusterId()]);
  permitted.value = given;
  knownClusterId.value = id;
  isSignInNeeded.value = false;
}

/** From the cluster's description, or from the health check for callers that may not describe it. */
async function findClusterId(): Promise<string> {
  try {
    const { data } = await api.call("GET /v3/clusters");
    return data[0]?.cluster_id ?? "unknown";
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    const { kafka } = await api.call("GET /health");
    return kafka.cluster_id ?? "unknown";
  }
}

/** Whether the console offers an action: the caller is permitted to do it, and it is not switched to read only. */
export function mayDo(may: string, resource?: string): boolean {
  return (isReading(may) || !isReadOnly.value) && isPermittedTo(may, resource);
}

const isReading = (may: string): boolean => /:(read|list|describe)$/.test(may);

/** Whether the caller is permitted to do it at all, read only or not. */
export function isPermittedTo(may: string, resource?: string): boolean {
  const given = permitted.value;
  if (given === undefined) return false;
  const permission = given.permissions.find((one) => one.may === may);
  if (permission === undefined) return false;
  return resource === undefined || permission.on === null || permission.on.some((pattern) => matchesPattern(pattern, resource));
}

/** As in grants: `*` stands for any run of characters. */
function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(text);
}

export const cluster = computed(() => ({ cluster_id: knownClusterId.value ?? "" }));

/** A call that was refused because it had no valid token opens the sign-in. Returns the failure as it is. */
export function noteFailure(thrown: unknown): ApiError {
  const error = thrown instanceof ApiError ? thrown : undefined;
  if (error?.status === 401) isSignInNeeded.value = true;
  return error ?? new ApiError(thrown instanceof Error ? thrown.message : String(thrown), bug);
}

const bug = { status: 0, errorCode: 0, kind: "bug", retriable: false, maybeWritten: false } as const;
