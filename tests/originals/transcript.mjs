// What was said, as a text that somebody can read; and what a step waits for.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const PATIENCE_MS = 20_000;

/** A transcript that is written to `<name>.txt` in the folder that TRANSCRIPTS names. */
export class Transcript {
  constructor(name) {
    this.name = name;
    this.lines = [];
  }

  note(text) {
    this.lines.push(text);
    console.log(`${this.name}: ${text}`);
  }

  write() {
    const folder = process.env.TRANSCRIPTS;
    if (folder) writeFileSync(join(folder, `${this.name}.txt`), `${this.lines.join("\n")}\n`);
  }
}

/** Waits until `look` gives something true, and gives it. */
export async function until(what, look) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function expect(what, found, wanted) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

/** Asks the server's native interface as the operator. */
export function operate(method, path, body) {
  return ask(`Bearer ${process.env.OPERATOR}`, method, path, body);
}

/** Asks the server in the words of an existing system, as whom the token names; what it answers. */
export async function asUser(token, method, path, body) {
  return (await ask(`Token ${token}`, method, path, body)).json();
}

async function ask(authorization, method, path, body) {
  const headers = { authorization, "content-type": "application/json" };
  const answer = await fetch(`http://${process.env.SERVER}${path}`, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}
