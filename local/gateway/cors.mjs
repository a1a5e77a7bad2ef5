// What web pages of other origins may send and see where CORS is configured (`corsOrigins`), the same on AWS and on the laptop. Credentials are never allowed, because
// this API uses no cookies.
export const corsPolicy = {
  allowedHeaders: [
    "accept",
    "authorization",
    "ce-dataschema",
    "ce-id",
    "ce-partitionkey",
    "ce-source",
    "ce-specversion",
    "ce-subject",
    "ce-time",
    "ce-type",
    "content-encoding",
    "content-type",
    "prefer",
    "traceparent",
    "tracestate",
    "x-amz-date",
    "x-amz-security-token",
  ],
  allowedMethods: ["DELETE", "GET", "PATCH", "POST", "PUT"],
  exposedResponseHeaders: ["preference-applied", "relay-failed-records", "retry-after"],
  maxAge: 600,
};
