// A DICOM archive of a test's own, that does wrong what it is told to.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

// The program in the folder that DICOM_BINARIES names, or in PATH.
const binary = (name) => (process.env.DICOM_BINARIES ? join(process.env.DICOM_BINARIES, name) : name);

export class Archive {
  // Starts `dicom-mock-archive` and waits until it is ready.
  static async start(...options) {
    const addresses = ["--http", "127.0.0.1:0", "--dimse", "127.0.0.1:0", "--control", "127.0.0.1:0"];
    const child = spawn(binary("dicom-mock-archive"), [...addresses, ...options], { stdio: ["ignore", "pipe", "ignore"] });
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    return new Archive(child, JSON.parse(line));
  }

  constructor(child, ready) {
    this.child = child;
    this.web = ready.dicomweb;
    this.control = ready.control;
  }

  // A call of the control API.
  async call(method, path, body, accept = "application/json") {
    const answer = await fetch(this.control + path, {
      method,
      headers: { "Content-Type": "application/json", Accept: accept },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  // Puts a rule into force; its number.
  async inject(then, { when = {}, often } = {}) {
    const answer = await this.call("POST", "/rules", { when, then, ...(often && { often }) });
    return (await answer.json()).id;
  }

  // Fails unless the rule acted so many times.
  verify = (rule, count) => this.call("POST", "/verify", { rule, count });

  // SOP Instance UIDs of all that it holds.
  stored = async () => (await this.call("GET", "/stored")).json();

  journal = async () => (await this.call("GET", "/journal", undefined, "text/plain")).text();

  async stop() {
    const ended = once(this.child, "exit");
    this.child.kill();
    await ended;
  }
}

// Ten files of one CT series, of a patient that never lived.
export function slices() {
  const folder = mkdtempSync(join(tmpdir(), "slices-"));
  try {
    execFileSync(binary("dicom-fixtures"), ["write", folder, "--only", "ct"], { stdio: "ignore" });
    const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".dcm"));
    return names.sort().slice(0, 10).map((name) => readFileSync(join(folder, name)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
