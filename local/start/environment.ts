/** The functions' environment on the laptop: addresses of the broker, the database and the webhook receiver, and full access. */
import type { LocalSettings } from "../broker/settings.js";

interface Places {
  readonly brokers: readonly string[];
  readonly databaseUrl: string;
}

/** Signs the demo's webhooks. Not a real secret: it is used on laptops only. */
export const localWebhookSecret = `whsec_${Buffer.from("kafka-relay: a secret for laptops").toString("base64")}`;

export const localDatabaseUrl = (sqlPort: number): string => `postgres://postgres@127.0.0.1:${sqlPort}/postgres?sslmode=disable`;

const receiverUrl = ({ webhookPort }: LocalSettings): string => `http://127.0.0.1:${webhookPort}/quakes`;

/** Variables that the caller set take precedence, except for the ports chosen here. */
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
    // The framework requires credentials to resolve AWS variables, but makes no call.
    AWS_REGION: "eu-central-1",
    ...env,
    KAFKA_BROKERS: brokers.join(","),
    RELAY_HTTP_PORT: String(settings.httpPort),
    RELAY_LAMBDA_PORT: String(settings.lambdaPort),
    RELAY_FUNCTION_ENDPOINT: `http://127.0.0.1:${settings.lambdaPort}`,
    RELAY_TRIGGER_STATUS_URL: `http://127.0.0.1:${settings.statusPort}/_kafka-trigger`,
    RELAY_STATUS_PORT: String(settings.statusPort),
  };
}
