// What checks/page does in the browser: node page.mjs GHIRBAL CHROMIUM MODULES WORK [PICTURES]
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [ghirbal, executablePath, modules, work, pictures] = process.argv.slice(2);
const require = createRequire(join(modules, "x.js"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

let failed = 0;
const check = (name, right, found = "") => {
  failed += !right;
  console.log(`${right ? "ok  " : "FAIL"} ${name}${right ? "" : `: ${JSON.stringify(found)}`}`);
};

// Three corpora: the Arabic seeds, English pages of two sites, and a document that means harm.
const record = (fields) => JSON.stringify(fields) + "\n";
const english = (n, host) => {
  const words = (from) => Array.from({ length: 14 }, (_, i) => `word${(from * 31 + i * 17) % 900}`).join(" ");
  const body = Array.from({ length: 8 }, (_, i) => `The council said ${words(n * 11 + i)}.`).join("\n");
  return record({ id: `page-${n}`, url: `https://${host}/${n}`, text: `Headline of page ${n}\n${body}\nRead also:\nAnother story ${n}\nSubscribe to our newsletter\nCopyright 2026 ${host}. All rights reserved.\n` });
};
const lines = [];
for (let n = 0; n < 24; n++) lines.push(english(n % 20, n % 2 ? "daily.example" : "weekly.example").replace(/"page-\d+"/, `"page-${n}"`));
writeFileSync(join(work, "english.jsonl"), lines.join(""));
const harm = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"><svg onload=\"document.title='owned'\">";
const turned = "\u202edesrever\u202c\u0000\u001b[2J";
writeFileSync(join(work, "hostile.jsonl"), record({ id: `"><script>document.title='owned'</script>${turned}`, host: "'\"><b>", text: `${harm}\n${"One sentence that is said and said again here. ".repeat(6)}\nRead also:\n${harm} ${turned}\n${"line ".repeat(200000)}` })
  + record({ id: "b", host: "javascript:alert(1)", text: `${harm}\n${"One sentence that is said and said again here. ".repeat(6)}\nRead also:\n${harm}\n` }));

const pages = Object.fromEntries([["arabic", "seeds"], ["english", join(work, "english.jsonl")], ["hostile", join(work, "hostile.jsonl")]].map(([name, corpus]) => {
  const page = join(work, `${name}.html`);
  execFileSync(ghirbal, ["report", corpus, "--scope", "both", "--html", page, "--no-config"], { stdio: ["ignore", "ignore", "inherit"] });
  return [name, page];
}));

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const open = async (name, options = {}, fragment = "") => {
  // axe is put in from outside, past the page's own policy; the policy is checked without it below.
  const context = await browser.newContext({ bypassCSP: Boolean(options.axe), viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.errors = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) page.errors.push(message.text()); });
  page.on("pageerror", (error) => page.errors.push(String(error)));
  page.on("request", (request) => { if (!request.url().startsWith("file:") || request.url().split("#")[0] !== `file://${pages[name]}`) page.errors.push(request.url()); });
  await page.goto(`file://${pages[name]}${fragment}`);
  return page;
};
const shown = (page, selector = "details.document") => page.locator(`${selector}:not([hidden])`).count();
const settled = (page) => page.waitForTimeout(250);

for (const name of Object.keys(pages)) {
  const page = await open(name);
  check(`${name}: loads without an error and asks for nothing`, page.errors.length === 0, page.errors);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  check(`${name}: nothing sticks out at 1440`, wide <= 0, wide);
  await page.setViewportSize({ width: 390, height: 844 });
  const narrow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  check(`${name}: nothing sticks out at 390`, narrow <= 0, narrow);
  await page.context().close();
}

{
  const page = await open("arabic");
  const all = await shown(page);
  check("every document is there at first", all === 5, all);
  await page.fill("#q", "أسلحة");
  await settled(page);
  const found = await shown(page);
  check("search finds some", found > 0 && found < all, found);
  await page.fill("#q", "اسلحه");
  await settled(page);
  check("search folds hamza and ta marbuta", (await shown(page)) === found, await shown(page));
  check("what is searched stands in the address", page.url().includes("q="), page.url());
  await page.reload();
  check("a link survives reload", (await page.inputValue("#q")) === "اسلحه" && (await shown(page)) === found);
  await page.click("button[type=reset]");
  await settled(page);
  check("reset shows all again", (await shown(page)) === all);
  await page.locator("input[name=label][value=inserted_headline]").check({ force: true });
  await settled(page);
  check("a class filters documents", (await shown(page)) === 2, await shown(page));
  await page.click("button[type=reset]");
  await settled(page);
  await page.selectOption("select[name=sort]", "order");
  await settled(page);
  const first = await page.locator("details.document").first().getAttribute("data-order");
  check("sorting puts the first document first", first === "0", first);
  await page.locator("details.document[open] mark[aria-describedby]").first().focus();
  check("a reason shows on focus", await page.locator("#tip").isVisible());
  await page.keyboard.press("Escape");
  await page.mouse.move(5, 5);
  await page.mouse.move(9, 200);
  check("and goes with Escape", !(await page.locator("#tip").isVisible()));
  await page.keyboard.press("/");
  check("the slash leads to the search", await page.evaluate(() => document.activeElement.id === "q"));
  check("no error on the way", page.errors.length === 0, page.errors);
  await page.context().close();
}

{
  const page = await open("english");
  const all = await shown(page);
  await page.selectOption("select[name=host]", "daily.example");
  await settled(page);
  const some = await shown(page);
  check("a host filters documents", some > 0 && some < all, [some, all]);
  await page.context().close();
  const linked = await open("english", {}, "#documents?host=weekly.example");
  check("a link with a filter opens filtered", (await linked.inputValue("select[name=host]")) === "weekly.example");
  await linked.context().close();
}

{
  const page = await open("hostile", {}, "#documents?q=%3Cscript%3E&label=%22%3E%3Cimg&host=%3Cb%3E&sort=constructor");
  await settled(page);
  check("a hostile document and address do nothing", !(await page.title()).includes("owned") && page.errors.length === 0, [await page.title(), page.errors]);
  check("no element of the document's making", (await page.locator("img, script:not([nonce]), main svg[onload], main b b").count()) === 0);
  const text = await page.evaluate(() => document.body.textContent);
  check("no override of direction, no control character", !/[\u202a-\u202e\u0000\u001b]/.test(text));
  await page.context().close();
}

for (const name of ["arabic", "english", "hostile"]) {
  for (const colorScheme of ["light", "dark"]) {
    const page = await open(name, { colorScheme, axe: true });
    await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run());
    const serious = violations.filter((v) => ["serious", "critical"].includes(v.impact));
    check(`${name}, ${colorScheme}: axe finds nothing serious`, serious.length === 0, serious.map((v) => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 160), v.nodes[0].failureSummary]));
    if (violations.length > serious.length) console.log(`     minor: ${violations.filter((v) => !serious.includes(v)).map((v) => v.id)}`);
    await page.context().close();
  }
}

{
  const page = await open("arabic", { javaScriptEnabled: false });
  check("without scripts everything is there", (await page.locator("details.document").count()) === 5 && (await page.locator("mark").count()) > 0);
  await page.context().close();
}

if (pictures) {
  mkdirSync(pictures, { recursive: true });
  for (const name of ["arabic", "english"]) {
    for (const colorScheme of ["light", "dark"]) {
      for (const [width, height] of [[390, 844], [1440, 900]]) {
        const page = await open(name, { colorScheme, viewport: { width, height } });
        await page.screenshot({ path: join(pictures, `${name}-${colorScheme}-${width}.png`), fullPage: true });
        await page.context().close();
      }
    }
  }
  console.log(`pictures in ${pictures}`);
}
await browser.close();
console.log(failed ? `checks/page: ${failed} FAILED` : "checks/page: all well");
process.exit(failed ? 1 : 0);
