/** One line per administrative action: who, what, on which resources, and what became of it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AdminApi, createAdminApi } from "../support/api/admin-api.js";
import { uniqueName } from "../support/broker/unique-names.js";

const opsArn = "arn:aws:sts::123456789012:assumed-role/ops/anna";
const ops = { iam: { userArn: opsArn } };
const prefix = uniqueName("audited");
const grants = JSON.stringify([
  { who: [opsArn], may: ["topic:*", "record:*", "acl:*", "service:describe"], on: [`${prefix}*`] },
  { who: [opsArn], may: ["topic:create", "topic:delete"], on: [`${prefix}*`] },
]);
let lines: Record<string, unknown>[] = [];
let api: AdminApi;

beforeAll(async () => {
  api = await createAdminApi({
    env: { RELAY_ACCESS: "grants", RELAY_ACCESS_GRANTS: grants },
    log: (entry) => void lines.push({ ...entry }),
  });
});
afterAll(() => api.close());

async function audited(methodAndPath: string, body?: unknown, authorizer: unknown = ops) {
  lines = [];
  const { status } = await api.v3(methodAndPath, { authorizer, ...(body === undefined ? {} : { body }) });
  return { status, audit: lines.filter(({ message }) => message === "audit") };
}

test("an action that is done names its caller and its resource, as the body names it", async () => {
  const topic = `${prefix}-one`;
  const created = await audited("POST /topics", { topic_name: topic });
  const deleted = await audited(`DELETE /topics/${topic}`);

  expect(created).toMatchObject({ status: 201, audit: [{ who: opsArn, kind: "iam", may: "topic:create", on: [topic], outcome: "done" }] });
  expect(deleted).toMatchObject({ status: 204, audit: [{ who: opsArn, may: "topic:delete", on: [topic], status: 204, outcome: "done" }] });
});

test("an action on many resources names them all, also those that were refused", async () => {
  const names = [`${prefix}-a`, "somebody-elses"];
  api.willDelete(`${prefix}-a`);
  const { audit } = await audited("POST /topics:batch", { data: names.map((topic_name) => ({ topic_name })) });

  expect(audit).toMatchObject([{ may: "topic:create", on: names, status: 207, outcome: "partly done" }]);
});

test("an attempt that is refused is a line too", async () => {
  const { status, audit } = await audited("DELETE /topics/somebody-elses");
  const anonymous = await audited("DELETE /topics/somebody-elses", undefined, null);

  expect([status, audit]).toMatchObject([403, [{ who: opsArn, on: ["somebody-elses"], outcome: "refused" }]]);
  expect(anonymous.audit).toMatchObject([{ who: "anonymous", kind: "anonymous", outcome: "refused" }]);
});

test("reading and writing records is not administration", async () => {
  expect((await audited("GET /topics")).audit).toEqual([]);
  lines = [];
  await api.call(`POST /topics/${prefix}-none`, {
    authorizer: ops,
    body: { records: [{ value: 1 }] },
    contentType: "application/vnd.kafka.json.v2+json",
  });
  expect(lines.filter(({ message }) => message === "audit")).toEqual([]);
});

test("where everybody may do everything, nothing is audited", async () => {
  lines = [];
  const open = await createAdminApi({ log: (entry) => void lines.push({ ...entry }) });
  const topic = await open.topic();
  await open.v3(`DELETE /topics/${topic}`);
  await open.close();

  expect(lines.filter(({ message }) => message === "audit")).toEqual([]);
});
