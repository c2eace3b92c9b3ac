// A visitor at their browser, who looks closely at every page they meet.
import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Inbox } from "./inbox.mjs";
import { inspect } from "./inspection.mjs";
import { Watch } from "./watch.mjs";

// Long enough for a busy machine; nothing waits so long when all is well.
const PATIENCE_MS = 30_000;

// The visitor's time zone; no operator's default, so that it shows whether the browser's was taken.
export const ZONE = "America/New_York";

// More stops of the Tab key than any page of the story has.
const MOST_TAB_STOPS = 150;

export class Visitor {
  static async arrive(settings) {
    const browser = await chromium.launch({
      executablePath: settings.chromium,
      args: ["--disable-gpu", "--disable-sync", "--no-first-run"],
    });
    try {
      const context = await browser.newContext({
        javaScriptEnabled: settings.javaScript,
        timezoneId: ZONE,
        locale: "en-GB",
        colorScheme: "light",
      });
      context.setDefaultTimeout(PATIENCE_MS);
      return new Visitor(settings, browser, new Watch(context, [settings.site, settings.inbox]), await context.newPage());
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  constructor(settings, browser, watch, page) {
    Object.assign(this, { settings, browser, watch, page, inbox: new Inbox(settings.inbox), pictures: 0 });
  }

  async leave() {
    await this.browser.close();
  }

  tell(fact) {
    console.log(`✓ ${fact}`);
  }

  // Compares, and tells the fact if it is one.
  same(found, expected, fact) {
    if (!isDeepStrictEqual(found, expected)) {
      throw new Error(`not so: ${fact}\n  expected ${JSON.stringify(expected)}\n  found    ${JSON.stringify(found)}`);
    }
    this.tell(fact);
  }

  async open(url, heading) {
    await this.page.goto(new URL(url, this.settings.site).href);
    await this.expectPage(heading);
  }

  // Waits for the page with this heading and looks closely at it.
  async expectPage(heading) {
    const h1 = this.page.locator("h1", { hasText: heading });
    await h1.waitFor().catch(async () => {
      const found = await this.page.locator("h1").allInnerTexts();
      throw new Error(`expected the page “${heading}”, found “${found.join("”, “")}”`);
    });
    await this.page.waitForLoadState();
    await inspect(this);
  }

  // Presses a button as someone without a mouse does.
  async press(name) {
    const button = this.page.getByRole("button", { name, exact: true });
    await this.tabTo(button, name);
    await this.page.keyboard.press("Enter");
  }

  // Presses a button that sends a form, and waits for the answer.
  async send(name) {
    await Promise.all([this.page.waitForEvent("load"), this.press(name)]);
  }

  // Follows a link of the page.
  async follow(link, { folded } = {}) {
    if (folded) await folded.click();
    const href = await link.getAttribute("href");
    await link.click();
    await this.page.waitForURL(new URL(href, this.page.url()).href);
  }

  async tabTo(target, name) {
    await target.waitFor();
    for (let stops = 0; stops < MOST_TAB_STOPS; stops++) {
      if (await target.evaluate((element) => element === document.activeElement)) {
        const ring = await target.evaluate((element) => getComputedStyle(element).outlineStyle);
        if (ring === "none") throw new Error(`nothing shows that “${name}” has the focus`);
        return;
      }
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`the Tab key does not reach “${name}”`);
  }

  // The words of the page's own part.
  async words() {
    return (await this.page.locator("main").innerText()).trim();
  }

  // Waits for the mail, looks at it alone, opens it in the inbox and follows one of its links, which opens a page of its own.
  async followMail(to, subject, link) {
    const mail = await this.inbox.waitFor(to, subject);
    this.tell(`“${mail.subject}” came to ${to}`);
    await this.page.goto("about:blank");
    await this.page.setContent(await this.inbox.htmlOf(mail));
    await this.expectPage(/./);
    await this.page.goto(this.inbox.pageOf(mail));
    await this.expectPage("Inbox");
    const inMail = this.page.frameLocator("iframe").getByRole("link", { name: link }).first();
    const [popup] = await Promise.all([this.page.waitForEvent("popup"), inMail.click()]);
    await this.page.close();
    this.page = popup;
    await this.page.bringToFront();
  }

  async picture(name) {
    const { screenshots } = this.settings;
    if (!screenshots) return;
    this.pictures += 1;
    const number = String(this.pictures).padStart(3, "0");
    await this.page.screenshot({ path: join(screenshots, `${number}-${name}.png`), fullPage: true });
  }
}
