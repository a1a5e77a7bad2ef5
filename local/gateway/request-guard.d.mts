/** The types of request-guard.mjs, for its test. */
export interface GuardSettings {
  readonly hosts: ReadonlySet<string>;
  readonly origins: readonly string[];
}

export interface GuardedRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export type Judgement =
  | { readonly verdict: "refused"; readonly message: string }
  | { readonly verdict: "preflight" | "passed"; readonly headers: Readonly<Record<string, string>> };

export declare function parseGuardSettings(given?: {
  readonly allowedHosts?: string;
  readonly corsOrigins?: string;
  readonly boundHost?: string;
}): GuardSettings;

export declare function judgeRequest(request: GuardedRequest, settings: GuardSettings): Judgement;
