// Plays the conversations of schema/vectors with the client: `node conversations.ts <folder of conversations>`.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Client, type Report } from "../client.ts";
import type { Command, Event } from "../types/native.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Line = { [step: string]: Json };

/** A client whose connections and clock are those of a play. */
class Player extends Client {
  said: Command[] = [];
  reports: { [what: string]: Json }[] = [];
  dialing = false;
  private time = 0;
  private timers: { at: number; then: () => void }[] = [];

  constructor() {
    super({ url: "", tell: (report) => this.reports.push(...inWords(report)) });
  }
  protected override dial(): void { this.dialing = true; }
  protected override drop(): void { this.dialing = false; }
  protected override say(command: Command): void { this.said.push(JSON.parse(JSON.stringify(command))); }
  protected override after(ms: number, then: () => void): void { this.timers.push({ at: this.time + ms, then }); }

  /** Lets time pass; without an end, until the client dials. */
  pass(until = Infinity): void {
    while (until < Infinity || !this.dialing) {
      this.timers.sort((a, b) => a.at - b.at);
      const next = this.timers[0];
      if (next === undefined || next.at > until) break;
      this.timers.shift();
      this.time = next.at;
      next.then();
    }
    if (until < Infinity) this.time = until;
  }
  wait(ms: number): void { this.pass(this.time + ms); }
  connect(): void {
    this.pass();
    if (!this.dialing) throw new Error("does not connect");
    this.dialing = false;
    this.authenticate();
  }
  hear(event: Json): void { this.received(event as unknown as Event); }
  end(code: number): void { this.closed(code); }
}

/** Reports in the words of the conversations; those that no conversation asks for are left out. */
function inWords(report: Report): { [what: string]: Json }[] {
  if ("auth" in report) return [{ connected: { user: report.auth.user_id } }];
  if ("reply" in report) {
    const { client_msg_id, reply: { err = "", data } } = report;
    const refused = err === "ERR_CLIENT_ID_CONFLICT" ? "conflict" : report.what;
    return [{ [refused]: { client_msg_id, code: err, ...plain(data) } }];
  }
  if ("code" in report) return [{ [report.what]: { code: report.code } }];
  const { event } = report;
  if ("message" in event) return [{ message: { ...plain(event.message), text: plain(event.message.content.payload)["text"] ?? "" } }];
  if ("resumed" in event) return [{ [event.resumed.outcome]: { ...plain(event.resumed.state), ...plain(event.resumed) } }];
  if ("system" in event && event.system.what === "draining") return [{ draining: {} }];
  if ("user" in event && event.user.action === "room_joined") return [{ joined: { room: event.user.room } }];
  if ("user" in event && event.user.action === "room_left") return [{ left: { room: event.user.room } }];
  return [];
}

function plain(value: unknown): { [key: string]: Json } {
  return value === undefined ? {} : JSON.parse(JSON.stringify(value));
}

/** Whether a value is what a line asks for. Names that a line binds are kept. */
function matches(wanted: Json, found: Json | undefined, bound: Map<string, Json>): boolean {
  if (wanted === "$any") return found !== undefined;
  if (typeof wanted === "string" && wanted.startsWith("$bind:"))
    return found !== undefined && bound.set("$" + wanted.slice("$bind:".length), found).size > 0;
  if (typeof wanted === "string" && wanted.startsWith("$")) return isDeepStrictEqual(bound.get(wanted), found);
  if (wanted === null || typeof wanted !== "object" || Array.isArray(wanted)) return isDeepStrictEqual(wanted, found);
  const [optional] = "$optional" in wanted ? [wanted["$optional"]] : [];
  if (optional !== undefined) return found === undefined || matches(optional, found, bound);
  const [exactly] = "$exactly" in wanted ? [wanted["$exactly"]] : [];
  if (exactly !== undefined) return isDeepStrictEqual(Object.keys(plain(exactly)).sort(), Object.keys(plain(found)).sort()) && matches(exactly, found, bound);
  if (found === undefined || found === null || typeof found !== "object" || Array.isArray(found)) return false;
  return Object.entries(wanted).every(([key, value]) => matches(value, found[key], bound));
}

/** A line with the values that its names stand for. */
function filled(line: Json, bound: Map<string, Json>): Json {
  return JSON.parse(JSON.stringify(line), (_, value) => (typeof value === "string" ? (bound.get(value) ?? value) : value));
}

function play(lines: Line[]): void {
  const [player, bound] = [new Player(), new Map<string, Json>()];
  player.authorize(String(lines[0]?.["token"]));
  for (const [number, line] of lines.entries()) {
    try {
      for (const [step, value] of Object.entries(line)) if (number > 0) take(player, step, value, bound);
    } catch (error) {
      throw new Error(`line ${number + 1}: ${JSON.stringify(line)}: ${error}`);
    }
  }
  nothing(player.reports);
  nothing(player.said);
}

function nothing(left: unknown[]): void {
  if (left.length > 0) throw new Error(`said or reported too: ${JSON.stringify(left)}`);
}

function take(player: Player, step: string, value: Json, bound: Map<string, Json>): void {
  if (step === "elsewhere") return;
  if (step !== "report") nothing(player.reports);
  if (step !== "report" && step !== "client") nothing(player.said);
  const of = plain(value);
  if (step === "connect") player.connect();
  else if (step === "server") player.hear(filled(value, bound));
  else if (step === "close") player.end(Number(of["code"]));
  else if (step === "lose") player.end(1006);
  else if (step === "clock_ms") player.wait(Number(value));
  else if (step === "do") order(player, of);
  else if (step === "client") {
    const said = player.said.shift();
    if (!matches(value, plain(said), bound)) throw new Error(`said ${JSON.stringify(said)}`);
  } else if (step === "report") {
    const index = player.reports.findIndex((report) => matches(value, report, bound));
    if (index < 0) throw new Error(`reported ${JSON.stringify(player.reports)}`);
    player.reports.splice(index, 1);
  } else if (step !== "silent") throw new Error(`unknown step ${step}`);
  else if (player.dialing) throw new Error("connects");
}

function order(player: Player, of: { [key: string]: Json }): void {
  const { room, client_msg_id, text } = plain(of["send"]);
  if (of["token"] !== undefined) player.authorize(String(of["token"]));
  else player.send(String(room), { type: "text/plain", payload: { text } }, String(client_msg_id));
}

const folder = process.argv[2] ?? "../vectors/conversations";
const files = readdirSync(folder).sort();
for (const file of files) {
  try {
    play(readFileSync(join(folder, file), "utf8").trim().split("\n").map((line) => JSON.parse(line)));
  } catch (error) {
    console.error(`${file}: ${error}`);
    process.exitCode = 1;
  }
}
if (files.length === 0) throw new Error("there are no conversations");
console.log(`TypeScript: ${files.length} conversations`);
