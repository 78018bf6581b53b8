// Tests of the uploader against an archive that fails as told. Run: node --test examples/javascript/
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { Archive, slices } from "./archive.mjs";
import { NotStored, send } from "./uploader.mjs";

describe("the uploader", () => {
  let archive;
  let files;

  before(async () => {
    archive = await Archive.start("--empty");
    // The SOP Instance UID of each file, as the archive reads it.
    const sent = slices();
    await send(archive.web, new Map(sent.map((file, number) => [number, file])));
    const uids = await archive.stored();
    files = new Map(uids.map((uid) => [uid, sent.find((file) => file.includes(`${uid}\0`) || file.includes(uid))]));
    assert.equal(files.size, 10);
  });

  // One archive for all tests: each starts with it empty and right.
  beforeEach(() => archive.call("POST", "/reset", { rules: true, journal: true, data: true }));

  after(() => archive.stop());

  test("stores everything", async () => {
    await send(archive.web, files);
    assert.deepEqual((await archive.stored()).sort(), [...files.keys()].sort());
  });

  test("sends again only what was refused", async () => {
    const fourth = [...files.keys()][3];
    const rule = await archive.inject({ "refuse-instance": { reason: "A700" } }, { when: { instance: fourth }, often: "once" });

    await send(archive.web, files);

    assert.deepEqual((await archive.stored()).sort(), [...files.keys()].sort());
    await archive.verify(rule, 1);
    const requests = (await archive.journal()).split("\n").filter((line) => line.includes("POST"));
    assert.deepEqual(requests.map((line) => line.split(" -> ")[1]), ["202", "200"]);
  });

  test("reports what can never be stored, and the rest is kept", async () => {
    const first = [...files.keys()][0];
    await archive.inject({ "refuse-instance": { reason: "C122" } }, { when: { instance: first } });

    await assert.rejects(send(archive.web, files), (error) => {
      assert.ok(error instanceof NotStored);
      assert.deepEqual([...error.refused], [[first, 0xc122]]);
      return true;
    });
    assert.equal((await archive.stored()).length, 9);
  });

  test("gives up on an overloaded archive, and nothing is stored", async () => {
    await archive.inject({ "http-status": { status: 503, "retry-after": "1" } }, { when: { service: "store" } });

    await assert.rejects(send(archive.web, files), /503/);
    assert.deepEqual(await archive.stored(), []);
  });
});
