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
}

function dayOf(page) {
  return page.locator("h1 time").getAttribute("datetime");
}
