// PROCOLLAB's service of sockets: two users in their direct chat, with all events of its document.
import { join } from "node:path";
import { Transcript, expect, until } from "./transcript.mjs";
import { serviceOf, tokenOf } from "./around.mjs";

const EVENTS = [
  "new_message", "edit_message", "delete_message", "message_read", "user_typing", "set_online", "set_offline",
];

globalThis.WebSocket ??= (await import("ws")).WebSocket;

/** A user of the application; what its service is told is in `heard`. */
function start(Service, name, user, transcript) {
  globalThis.around.token = tokenOf(user, process.env.SECRET);
  const service = new Service();
  const heard = [];
  for (const type of EVENTS) {
    service.on(type).subscribe((content) => {
      heard.push({ type, content });
      transcript.note(`${name} heard ${type} ${JSON.stringify(content)}`);
    });
  }
  return {
    service, heard,
    connect: () => new Promise((opened) => service.connect("/chat/").subscribe(() => opened(transcript.note(`${name} is connected`)))),
    send(type, content) {
      transcript.note(`${name} sends ${type} ${JSON.stringify(content)}`);
      service.send(type, content);
    },
    hears: (type) => until(`${name} hears ${type}`, () => heard.find((it) => it.type === type)?.content),
  };
}

const transcript = new Transcript("procollab-websocket.service");
globalThis.around = { url: `ws://${process.env.SERVER}/ws` };
const Service = await serviceOf(join(process.env.FILES, "websocket.service.ts"));
const ann = start(Service, "Ann", 1, transcript);
const bob = start(Service, "Bob", 2, transcript);
await ann.connect();
await bob.connect();
expect("who is online", (await ann.hears("set_online")).userId, 2);

// The application asks for a chat before it shows it, which makes it if it is not there.
const detail = await fetch(`http://${process.env.SERVER}/chats/directs/1_2/`, {
  headers: { authorization: `Bearer ${tokenOf(1, process.env.SECRET)}` },
});
transcript.note(`the application asks GET /chats/directs/1_2/: ${detail.status} ${await detail.text()}`);
const chat = { chatType: "direct", chatId: "1_2" };
ann.send("user_typing", chat);
const typing = await bob.hears("user_typing");
expect("who writes", [typing.userId, typing.chatId, typeof typing.endTime], [1, "1_2", "number"]);
ann.send("new_message", { ...chat, text: "привет", replyTo: null, fileUrls: [] });
const echo = await ann.hears("new_message");
const told = await bob.hears("new_message");
expect("the echo is what the other hears", echo, told);
expect("the message", [told.chatId, told.message.text, told.message.author.id, told.message.replyTo], ["1_2", "привет", 1, null]);

const message = { ...chat, messageId: told.message.id };
bob.send("message_read", message);
expect("who read what", (await ann.hears("message_read")).messageId, told.message.id);
ann.send("edit_message", { ...message, text: "привет!" });
expect("the edit", (await bob.hears("edit_message")).message.text, "привет!");
ann.send("delete_message", message);
expect("the delete", (await bob.hears("delete_message")).messageId, told.message.id);

bob.service.close();
expect("who is offline", (await ann.hears("set_offline")).userId, 2);
// The service takes its own close for a loss and comes back: that is how it is written.
await until("Bob is online again", () => ann.heard.filter((it) => it.type === "set_online").length === 2);
transcript.write();
process.exit(0);
