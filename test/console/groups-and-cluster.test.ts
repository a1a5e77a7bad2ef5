/** Groups, brokers and ACLs in the console, each action down to its effect in Kafka. */
import { describe, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { findAcls } from "../../lib/kafka/admin/acls.js";
import { committedOffsets } from "../../lib/kafka/admin/group-offsets.js";
import { resetOffsets } from "../../lib/kafka/admin/offset-reset.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { hasBrowser, useConsole } from "../support/console/console-page.js";

const deadline = () => createDeadline(20_000);

describe.runIf(hasBrowser)("in the console", () => {
  const { kafka, open, shoot, expectComplaint } = useConsole();

  /** A group without members that has read one of three records. */
  async function groupBehind() {
    const [topic, group] = [await createTestTopic(kafka), uniqueName("behind")];
    await kafka.producer.produce(
      topic,
      [1, 2, 3].map((n) => ({ key: null, value: Buffer.from(`${n}`), headers: [] })),
      deadline(),
    );
    await resetOffsets(kafka, group, topic, "all", { to: "offset", offset: 1n }, deadline());
    return { topic, group };
  }
  const positionOf = async (group: string, topic: string) => {
    const table = (await committedOffsets(kafka, [group], deadline())).get(group);
    return table instanceof Map ? table.get(topic)?.get(0) : undefined;
  };

  test("the group that is behind comes first, and shows where it is behind", async () => {
    const { topic, group } = await groupBehind();
    const page = await open("groups");

    await page.getByRole("row").filter({ hasText: group }).getByText(`${topic} 0: 2`).waitFor();
    await page.getByRole("link", { name: group }).click();

    const row = page.getByRole("row").filter({ hasText: topic });
    await row.getByRole("cell", { name: "nobody" }).waitFor();
    expect(await row.getByRole("cell").allTextContents()).toEqual([topic, "0", "1", "3", "2", "nobody"]);
    await shoot(page, "group");
  });

  test("offsets are moved only after a preview, and to where it said", async () => {
    const { topic, group } = await groupBehind();
    const page = await open(`groups/${group}`);
    await page.getByRole("button", { name: "Move offsets" }).click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.getByRole("button", { name: "Move offsets" }).isDisabled()).toBe(true);

    await dialog.getByRole("combobox", { name: "To", exact: true }).selectOption("the first record");
    await dialog.getByRole("button", { name: "Preview" }).click();
    await dialog.getByRole("cell", { name: "0", exact: true }).waitFor();
    expect(await positionOf(group, topic)).toBe(1n);
    await dialog.getByRole("button", { name: "Move offsets" }).click();

    await until(async () => (await positionOf(group, topic)) === 0n);
  });

  test("a group is deleted after its name was typed", async () => {
    const { topic, group } = await groupBehind();
    const page = await open(`groups/${group}`);
    await page.getByRole("button", { name: "Delete" }).click();

    await page.getByLabel("to confirm").fill(group);
    await page.getByRole("button", { name: "Delete the group" }).click();

    await page.getByRole("heading", { name: "Groups" }).waitFor();
    await until(async () => (await positionOf(group, topic)) === undefined);
  });

  test("the cluster shows its brokers and their settings, and elects leaders", async () => {
    const page = await open("cluster");
    await page.getByText("controller", { exact: true }).waitFor();
    await shoot(page, "cluster");
    await page.getByRole("button", { name: "Elect preferred leaders" }).click();
    await page.getByRole("button", { name: "Elect", exact: true }).click();
    await page.getByText("The preferred leaders were elected.").waitFor();

    await page.getByRole("row").nth(1).click();

    await page.getByRole("row").filter({ hasText: "node.id" }).waitFor();
  });

  test("an ACL is added to the broker and removed from it, or the broker's refusal is shown", async () => {
    const principal = `User:${uniqueName("console")}`;
    const page = await open("acls");
    const aclsOf = async (who: string | undefined) => {
      const any = {
        resourceType: "ANY",
        resourceName: undefined,
        patternType: "ANY",
        host: undefined,
        operation: "ANY",
        permission: "ANY",
      } as const;
      return findAcls(kafka, { ...any, principal: who }, deadline());
    };
    const isOn = await aclsOf(undefined).then(
      () => true,
      () => false,
    );
    if (!isOn) {
      await page.getByRole("alert").waitFor();
      expectComplaint(/40\d|50\d/);
      return;
    }
    await page.getByRole("button", { name: "Add ACL" }).click();
    await page.getByLabel("Principal", { exact: true }).fill(principal);
    await page.getByLabel("Resource name").fill("orders");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    const row = page.getByRole("row").filter({ hasText: principal });
    await row.getByText("allow").waitFor();
    expect(await aclsOf(principal)).toMatchObject([{ principal, resourceType: "TOPIC", resourceName: "orders", permission: "ALLOW" }]);
    await row.getByText("allow").click();
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    await row.waitFor({ state: "detached" });
    expect(await aclsOf(principal)).toEqual([]);
  });
});
