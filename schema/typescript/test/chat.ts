// Chats with a real server: sends what it reads, line by line, and writes what it is told as JSON, line by line.
// Usage: node chat.ts <url> <token> <room>
import { createInterface } from "node:readline";
import { Client } from "../client.ts";

const [url = "", token = "", room = ""] = process.argv.slice(2);
const write = (line: object) => console.log(JSON.stringify(line));
const client = new Client({
  url,
  tell: (report) => {
    if (report.what === "event" && "message" in report.event) {
      const { seq, from, content } = report.event.message;
      write({ what: "message", seq, from, text: content.payload["text"] });
    } else if (report.what !== "event") write({ what: report.what, ...("reply" in report && { id: report.client_msg_id }) });
  },
});
client.authorize(token);
for await (const text of createInterface({ input: process.stdin })) client.send(room, { type: "text/plain", payload: { text } });
client.close();
