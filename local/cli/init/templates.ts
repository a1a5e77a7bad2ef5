/** The files of a new project, as text. The versions are those that this project itself is tested with. */
import manifest from "../../../package.json" with { type: "json" };

export type Language = "typescript" | "javascript";
type Files = Readonly<Record<string, string>>;

/** By path from the new project's folder. @param name of the project, in kebab-case. */
export function projectFiles(name: string, language: Language): Files {
  return {
    "package.json": packageJson(name, language),
    "serverless.yml": serverlessYml(name),
    "README.md": readme(name, language),
    "vitest.config.js": vitestConfig,
    ".gitignore": "node_modules/\n.build/\n.data/\n.serverless/\n",
    ".github/workflows/ci.yml": workflow,
    ...(language === "typescript" ? { "tsconfig.json": tsconfig } : {}),
    ...routeFiles("big-orders", "orders", language),
  };
}

/** A route and its test. */
export function routeFiles(name: string, topic: string, language: Language): Files {
  const ending = language === "typescript" ? "ts" : "js";
  return {
    [`functions/routes/${name}.${ending}`]: route(name, topic, language),
    [`functions/routes/${name}.test.${ending}`]: routeTest(name),
  };
}

const { devDependencies } = manifest;

function packageJson(name: string, language: Language): string {
  const project = {
    name,
    private: true,
    type: "module",
    scripts: {
      start: "kafka-relay start",
      test: language === "typescript" ? "tsc --noEmit && vitest run" : "vitest run",
      package: "serverless package --stage example",
      deploy: "serverless deploy",
    },
    dependencies: { "kafka-relay": `^${manifest.version}` },
    devDependencies: {
      esbuild: devDependencies.esbuild,
      serverless: devDependencies.serverless,
      "serverless-offline": devDependencies["serverless-offline"],
      tsx: devDependencies.tsx,
      ...(language === "typescript" ? { typescript: devDependencies.typescript } : {}),
      vitest: devDependencies.vitest,
    },
    // serverless-offline brings a range of its own.
    overrides: { tsx: devDependencies.tsx },
  };
  return `${JSON.stringify(project, null, 2)}\n`;
}

const serverlessYml = (name: string): string => `service: ${name}

plugins:
  # Adds the functions of the API and of the routes, and runs their Kafka triggers on your machine.
  - kafka-relay/serverless
  - serverless-offline

provider:
  name: aws
  runtime: nodejs24.x
  region: \${env:AWS_REGION, 'eu-central-1'}
  stage: local

custom:
  kafkaRelay:
    # Kafka over HTTP: true for the whole API, or a list such as [produce, records].
    api: [produce, records, topics, service]
    clusterArn: \${env:MSK_CLUSTER_ARN, 'arn:aws:kafka:eu-central-1:000000000000:cluster/local/00000000-0000-0000-0000-000000000000-1'}
    # One file each in functions/routes, with its trigger: the members of an msk event.
    routes:
      big-orders:
        topic: orders
  serverless-offline:
    host: 127.0.0.1
    httpPort: \${env:RELAY_HTTP_PORT, '3000'}
    lambdaPort: \${env:RELAY_LAMBDA_PORT, '3002'}
    localEnvironment: true
    noPrependStageInUrl: true
`;

const tsconfig = `{
  "compilerOptions": {
    "target": "es2023",
    "lib": ["es2023"],
    "module": "nodenext",
    "types": ["node"],
    "strict": true,
    "noUncheckedIndexedAccess": true,
    "skipLibCheck": true,
    "noEmit": true
  },
  "include": ["functions"]
}
`;

const vitestConfig = `import { defineConfig } from "vitest/config";

export default defineConfig({ test: { include: ["functions/**/*.test.{ts,js}"] } });
`;

const workflow = `name: ci
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 24
      - run: npm install
      - run: npm test
      - run: npm run package
`;

/** The type of the values in the examples; JavaScript has none. */
export const orderType = (language: Language): string =>
  language === "typescript"
    ? `
interface Order {
  readonly id: string;
  readonly amount: number;
}
`
    : "";

function route(name: string, topic: string, language: Language): string {
  const isTyped = language === "typescript";
  return `/** Route: orders of 100 or more from the topic ${topic}, in short form, into a topic of their own. */
import { defineRoute, relay } from "kafka-relay/relay";
import { topic } from "kafka-relay/targets/topic";
${orderType(language)}
export const handler = relay(
  defineRoute${isTyped ? "<Order>" : ""}({
    name: "${name}",
    filter: { value: { amount: [{ numeric: [">=", 100] }] } },
    transform: ({ value: { id, amount } }) => ({ key: id, value: { id, amount } }),
    target: topic({ topic: "${name}-out" }),
  }),
);
`;
}

const routeTest = (name: string): string => `import { records, runRoute } from "kafka-relay/testing";
import { expect, test } from "vitest";
import { handler } from "./${name}.js";

test("orders of 100 or more are delivered in short form", async () => {
  const run = await runRoute(handler, records({ value: { id: "a", amount: 150, note: "urgent" } }, { value: { id: "b", amount: 5 } }));

  expect(run.delivered.map(({ key, value }) => ({ key, value }))).toEqual([{ key: "a", value: { id: "a", amount: 150 } }]);
  expect(run.filtered).toHaveLength(1);
});

test("a record that is not an order is filtered", async () => {
  const run = await runRoute(handler, records({ value: "hello" }));

  expect(run.delivered).toEqual([]);
});
`;

const readme = (name: string, language: Language): string => `# ${name}

Kafka over HTTP, and routes that relay records from Kafka, as AWS Lambda functions. Made with kafka-relay, whose manual is the README.md of its package.

\`\`\`
npm install
npm start        # a broker (Docker, or Java and Maven), the API on http://localhost:3000, and the routes
npm test         # the routes, without Kafka
npm run package  # the CloudFormation template, without credentials
\`\`\`

In a second terminal, while \`npm start\` runs:

\`\`\`
curl -s http://localhost:3000/topics/orders -H 'content-type: application/vnd.kafka.json.v2+json' -d '{"records":[{"value":{"id":"a","amount":150}}]}'
curl -s 'http://localhost:3000/topics/big-orders-out/records?from=beginning'
\`\`\`

- \`functions/routes/big-orders.${language === "typescript" ? "ts" : "js"}\` is a route: filter, transform, target. Its test is beside it.
- \`npx kafka-relay add route order-mails --topic orders\` writes another one.
- \`serverless.yml\` names each route's trigger. Set MSK_CLUSTER_ARN and deploy with \`npm run deploy -- --stage dev\`.
`;
