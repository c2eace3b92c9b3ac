// A reader leaves: by unsubscribing, or with all that is known of them.

export async function unsubscribe(visitor, address, preferences) {
  await askToUnsubscribe(visitor, preferences);
  await visitor.page.goBack();
  await visitor.page.reload();
  await visitor.expectPage("Your preferences");
  await visitor.page.getByText("Your next digest comes on").waitFor();
  visitor.tell("who only looks at the page to unsubscribe stays subscribed");

  await askToUnsubscribe(visitor, preferences);
  await visitor.send("Unsubscribe");
  await visitor.expectPage("You are unsubscribed");
  visitor.tell("unsubscribed by the button");
  const goodbye = await visitor.inbox.waitFor(address, /no more mail/i);
  visitor.tell(`“${goodbye.subject}” came to ${address}`);
  await visitor.open(preferences, "Your preferences");
  visitor.same(await visitor.page.getByText("Your next digest comes on").count(), 0, "no digest is due any more");
}

async function askToUnsubscribe(visitor, preferences) {
  await visitor.open(preferences, "Your preferences");
  await visitor.follow(visitor.page.getByRole("link", { name: "unsubscribe" }));
  await visitor.expectPage("Unsubscribe?");
}

export async function deleteEverything(visitor, preferences) {
  await visitor.open(preferences, "Your preferences");
  await visitor.send("Delete my data…");
  await visitor.expectPage("Delete your data?");
  await visitor.follow(visitor.page.getByRole("link", { name: "No, take me back" }));
  await visitor.expectPage("Your preferences");
  visitor.tell("who only looks at the page to delete everything loses nothing");

  await visitor.send("Delete my data…");
  await visitor.expectPage("Delete your data?");
  await visitor.send("Delete everything");
  await visitor.expectPage("Your data is deleted");
  await visitor.watch.expecting(410, () => visitor.open(preferences, /.+/));
  visitor.tell("all data is deleted, and the link to the preferences leads nowhere");
}
