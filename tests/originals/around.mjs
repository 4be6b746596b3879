// What stands around websocket.service.ts in its application: Angular's injection, the environment and the service of tokens.
import { createHmac } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const FILES = {
  "@angular/core": `
    export const Injectable = () => (it) => it;
    export const inject = (service) => new service();`,
  "@environment": `
    export const environment = {
      websocketUrl: globalThis.around.url, websocketReconnectionInterval: 500, websocketReconnectionMaxAttempts: 5,
    };`,
  "../tokens/token.service": `
    export class TokenService {
      token = globalThis.around.token;
      getTokens() { return { access: this.token, refresh: "" }; }
    }`,
};

const around = {
  name: "around",
  setup(build) {
    const names = new RegExp(`^(${Object.keys(FILES).map((name) => name.replaceAll(".", "\\.")).join("|")})$`);
    build.onResolve({ filter: names }, ({ path }) => ({ path, namespace: "around" }));
    build.onLoad({ filter: /.*/, namespace: "around" }, ({ path }) => ({ contents: FILES[path] }));
  },
};

/** The class of the file, which is translated from TypeScript and otherwise left alone. */
export async function serviceOf(file) {
  const outfile = join(mkdtempSync(join(tmpdir(), "originals-")), "service.mjs");
  await build({
    entryPoints: [file], outfile, bundle: true, format: "esm", platform: "node", logLevel: "error",
    nodePaths: [join(import.meta.dirname, "node_modules")], plugins: [around],
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
  });
  return (await import(pathToFileURL(outfile))).WebsocketService;
}

/** A token as the original's server signs it. */
export function tokenOf(user, secret) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const text = `${part({ alg: "HS256", typ: "JWT" })}.${part({ token_type: "access", user_id: user, exp })}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}
