/** What the functions are told on the laptop: where the broker, the database and the webhook's receiver are, and that everything is allowed. */
import type { LocalSettings } from "../broker/settings.js";

export interface Places {
  readonly brokers: readonly string[];
  readonly databaseUrl: string;
}

/** Signs the demo's webhooks; it guards nothing but a laptop. */
export const localWebhookSecret = `whsec_${Buffer.from("kafka-relay: a secret for laptops").toString("base64")}`;

export const localDatabaseUrl = (sqlPort: number): string => `postgres://postgres@127.0.0.1:${sqlPort}/postgres?sslmode=disable`;

export const receiverUrl = ({ webhookPort }: LocalSettings): string => `http://127.0.0.1:${webhookPort}/quakes`;

/** What the caller has set wins, but for the ports that were chosen here. */
export function functionEnvironment(env: NodeJS.ProcessEnv, settings: LocalSettings, { brokers, databaseUrl }: Places): NodeJS.ProcessEnv {
  return {
    RELAY_ACCESS: "everything",
    RELAY_LOG_LEVEL: "info",
    RELAY_METRICS: "off",
    RELAY_REQUEST_LOG: "on",
    RELAY_ALLOW_PRIVATE_ADDRESSES: "true",
    QUAKES_DATABASE_URL: databaseUrl,
    QUAKES_WEBHOOK_URL: receiverUrl(settings),
    QUAKES_WEBHOOK_SECRET: localWebhookSecret,
    SLS_NOTIFICATIONS_MODE: "off",
    SLS_TELEMETRY_DISABLED: "1",
    // The framework asks for credentials where it resolves AWS things; no call is ever made.
    AWS_REGION: "eu-central-1",
    ...env,
    KAFKA_BROKERS: brokers.join(","),
    RELAY_HTTP_PORT: String(settings.httpPort),
    RELAY_LAMBDA_PORT: String(settings.lambdaPort),
    RELAY_FUNCTION_ENDPOINT: `http://127.0.0.1:${settings.lambdaPort}`,
  };
}
