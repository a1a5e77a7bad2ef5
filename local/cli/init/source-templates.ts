/** The files of a new source, as text: webhooks into a topic, with an example and a test. */
import { type Language, orderType } from "./templates.js";

/** The variable with the sender's secret, such as ORDER_HOOKS_SECRET. @param name of the source, in kebab-case. */
export const secretVariableOf = (name: string): string => `${name.toUpperCase().replaceAll("-", "_")}_SECRET`;

/** By path from the project's folder. */
export function sourceFiles(name: string, topic: string, language: Language): Readonly<Record<string, string>> {
  const ending = language === "typescript" ? "ts" : "js";
  return {
    [`functions/sources/${name}.${ending}`]: source(name, topic, language),
    [`functions/sources/${name}.test.${ending}`]: sourceTest(name),
  };
}

/** Its entry in custom.kafkaRelay.sources. */
export const sourceEntry = (name: string): object => ({
  webhook: true,
  environment: { [secretVariableOf(name)]: `\${env:${secretVariableOf(name)}, ''}` },
});

function source(name: string, topic: string, language: Language): string {
  const isTyped = language === "typescript";
  return `/** Source: orders from signed webhooks, POST /sources/${name}, into the topic ${topic}. */
import { defineSource, source, standardWebhooks, webhooks } from "kafka-relay/sources";
${orderType(language)}
export const handler = source(
  defineSource${isTyped ? "<Order>" : ""}({
    name: "${name}",
    // Other senders sign in other ways: github, stripe, shopify, slack, plainHmac and more, from the same import.
    from: webhooks({ verify: standardWebhooks({ secrets: ["env:${secretVariableOf(name)}"] }) }),
    to: { topic: "${topic}" },
    transform: ({ value: { id } }) => ({ key: id }),
    examples: [
      {
        name: "an order has its id as key",
        input: { value: { id: "a", amount: 150 } },
        expected: { key: "a", value: { id: "a", amount: 150 } },
      },
    ],
  }),
);
`;
}

const sourceTest = (name: string): string => `import { records, runRoute } from "kafka-relay/testing";
import { expect, test } from "vitest";
import { handler } from "./${name}.js";

test("an order is written with its id as key", async () => {
  const run = await runRoute(handler.source.route, records({ value: { id: "a", amount: 150 } }));

  expect(run.delivered.map(({ key, value }) => ({ key, value }))).toEqual([{ key: "a", value: { id: "a", amount: 150 } }]);
});
`;
