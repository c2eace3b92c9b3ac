// A reader changes their mind about everything.
import { FILTERS } from "./joining.mjs";

const WORKING_DAYS = ["mon", "tue", "wed", "thu", "fri"];

export async function changeEverything(visitor, preferences) {
  await openPreferences(visitor, preferences);
  const before = await choices(visitor.page);
  visitor.same(before.filter_query, [...FILTERS, ""], "the preferences hold the filters of the sign-up");
  await tryAFilter(visitor, preferences, before);
  await refuseMistakes(visitor, preferences, before);
  await saveAll(visitor, preferences);
}

// What a filter would have brought is shown beside it, and nothing is saved.
async function tryAFilter(visitor, preferences, before) {
  const { page } = visitor;
  const row = page.getByRole("group", { name: "Filter 1", exact: true });
  visitor.tell(`beside the first filter stands “${await row.locator(".verdict").innerText()}”`);
  await row.getByLabel("Papers that match").fill("lanudry");
  const typed = await choices(page);
  await visitor.send("Preview filter 1");
  await visitor.expectPage("Your preferences");
  visitor.same(await choices(page), typed, "what was typed stays while it is tried out");
  visitor.tell(await row.locator(".advice").innerText());
  visitor.tell(await page.getByRole("status").innerText());
  await openPreferences(visitor, preferences);
  visitor.same(await choices(page), before, "a filter that was tried out is not saved");
}

// With two fields wrong nothing is saved, and all that was typed is still there.
async function refuseMistakes(visitor, preferences, before) {
  const { page } = visitor;
  await page.getByLabel("Papers that match").first().fill("(graph");
  await page.getByLabel("Time zone").fill("Europe/Berlyn");
  await page.getByLabel("Hour").selectOption("9");
  const typed = await choices(page);
  await visitor.watch.expecting(422, () => visitor.send("Save"));
  await visitor.expectPage("Your preferences");
  visitor.same(await choices(page), typed, "mistakes are not saved, and stay for correction");
  const wrong = await page.locator("[aria-invalid=true]").evaluateAll((fields) => fields.map((field) => field.name));
  visitor.same(wrong, ["filter_query", "zone"], "exactly the two wrong fields are marked");
  const messages = await page.locator(".notice.bad, .error > p, .error .problem > p").allInnerTexts();
  visitor.tell(`the page says: ${messages.join(" / ")}`);
  await openPreferences(visitor, preferences);
  visitor.same(await choices(page), before, "the saved preferences are as before");
}

async function saveAll(visitor, preferences) {
  const { page } = visitor;
  const first = page.getByRole("group", { name: "Filter 1", exact: true });
  await first.getByLabel("Name").fill("Making pictures");
  await page.getByRole("group", { name: "Filter 2", exact: true }).getByRole("checkbox").check();
  if (visitor.settings.javaScript) await visitor.press("Add another filter");
  const added = page.getByRole("group", { name: "New filter" }).last();
  await added.getByLabel("name").fill("Birds");
  await added.getByLabel("Papers that match").fill('"bird song" OR title:lark*');
  await page.getByLabel("Hour").selectOption("9");
  await page.getByLabel("Time zone").fill("Europe/Berlin");
  for (const day of ["Saturday", "Sunday"]) await page.getByLabel(day).uncheck();
  await page.getByLabel("At most this many papers").fill("5");
  await page.getByLabel("Under each filter, first").selectOption("Most upvoted");
  await page.getByLabel("Write to me also when nothing matched").check();
  await save(visitor);
  visitor.tell(await page.getByRole("status").innerText());

  const expected = {
    filter_name: ["Making pictures", "Birds", ""],
    filter_query: [FILTERS[0], '"bird song" OR title:lark*', ""],
    hour: ["9"],
    zone: ["Europe/Berlin"],
    weekday: WORKING_DAYS,
    max_papers: ["5"],
    ranking: ["trending"],
    send_when_empty: ["true"],
  };
  await openPreferences(visitor, preferences);
  visitor.same(await choices(page), expected, "filters named, removed and added, hour, zone, days, number: all is saved");
  visitor.tell(await nextDigest(visitor, /09:00.*Europe\/Berlin/));
}

export async function pauseAndResume(visitor, preferences) {
  const pause = visitor.page.getByLabel("Pause: send nothing");
  await pause.check();
  await save(visitor);
  await openPreferences(visitor, preferences);
  visitor.tell(await nextDigest(visitor, /^Paused/));
  await pause.uncheck();
  await save(visitor);
  await openPreferences(visitor, preferences);
  visitor.tell(await nextDigest(visitor, /next digest comes/));
}

async function openPreferences(visitor, preferences) {
  await visitor.open(preferences, "Your preferences");
}

async function save(visitor) {
  await visitor.send("Save");
  await visitor.expectPage("Your preferences");
}

// What the page says of the next digest.
async function nextDigest(visitor, expected) {
  const text = await visitor.page.locator(".lead").innerText();
  if (!expected.test(text)) throw new Error(`expected ${expected} of the next digest, found “${text}”`);
  return text;
}

// What the form would send: every field's values by its name.
function choices(page) {
  return page.locator("form", { has: page.getByRole("button", { name: "Save" }) }).evaluate((form) => {
    const data = new FormData(form);
    return Object.fromEntries([...new Set(data.keys())].map((name) => [name, data.getAll(name)]));
  });
}
