// What holds for every page, on a desk and on a small phone, in light and in dark.
import axe from "axe-core";

const DESK = { width: 1280, height: 900 };
// As narrow as phones in use are.
const PHONE = { width: 360, height: 740 };
const GRAVE = ["serious", "critical"];

// Throws at the first thing a reader should not meet on the page the visitor sees.
export async function inspect(visitor) {
  const { page, watch, settings } = visitor;
  for (const [device, size] of [["phone", PHONE], ["desk", DESK]]) {
    await page.setViewportSize(size);
    const wide = await page.evaluate(tooWide);
    if (wide) throw new Error(`at ${size.width} pixels the page must be scrolled sideways, because of ${wide}`);
    for (const colorScheme of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme });
      await visitor.picture(`${device}-${colorScheme}`);
      // The checker is a script that waits for timers, which rest where pages may run no scripts.
      if (settings.javaScript) await checkAccess(page, `${device}, ${colorScheme}`);
    }
  }
  const flaws = await page.evaluate(findFlaws);
  if (flaws.length > 0) throw new Error(flaws.join("\n  "));
  watch.check();
}

// Runs in the page: names the first thing that stands out of it, if it can be scrolled sideways.
function tooWide() {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return undefined;
  const out = [...document.body.querySelectorAll("*")].find((element) => element.getBoundingClientRect().right > clientWidth);
  return (out?.outerHTML ?? "something").slice(0, 200);
}

// Runs in the page: what is wrong with its bones.
function findFlaws() {
  const flaws = [];
  const headings = document.querySelectorAll("h1");
  if (headings.length !== 1) flaws.push(`the page has ${headings.length} h1`);
  if (!document.documentElement.lang) flaws.push("the page does not tell its language");
  if (!document.title) flaws.push("the page has no title");
  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    const label = [...field.labels].map((label) => label.textContent).join("").trim();
    if (!label) flaws.push(`a field has no label: ${field.outerHTML.slice(0, 200)}`);
    for (const id of (field.getAttribute("aria-describedby") ?? "").split(/\s+/).filter(Boolean)) {
      if (!document.getElementById(id)) flaws.push(`${field.id} is described by ${id}, which is not there`);
    }
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice) flaws.push(`two elements have the id ${twice}`);
  return flaws;
}

async function checkAccess(page, circumstances) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const grave = await page.evaluate(async (impacts) => {
    const { violations } = await window.axe.run(document, { iframes: false, resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impacts.includes(impact))
      .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0].html.slice(0, 200)} (${nodes[0].failureSummary})`);
  }, GRAVE);
  if (grave.length > 0) throw new Error(`some readers cannot use the page (${circumstances}):\n  ${grave.join("\n  ")}`);
}
