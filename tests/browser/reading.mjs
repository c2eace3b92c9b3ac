// A visitor reads the day's papers, and looks for others.

export async function readThePapers(visitor) {
  const { page } = visitor;
  const day = /\d{4}/;
  await visitor.open("", day);
  const newest = await dayOf(page);
  visitor.tell(`the newest day is ${newest}`);

  await visitor.follow(page.locator("a[rel=prev]"));
  await visitor.expectPage(day);
  visitor.tell(`the day before is ${await dayOf(page)}`);
  await visitor.follow(page.locator("a[rel=next]"));
  await visitor.expectPage(day);
  visitor.same(await dayOf(page), newest, "the day after that is the newest again");

  const title = page.locator("main h3 a").first();
  const name = await title.innerText();
  await visitor.follow(title);
  await visitor.expectPage(name);
  visitor.tell(`the first paper, “${name}”, has a page of its own`);
}

// What is looked for can be subscribed to: the box beside the results holds it already.
export async function search(visitor, query) {
  const { page } = visitor;
  await visitor.open("", /\d{4}/);
  await visitor.follow(page.getByRole("link", { name: "Search", exact: true }));
  await visitor.expectPage("Search");
  await page.getByRole("searchbox").fill(query);
  await visitor.send("Search");
  await visitor.expectPage("Search");
  const found = await page.locator("main h3").count();
  if (found === 0) throw new Error(`nothing was found for ${query}`);
  visitor.tell(`${found} papers found for ${query}`);
  visitor.same(await page.locator("textarea[name=keywords]").inputValue(), query, "the search can be subscribed to");
  await readTheFigures(visitor);
  await followAnAdvice(visitor);
}

// The chart has a name, and says the same as its table, which opens by the keyboard.
async function readTheFigures(visitor) {
  const { page } = visitor;
  const chart = page.getByRole("img", { name: "Papers found on each day" });
  const bars = await chart.locator("rect").count();
  const summary = page.locator("summary", { hasText: "Day by day" });
  await visitor.tabTo(summary, "Day by day");
  await page.keyboard.press("Enter");
  const rows = page.locator(".figures tbody tr");
  await rows.first().waitFor({ state: "visible" });
  visitor.same(await rows.count(), bars, "the table has a row for each bar of the chart");
  const hits = (await rows.locator("td:nth-child(2)").allInnerTexts()).reduce((sum, text) => sum + Number(text), 0);
  const total = Number.parseInt(await page.locator(".verdict strong").innerText(), 10);
  visitor.same(hits, total, "the days add up to all that was found");
  await visitor.follow(page.getByRole("link", { name: "Most upvoted" }));
  await visitor.expectPage("Search");
  visitor.same(await page.locator(".orders [aria-current]").innerText(), "Most upvoted", "another order can be chosen");
  await visitor.follow(page.locator(".figures tbody a").first(), { folded: summary });
  await visitor.expectPage("Search");
  if ((await page.getByText("Search the last 30 days instead").count()) !== 1) throw new Error("one day alone cannot be searched");
}

// A misspelt word is told, and a link leads to what was meant; a mistake is pointed at.
async function followAnAdvice(visitor) {
  const { page } = visitor;
  await visitor.open("papers?q=lanudry", "Search");
  visitor.tell(await page.locator(".advice li").first().innerText());
  await visitor.follow(page.locator(".advice a").first());
  await visitor.expectPage("Search");
  if ((await page.locator("main h3").count()) === 0) throw new Error("the corrected search finds nothing");
  await visitor.watch.expecting(422, () => visitor.open("papers?q=robots+(fold", "Search"));
  visitor.tell(await page.locator("#q-error p").innerText());
}

function dayOf(page) {
  return page.locator("h1 time").getAttribute("datetime");
}
