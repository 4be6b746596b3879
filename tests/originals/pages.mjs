// The pages of hipochat and of the help desk, in a browser that reaches nothing but the server.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Transcript, asUser, expect, operate, until } from "./transcript.mjs";

const packages = join(import.meta.dirname, "node_modules");

/** What the pages load from elsewhere, at the versions that they name. */
const ELSEWHERE = {
  "/jquery.min.js": "jquery/dist/jquery.min.js",
  "/md5.min.js": "blueimp-md5/js/md5.min.js",
  "/bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
  "/bootstrap.min.js": "bootstrap/dist/js/bootstrap.min.js",
};

const browser = await chromium.launch({
  executablePath: process.env.CHAT_BROWSER ?? "/usr/bin/chromium",
  args: [
    // The addresses that are written in the pages lead to the server, all others nowhere.
    `--host-resolver-rules=MAP localhost:8888 ${process.env.SERVER}, MAP 127.0.0.1:8000 ${process.env.SERVER}, MAP * ~NOTFOUND`,
    // The browser does not know that the pages, which no server gave it, are of this machine.
    "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
});

/** Opens a page of a file at an address, in a profile of its own. What its sockets carry goes into the transcript. */
async function open(name, file, address, transcript) {
  const page = await (await browser.newContext()).newPage();
  await page.route("**/*", (route) => {
    const url = route.request().url();
    if (url === address) {
      return route.fulfill({ contentType: "text/html", body: readFileSync(join(process.env.FILES, file)) });
    }
    const found = Object.keys(ELSEWHERE).find((path) => url.endsWith(path));
    return found ? route.fulfill({ path: join(packages, ELSEWHERE[found]) }) : route.abort();
  });
  page.on("pageerror", (error) => transcript.note(`${name}: the page fails: ${error.message}`));
  page.on("websocket", (socket) => {
    transcript.note(`${name} opens ${socket.url()}`);
    socket.on("framesent", ({ payload }) => transcript.note(`${name} sends ${payload}`));
    socket.on("framereceived", ({ payload }) => transcript.note(`${name} hears ${payload}`));
    socket.on("close", () => transcript.note(`${name}: the socket is closed`));
  });
  await page.goto(address);
  return page;
}

async function hipochat() {
  const transcript = new Transcript("hipochat-chat.html");
  const enter = async (email) => {
    const page = await open(email.split("@")[0], "chat.html", "http://localhost:8194/chat", transcript);
    await page.fill("#email", email);
    await page.click("#start");
    await until(`${email} is connected`, async () => (await page.textContent("#status")) === "connected");
    return page;
  };
  const ann = await enter("annie@example.org");
  const bob = await enter("bobby@example.org");
  const shown = (page) => page.$$eval("#messages li", (rows) => rows.map((row) => row.childNodes[1].textContent));
  await ann.fill("#nm", "hello Bob");
  await ann.press("#nm", "Enter");
  await bob.waitForSelector("#messages li");
  await bob.fill("#nm", "hello Ann");
  await bob.press("#nm", "Enter");
  for (const page of [ann, bob]) {
    await until("both messages are shown", async () => (await shown(page)).length === 2);
    expect("what the page shows", await shown(page), ["hello Bob", "hello Ann"]);
  }
  const names = await bob.$$eval("#messages .bottom", (rows) => rows.map((row) => row.textContent.split(" - ")[0]));
  expect("who wrote", names, ["annie", "bobby"]);
  transcript.note(`both pages show ${JSON.stringify(await shown(ann))} of ${JSON.stringify(names)}`);
  transcript.write();
}

async function helpdesk() {
  const transcript = new Transcript("helpdesk-teste.html");
  await operate("POST", "/v1/rooms", {
    room: "desk", kind: "desk", desk: { organization: "organization_name", client: "1" },
  });
  await operate("PUT", "/v1/organizations/organization_name/agents/2");
  // The agent looks for the case; the client writes to it.
  const [{ uuid }] = await asUser("TOKEN_bobby@example.org", "GET", "/api/help-desks/?organization=organization_name");
  const page = await open("page", "teste.html", "http://127.0.0.1:5500/teste.html", transcript);
  const shown = () => page.textContent("#log-helpdesk");
  // The socket may still open: asked for again until the page has heard.
  for (let number = 1; !(await shown()); number += 1) {
    const sent = await asUser("TOKEN_annie@example.org", "POST", "/api/send-message/", { help_desk: uuid, message: "teste" });
    if (number === 1) transcript.note(`the client posts to /api/send-message/ and is answered ${JSON.stringify(sent)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const event = JSON.parse(await shown());
  const message = JSON.parse(event.data);
  expect("what the page shows", [message.message, message.type], ["teste", "received"]);
  transcript.note(`the page shows ${await shown()}`);
  expect("its status", (await page.textContent("#status")).trim(), "STATUS: CONECTADO");
  process.kill(Number(process.env.SERVER_PID), "SIGTERM");
  await until("the page is offline", async () => (await page.textContent("#status")) === "STATUS: OFFLINE");
  transcript.note("the server ends, and the page shows STATUS: OFFLINE");
  transcript.write();
}

await hipochat();
await helpdesk();
await browser.close();
