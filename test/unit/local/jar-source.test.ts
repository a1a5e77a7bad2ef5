/** Where the jars come from: RELAY_MAVEN_REPOSITORY, else Maven, else the mirror in Maven's settings. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findJarSource, mirrorIn } from "../../../local/broker/jar-source.js";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "home-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const withoutMaven = { PATH: "/nowhere" };
const mirrorOf = (pattern: string, more = ""): string =>
  `<settings><mirrors><!-- <mirror><mirrorOf>*</mirrorOf><url>https://commented.example.com</url></mirror> --><mirror><id>ours</id><mirrorOf>${pattern}</mirrorOf><url>https://maven.example.com/all/</url>${more}</mirror></mirrors></settings>`;

test("RELAY_MAVEN_REPOSITORY comes before Maven; its credentials become a header and never a part of the address", async () => {
  const source = await findJarSource(
    { PATH: process.env.PATH, RELAY_MAVEN_REPOSITORY: "https://me:s%40cret@maven.example.com/central/" },
    home,
  );

  expect(source).toEqual({
    kind: "repository",
    repository: {
      url: "https://maven.example.com/central",
      authorization: `Basic ${Buffer.from("me:s@cret").toString("base64")}`,
    },
  });
});

test.each(["maven.example.com", "ftp://maven.example.com/", "file:///repository", "me:secret"])(
  "RELAY_MAVEN_REPOSITORY=%s is refused without showing it",
  async (text) => {
    expect(await findJarSource({ ...withoutMaven, RELAY_MAVEN_REPOSITORY: text }, home)).toEqual({
      missing: "RELAY_MAVEN_REPOSITORY must be an address that starts with https:// or http://",
    });
  },
);

test("without Maven and without a repository, the message says what to set", async () => {
  expect(await findJarSource(withoutMaven, home)).toEqual({
    missing: expect.stringMatching(/Maven was not found.*RELAY_MAVEN_REPOSITORY/),
  });
});

test("without Maven, the mirror in Maven's settings is used, with the credentials of its server", async () => {
  mkdirSync(join(home, ".m2"));
  writeFileSync(
    join(home, ".m2/settings.xml"),
    `${mirrorOf("central")}<servers><server><id>other</id><username>x</username></server><server><id>ours</id><username>me &amp; you</username><password>\${env.MAVEN_PASSWORD}</password></server></servers>`,
  );

  expect(await findJarSource({ ...withoutMaven, MAVEN_PASSWORD: "secret" }, home)).toEqual({
    kind: "repository",
    repository: { url: "https://maven.example.com/all", authorization: `Basic ${Buffer.from("me & you:secret").toString("base64")}` },
  });
});

test.each(["*", "central", "external:*", "*,!internal", "internal, central"])("a mirror of %s is one of Maven Central", (pattern) => {
  expect(mirrorIn(mirrorOf(pattern), {})).toEqual({ url: "https://maven.example.com/all" });
});

test.each(["internal", "*,!central", "external:http:*"])("a mirror of %s is not one of Maven Central", (pattern) => {
  expect(mirrorIn(mirrorOf(pattern), {})).toBeUndefined();
});

test("a mirror that is blocked is not used", () => {
  expect(mirrorIn(mirrorOf("*", "<blocked>true</blocked>"), {})).toBeUndefined();
});

test("a mirror with an encrypted password is not used, because only Maven can read it", () => {
  const servers = "<server><id>ours</id><username>me</username><password>{COQLCE6DU6GtcS5P=}</password></server>";

  expect(mirrorIn(`${mirrorOf("*")}${servers}`, {})).toBeUndefined();
});
