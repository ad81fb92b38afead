// What checks/demo does in the browser: node demo.mjs GHIRBAL CHROMIUM MODULES WORK FOLDER
import { execFileSync } from "node:child_process";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [ghirbal, executablePath, modules, work, folder] = process.argv.slice(2);
const require = createRequire(join(modules, "x.js"));
const { chromium } = require("playwright-core");

const command = ["report", "seeds", "--top", "2", "--no-config"];
const told = execFileSync(ghirbal, command, { env: { ...process.env, CLICOLOR_FORCE: "1", NO_COLOR: "" }, encoding: "utf8" });

// The styles a report uses, as a dark terminal shows them.
const styles = { 1: "font-weight:700;color:#fff", 2: "color:#8b929c", 31: "color:#ff7b72", 33: "color:#e3b341", 36: "color:#56d4dd" };
const escaped = (text) => text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
const line = (text) => {
  let open = 0;
  const html = text.split(/(\u001b\[\d+m)/).map((part) => {
    const code = part.match(/^\u001b\[(\d+)m$/)?.[1];
    if (code === undefined) return escaped(part);
    if (code !== "0") { open += 1; return `<span style="${styles[code]}">`; }
    const close = "</span>".repeat(open);
    open = 0;
    return close;
  }).join("");
  return `<div>${html || "&nbsp;"}${"</span>".repeat(open)}</div>`;
};
const prompt = `<div><span style="color:#7ee787">$</span> <span style="font-weight:700;color:#fff">ghirbal report seeds --top 2</span></div>`;
const terminal = `<!doctype html><meta charset="utf-8"><style>
  body { margin: 0; background: #0d1117; }
  pre { margin: 0; padding: 18px 22px; width: max-content; min-width: 100ch; color: #d3d9e0; font: 14px/1.5 "DejaVu Sans Mono", monospace; }
  div { white-space: pre; direction: ltr; unicode-bidi: isolate; }
</style><pre>${prompt}${told.trimEnd().split("\n").map(line).join("")}</pre>`;

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
mkdirSync(folder, { recursive: true });
// As WebP, less than half of PNG; the browser has the encoder.
const encoder = await browser.newPage();
const keep = async (element, name) => {
  const png = (await element.screenshot()).toString("base64");
  const webp = await encoder.evaluate(async (png) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/webp", 0.9).split(",")[1];
  }, png);
  const path = join(folder, name);
  writeFileSync(path, Buffer.from(webp, "base64"));
  console.log(`${path}  ${(statSync(path).size / 1000).toFixed(0)} KB`);
};

const shell = await browser.newPage({ viewport: { width: 1000, height: 800 } });
await shell.setContent(terminal);
await keep(shell.locator("pre"), "terminal.webp");

const file = join(work, "report.html");
execFileSync(ghirbal, ["report", "seeds", "--html", file, "--no-config"], { stdio: ["ignore", "ignore", "inherit"] });
const page = await browser.newPage({ viewport: { width: 820, height: 6000 }, colorScheme: "light" });
await page.goto(`file://${file}`);
// Tall enough that the bar at the top covers nothing.
await keep(page.locator("details.document").first(), "page.webp");
await browser.close();
