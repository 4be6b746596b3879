// A minimal client of the native format, on generated types alone. README.md says how to use it.
import { CLOSE_CODES, ERRORS } from "./types/codes.ts";
import type * as wire from "./types/native.ts";

/** What a client tells its application. Each event of a log comes once, in order. */
export type Report =
  | { what: "connected"; auth: wire.AuthData }
  | { what: "reconnecting" | "token_needed" | "stopped"; code: string }
  | { what: "event"; event: wire.Event }
  | { what: "sent" | "refused"; client_msg_id: wire.ClientMsgId; reply: wire.Reply };
type Entry = { room: wire.RoomId; content: wire.Content; inFlight: boolean; waits: boolean };
const [BASE_MS, CAP_MS, STABLE_MS, MAX_OUTBOX, MAX_RESUMED] = [250, 30_000, 5_000, 1000, 200];

/** What a reply says to do; where that is a word of a newer server, what the table says of its code. */
const whatToDo = ({ action = "", err = "" }: Partial<wire.Reply>): string =>
  ["retry", "reconnect", "refresh", "stop"].includes(action) ? action : (ERRORS[err] ?? "stop");

/** The last five methods are all of its I/O: another transport, or a test, overrides them. */
export class Client {
  private state: "stopped" | "waiting" | "connecting" | "ready" = "stopped";
  private token = "";
  private auth: wire.AuthData | undefined;
  private log: { epoch: wire.Epoch; offset?: wire.UserOffset | undefined } = { epoch: "" };
  private rooms = new Map<wire.RoomId, wire.Offset>();
  private fetching = new Set<wire.RoomId>();
  private outbox = new Map<wire.ClientMsgId, Entry>();
  private awaiting = new Map<wire.RequestId, (reply: wire.Reply) => void>();
  private count = { attempts: 0, asked: 0 };
  private socket: WebSocket | undefined;
  private to: { url: string; tell: (report: Report) => void };
  constructor(to: { url: string; tell: (report: Report) => void }) { this.to = to; }

  /** Connects with a token. Later it takes a new one: for the open connection, or to connect again. */
  authorize(token: string): void {
    this.token = token;
    if (this.state === "ready") this.authenticate();
    if (this.state === "stopped") this.dial();
  }
  /** Sends a message when there is a connection, as often as needed. It is stored once. */
  send(room: wire.RoomId, content: wire.Content, client_msg_id: wire.ClientMsgId = crypto.randomUUID()): void {
    if (this.outbox.size >= MAX_OUTBOX || this.outbox.has(client_msg_id)) throw new Error("full, or id in use");
    this.outbox.set(client_msg_id, { room, content, inFlight: false, waits: false });
    this.pump();
  }
  close(): void { this.lose({ action: "stop", err: "closed" }); }

  protected received(event: wire.Event): void {
    if ("reply" in event) this.awaiting.get(event.reply.id ?? "")?.(event.reply);
    else if (this.isNews(event)) this.to.tell({ what: "event", event });
    if (this.state === "connecting" && this.auth && this.log.offset !== undefined && this.awaiting.size === 0) {
      this.state = "ready"; // All that was missed is told.
      this.after(STABLE_MS, () => { if (this.state === "ready") this.count.attempts = 0; });
      this.to.tell({ what: "connected", auth: this.auth });
    }
    this.pump();
  }
  private isNews(event: wire.Event): boolean {
    if ("resumed" in event) return this.resumed(event.resumed);
    const [, body] = Object.entries(event).find(([kind]) => !kind.startsWith("_")) ?? [];
    const { room, offset, user_offset, from, client_msg_id, seq, ts } = Object(body);
    if ("message" in event && from === this.auth?.user_id && client_msg_id) // As good as an answer: it is stored.
      this.answered(client_msg_id, { status: 200, data: { seq, offset, ts, duplicate: false }, ts });
    // Whatever has these is an entry of a log, also what only a newer server says.
    if (typeof user_offset === "number") return this.isMine(user_offset, event);
    return typeof room !== "string" || typeof offset !== "number" || this.isNext(room, offset);
  }
  private isNext(room: wire.RoomId, offset: wire.Offset): boolean {
    const at = this.rooms.get(room);
    const step = offset - (at ?? -1);
    if (step === 1) this.rooms.set(room, offset);
    if (step > 1 && !this.fetching.has(room)) {
      this.fetching.add(room); // A hole. What is beyond it is dropped, because it comes again.
      const after = at === undefined ? {} : { offset: at, epoch: this.log.epoch };
      this.ask((id) => ({ follow: { id, room, ...after } }), () => this.fetching.delete(room));
    }
    return step === 1;
  }
  private resumed({ room, outcome, epoch, offset, user_offset }: wire.Resumed): boolean {
    // In a new life of the logs no old position holds.
    if (epoch !== this.log.epoch) [this.log, this.rooms] = [{ epoch }, new Map()];
    if (room === undefined) this.log.offset = user_offset;
    else if (outcome === "gone") this.rooms.delete(room);
    else if (outcome !== "recovered" && offset !== undefined) this.rooms.set(room, offset);
    return true;
  }
  private isMine(offset: wire.UserOffset, event: wire.Event): boolean {
    const step = offset - (this.log.offset ?? offset);
    if (step > 1) this.lose({ action: "reconnect", err: "a hole in the user log" });
    if (step === 1) this.log.offset = offset;
    if (step === 1 && "user" in event && event.user.action === "room_left") this.rooms.delete(event.user.room);
    return step === 1;
  }
  private ask(command: (id: wire.RequestId) => wire.Command, answered: (reply: wire.Reply) => void): void {
    const id = String(++this.count.asked);
    this.awaiting.set(id, (reply) => { this.awaiting.delete(id); answered(reply); });
    this.say(command(id));
  }
  protected authenticate(): void {
    const { token, auth, log: { epoch, offset: user_offset }, state } = this;
    const asked = { token, session_id: auth?.session_id, follow: user_offset === undefined };
    if (state !== "ready") this.state = "connecting";
    this.ask((id) => ({ auth: { id, ...asked } }), (reply) => {
      if (reply.status >= 400) return this.lose(reply);
      this.auth = reply.data as wire.AuthData | undefined;
      if (state === "ready" || user_offset === undefined) return;
      const rooms = Object.fromEntries([...this.rooms].slice(-MAX_RESUMED)); // Others begin with a snapshot.
      this.ask((id) => ({ resume: { id, epoch, user_offset, rooms } }), (it) => { if (it.err) this.lose(it); });
    });
  }
  private pump(): void {
    const held = new Set<wire.RoomId>();
    for (const [client_msg_id, entry] of this.state === "ready" ? this.outbox : []) {
      const { room, content } = entry;
      if (entry.waits) held.add(room); // What comes after it must not overtake it.
      if (entry.inFlight || held.has(room)) continue;
      entry.inFlight = true;
      this.ask((id) => ({ send: { id, room, client_msg_id, content } }), (it) => this.answered(client_msg_id, it));
    }
  }
  private answered(client_msg_id: wire.ClientMsgId, reply: wire.Reply): void {
    const entry = this.outbox.get(client_msg_id);
    if (entry === undefined) return;
    const action = whatToDo(reply);
    entry.waits = action === "retry";
    if (entry.waits) return this.later(reply, () => { entry.waits = entry.inFlight = false; this.pump(); });
    if (action === "reconnect" || action === "refresh") return this.lose(reply);
    this.outbox.delete(client_msg_id);
    this.to.tell({ what: reply.status < 400 ? "sent" : "refused", client_msg_id, reply });
  }
  protected lose(why: Partial<wire.Reply>): void {
    const [action, { err: code = "" }] = [whatToDo(why), why];
    this.drop();
    for (const unanswered of [this.awaiting, this.fetching]) unanswered.clear();
    this.outbox.forEach((entry) => { entry.inFlight = false; });
    const again = action === "retry" || action === "reconnect";
    const what = again ? "reconnecting" : action === "refresh" ? "token_needed" : "stopped";
    this.state = again ? "waiting" : "stopped";
    this.to.tell({ what, code });
    if (this.state === "waiting") this.later(why, () => { if (this.state === "waiting") this.dial(); });
  }
  private later({ retry_after_ms = 0 }: Partial<wire.Reply>, then: () => void): void {
    this.after(retry_after_ms + Math.random() * Math.min(CAP_MS, BASE_MS * 2 ** this.count.attempts++), then);
  }
  protected closed(code: number): void { this.lose(CLOSE_CODES[code] ?? { action: "reconnect", err: String(code) }); }
  protected dial(): void {
    const socket = (this.socket = new WebSocket(this.to.url, "chat.v1"));
    socket.onopen = () => this.authenticate();
    socket.onmessage = ({ data }) => { if (socket === this.socket) this.received(JSON.parse(String(data))); };
    socket.onclose = ({ code }) => { if (socket === this.socket) this.closed(code); };
  }
  protected drop(): void { [this.socket] = [undefined, this.socket?.close()]; }
  protected say(command: wire.Command): void { this.socket?.send(JSON.stringify(command)); }
  protected after(ms: number, then: () => void): void { setTimeout(then, ms); }
}
