// Makes TypeScript of the bundles that generate.py has prepared.
// Usage: node generate.mjs <output folder>
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "json-schema-to-typescript";

const output = process.argv[2];
for (const file of readdirSync(join(output, "prepared")).sort()) {
  const name = file.replace(".json", "");
  const header = `// generated from schema/bundle/${file} by \`cargo xtask foreign --update\`, do not edit`;
  const code = await compile(JSON.parse(readFileSync(join(output, "prepared", file), "utf8")), name, {
    additionalProperties: false,
    bannerComment: header,
    maxItems: -1,
    style: { printWidth: 110 },
    unreachableDefinitions: true,
  });
  writeFileSync(join(output, "typescript", `${name}.ts`), code);
}
