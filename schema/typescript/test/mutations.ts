// Proves the conversations: makes the client careless in one way after the other, and at least one conversation must fail
// each time. Usage: node mutations.ts <folder of conversations>
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a careless client does, a piece of the client's text, and what is there instead. */
const MUTATIONS: [does: string, text: string, instead: string][] = [
  // Positions.
  ["does not move its position with an event", "if (step === 1) this.rooms.set(room, offset);", ""],
  ["takes an event twice", "return step === 1;\n  }\n  private resumed", "return step <= 1;\n  }\n  private resumed"],
  ["takes what is beyond a hole", "offset - (at ?? -1)", "Math.min(1, offset - (at ?? -1))"],
  ["asks for a hole again with every event", "step > 1 && !this.fetching.has(room)", "step > 1"],
  ["asks for the first hole only", "() => this.fetching.delete(room)", "() => {}"],
  ["believes that the next connection fills a hole by itself", "[this.awaiting, this.fetching]", "[this.awaiting]"],
  ["does not count edits", 'typeof room !== "string"', '"edited" in event || typeof room !== "string"'],
  ["does not count deletions", 'typeof room !== "string"', '"deleted" in event || typeof room !== "string"'],
  ["does not count reactions", 'typeof room !== "string"', '"reaction" in event || typeof room !== "string"'],
  ["does not count members", 'typeof room !== "string"', '"member" in event || typeof room !== "string"'],
  ["does not count room data", 'typeof room !== "string"', '"room" in event || typeof room !== "string"'],
  ["counts messages only", 'typeof room !== "string"', '!("message" in event) || typeof room !== "string"'],
  [
    "does not count what only a newer server says",
    'typeof room !== "string"',
    '"weather" in event || typeof room !== "string"',
  ],
  ["takes any packet for an entry of a log", 'typeof room !== "string" || typeof offset !== "number" || ', ""],
  ["takes a reserved key for the packet", '!kind.startsWith("_")', "true"],
  ["counts what only a newer server says in its own log for the room", 'typeof user_offset === "number"', '"user" in event'],
  [
    "moves its position with the answer to a send",
    "this.outbox.delete(client_msg_id);",
    "this.outbox.delete(client_msg_id); if (reply.data) this.rooms.set(entry.room, Number(reply.data.offset));",
  ],
  [
    "keeps its position over a snapshot",
    'outcome !== "recovered" && offset !== undefined',
    'outcome !== "recovered" && offset !== undefined && !this.rooms.has(room)',
  ],
  ["keeps its position over a trimmed log", 'outcome !== "recovered" && offset', 'outcome === "snapshot" && offset'],
  ["does not forget a room that is gone", 'else if (outcome === "gone") this.rooms.delete(room);', ""],
  [
    "does not forget a room that it left",
    'if (step === 1 && "user" in event && event.user.action === "room_left") this.rooms.delete(event.user.room);',
    "",
  ],
  ["does not move the position of its own log", "if (step === 1) this.log.offset = offset;", ""],
  [
    "takes what is beyond a hole in its own log",
    'if (step > 1) this.lose({ action: "reconnect", err: "a hole in the user log" });',
    "",
  ],
  ["ignores the epoch", "if (epoch !== this.log.epoch)", 'if (this.log.epoch === "")'],
  ["begins anew instead of resuming", "follow: user_offset === undefined", "follow: true"],
  // Messages.
  ["does not send again what has no answer", "this.outbox.forEach((entry) => { entry.inFlight = false; });", ""],
  [
    "sends again under another name",
    "this.outbox.forEach((entry) => { entry.inFlight = false; });",
    "this.outbox = new Map([...this.outbox.values()].map((entry, n) => [`new ${n}`, { ...entry, inFlight: false }]));",
  ],
  [
    "sends again in another order",
    "this.outbox.forEach((entry) => { entry.inFlight = false; });",
    "this.outbox = new Map([...this.outbox].reverse().map(([name, entry]) => [name, { ...entry, inFlight: false }]));",
  ],
  ["forgets a message before it is stored", "entry.inFlight = true;", "this.outbox.delete(client_msg_id);"],
  [
    "does not take its own message for an answer",
    "from === this.auth?.user_id && client_msg_id",
    "from === undefined && client_msg_id",
  ],
  ["takes another's message for an answer", "from === this.auth?.user_id && client_msg_id", "client_msg_id"],
  [
    "sends before all that was missed is told",
    'this.state === "ready" ? this.outbox : []',
    'this.state === "ready" || this.auth ? this.outbox : []',
  ],
  ["lets a message overtake one that waits", "if (entry.waits) held.add(room);", ""],
  ["ignores retry_after_ms", "this.after(retry_after_ms + ", "this.after("],
  [
    "repeats what was refused",
    "this.outbox.delete(client_msg_id);",
    "if (reply.status < 400) this.outbox.delete(client_msg_id);",
  ],
  ["stops at an action that it does not know", '(ERRORS[err] ?? "stop")', '"stop"'],
  ["repeats where it knows neither action nor code", '(ERRORS[err] ?? "stop")', '(ERRORS[err] ?? (err ? "retry" : "stop"))'],
  ["believes the table more than the action", ".includes(action) ?", ".includes(action) && !(err in ERRORS) ?"],
  // Connections.
  [
    "connects again although told to stop",
    'again ? "waiting" : "stopped"',
    'what !== "token_needed" ? "waiting" : "stopped"',
  ],
  [
    "connects again with a token that was refused",
    'again ? "waiting" : "stopped"',
    'what !== "stopped" ? "waiting" : "stopped"',
  ],
  ["does not refresh its token", 'if (this.state === "ready") this.authenticate();', ""],
  [
    "uses a new token once",
    'this.token = token;\n    if (this.state === "ready") this.authenticate();',
    'const old = this.token; this.token = token; if (this.state === "ready") { this.authenticate(); this.token = old; }',
  ],
  [
    "stays away after a close code that it does not know",
    'action: "reconnect", err: String(code)',
    'action: code === 1006 ? "reconnect" : "stop", err: ""',
  ],
  ["is connected before all that was missed is told", " && this.awaiting.size === 0", ""],
  [
    "is connected although it gave the connection up",
    'if (this.state === "connecting" && this.auth',
    'if (["connecting", "waiting"].includes(this.state) && this.auth',
  ],
  [
    "breaks at packets of a newer server",
    "const [, body] = ",
    'if ("weather" in event) throw new Error("what is this?"); const [, body] = ',
  ],
];

const [conversations = "../vectors/conversations"] = process.argv.slice(2);
const own = join(import.meta.dirname, "..");
const client = readFileSync(join(own, "client.ts"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "mutations-"));

/** The conversations that fail with this text of the client. */
function failing(text: string): string[] {
  writeFileSync(join(folder, "client.ts"), text);
  const play = [join(folder, "test/conversations.ts"), conversations];
  const { stdout, stderr } = spawnSync(process.execPath, play, { encoding: "utf8", timeout: 20_000 });
  if (!stdout.includes(" conversations")) throw new Error(`the conversations were not played to the end: ${stderr}`);
  return [...stderr.matchAll(/^(\w+)\.jsonl: /gm)].map((match) => match[1] ?? "");
}

try {
  for (const part of ["types", "test", "package.json"]) cpSync(join(own, part), join(folder, part), { recursive: true });
  if (failing(client).length > 0) throw new Error("the client itself fails");
  for (const [does, text, instead] of MUTATIONS) {
    if (client.split(text).length !== 2) throw new Error(`not exactly once in the client: ${text}`);
    const failed = failing(client.replace(text, () => instead));
    console.log(`${does}: ${failed.join(", ") || "NO CONVERSATION FAILS"}`);
    if (failed.length === 0) process.exitCode = 1;
  }
  console.log(`TypeScript: ${MUTATIONS.length} mutations`);
} finally {
  rmSync(folder, { recursive: true });
}
