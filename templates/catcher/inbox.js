// Shows new mail in the list without disturbing the mail being read.
const POLL_MS = 2000;
const list = document.getElementById("list");

async function refresh() {
  const reply = await fetch(location.href);
  if (!reply.ok) return;
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  const fresh = page.getElementById("list");
  if (fresh.dataset.newest === list.dataset.newest) return;
  list.dataset.newest = fresh.dataset.newest;
  list.replaceChildren(...fresh.childNodes);
}

setInterval(() => {
  // A server that is gone may come back: try again at the next turn.
  if (!document.hidden) refresh().catch(() => {});
}, POLL_MS);
