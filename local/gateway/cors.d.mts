/** The types of cors.mjs, for the deployment. */
export declare const corsPolicy: {
  readonly allowedHeaders: readonly string[];
  readonly allowedMethods: readonly string[];
  readonly exposedResponseHeaders: readonly string[];
  /** Seconds. */
  readonly maxAge: number;
};
