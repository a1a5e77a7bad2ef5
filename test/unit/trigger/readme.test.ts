/** The manual names every member of an event and every setting: what is checked is what is written down. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { kafkaMembers, mskMembers } from "../../../local/kafka-trigger/src/declaration/members.js";
import { settingNames } from "../../../local/kafka-trigger/src/plugin/settings.js";

const readme = readFileSync(join(import.meta.dirname, "../../../local/kafka-trigger/README.md"), "utf8");
/** The framework's own, which its manual explains. */
const ofFramework = ["arn", "topic", "bootstrapServers", "accessConfigurations"];

test.each(
  [...new Set([...Object.keys(mskMembers.entries), ...Object.keys(kafkaMembers.entries)])].filter((name) => !ofFramework.includes(name)),
)("the manual explains the member %s", (name) => {
  expect(readme).toMatch(new RegExp(`\`${name}\\b`));
});

test.each(settingNames)("the manual has a row for the setting %s", (name) => {
  expect(readme).toMatch(new RegExp(`^\\| \`${name}\` `, "m"));
});
