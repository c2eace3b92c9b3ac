// A visitor becomes a reader.
import { ZONE } from "./visitor.mjs";

// What the reader wants to hear of; the second would be right with one more quote.
export const FILTERS = ["diffusion OR robot*", '"graph network" -survey'];
const MISTAKEN = [FILTERS[0], '"graph network -survey'];
const HOUR = "6";

// Fills in and sends the box on the day's page; gives back the words of the answer.
export async function signUp(visitor, address, { withMistake = false } = {}) {
  const { page } = visitor;
  await visitor.open("", /\d{4}/);
  await page.getByLabel("Email address").fill(address);
  await page.getByLabel("Keywords").fill((withMistake ? MISTAKEN : FILTERS).join("\n"));
  await page.getByText("When should it come?").click();
  await page.getByLabel("Hour").selectOption(HOUR);
  if (withMistake) {
    await checkProposedZone(visitor);
    await visitor.watch.expecting(422, () => visitor.send("Subscribe"));
    await checkMistake(visitor, address);
    await page.getByLabel("Keywords").fill(FILTERS.join("\n"));
  }
  await visitor.send("Subscribe");
  await visitor.expectPage("Check your inbox");
  visitor.tell(`signed up ${address}, and told to check the inbox`);
  return visitor.words();
}

async function checkProposedZone(visitor) {
  const zone = visitor.page.getByLabel("Time zone");
  const proposed = await zone.getAttribute("value");
  if (!proposed || proposed === ZONE) throw new Error(`the site proposes the zone “${proposed}”; the tests need another than ${ZONE}`);
  if (visitor.settings.javaScript) {
    visitor.same(await zone.inputValue(), ZONE, "the zone of the browser stands in its field");
  } else {
    visitor.same(await zone.inputValue(), proposed, `without scripts the site's own zone stands in its field`);
  }
}

async function checkMistake(visitor, address) {
  const { page } = visitor;
  await visitor.expectPage(/email/);
  const keywords = page.getByLabel("Keywords");
  const problem = keywords.locator("xpath=..").locator(".problem");
  const [shown, caret] = (await problem.locator("pre").innerText()).split("\n");
  // A long filter is cut on both sides of the mistake.
  visitor.same(MISTAKEN[1].includes(shown.replaceAll("…", "")), true, `the mistaken filter is shown beside its field: ${shown}`);
  visitor.same([shown[caret.indexOf("^")], caret.trim()], ['"', "^"], "a caret stands under the quote that is never closed");
  visitor.same(await keywords.getAttribute("aria-invalid"), "true", "the field is marked as wrong");
  await checkCaretPlace(problem);
  const kept = [await page.getByLabel("Email address").inputValue(), await keywords.inputValue(), await page.getByLabel("Hour").inputValue()];
  visitor.same(kept, [address, MISTAKEN.join("\n"), HOUR], "all that was typed is still there");
  visitor.tell(`the mistake is explained: ${await problem.locator("p").innerText()}`);
}

// The caret must stand under the marked character on the screen, too.
async function checkCaretPlace(problem) {
  const [mark, caret] = [await problem.locator("mark").boundingBox(), await problem.locator("pre span").boundingBox()];
  const distance = Math.abs(mark.x + mark.width - (caret.x + caret.width));
  if (distance > mark.width) throw new Error(`the caret stands ${Math.round(distance)} pixels beside the mistake`);
}

// Opens the mail, follows its link and confirms; gives back the address of the reader's preferences.
export async function confirm(visitor, address) {
  await visitor.followMail(address, /confirm/i, /confirm/i);
  const { page } = visitor;
  await visitor.expectPage("One click, and you are in");
  await page.reload();
  await visitor.expectPage("One click, and you are in");
  const early = (await visitor.inbox.list(address)).filter((mail) => /welcome/i.test(mail.subject));
  visitor.same(early, [], "opening the link twice confirms nothing");
  visitor.same(await page.locator("main ul.filters > li > code").allInnerTexts(), FILTERS, "the page shows what will be confirmed");

  await visitor.send("Yes, send me the digest");
  await visitor.expectPage("You are subscribed");
  visitor.tell(`confirmed by the button: ${(await visitor.words()).split("\n").find((line) => line.startsWith("Your first digest"))}`);
  const preferences = await page.getByRole("link", { name: "preferences page" }).getAttribute("href");
  await visitor.followMail(address, /welcome/i, /change filters/i);
  await visitor.expectPage("Your preferences");
  visitor.tell("the welcome mail leads to the preferences");
  return preferences;
}
