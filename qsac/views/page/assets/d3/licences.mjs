// Writes LICENSE: the licences of all packages that the bundle may hold parts of.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const texts = new Map();
for (const name of readdirSync("node_modules").sort()) {
  if (!/^(d3-|internmap$)/.test(name)) continue;
  const text = readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim();
  texts.set(text, [...(texts.get(text) ?? []), name]);
}
const parts = [...texts].map(([text, names]) => `== ${names.join(", ")} ==\n\n${text}`);
writeFileSync("LICENSE", ["d3.js holds parts of these packages, each under its licence.", ...parts, ""].join("\n\n").replace(/\n\n$/, "\n"));
