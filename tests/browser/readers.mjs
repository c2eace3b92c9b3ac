// The reader's story in a real browser: reads, signs up, confirms, changes their mind, leaves.
//
// Run as `node readers.mjs` with, in the environment:
//   SITE          the service, such as http://127.0.0.1:8080/
//   INBOX         the mail catcher's page, such as http://127.0.0.1:8025/
//   ADDRESS       an email address that the service has not seen yet
//   JAVASCRIPT    "on" or "off": whether pages may run scripts
//   CHROMIUM      the browser, if it is not /usr/bin/chromium or on the PATH
//   SCREENSHOTS   a folder for pictures of every page, if wanted
// Prints every step as a fact. Ends with 1 at the first thing that is wrong.
import { setTimeout as sleep } from "node:timers/promises";
import { changeEverything, pauseAndResume } from "./changing.mjs";
import { confirm, signUp } from "./joining.mjs";
import { deleteEverything, unsubscribe } from "./leaving.mjs";
import { readThePapers, search } from "./reading.mjs";
import { readSettings } from "./settings.mjs";
import { Visitor } from "./visitor.mjs";

// Several times what a busy machine needs; without it a page that hangs would hang the tests.
const LIMIT_MS = 300_000;

// The papers of the site must hold one of these words.
const SEARCH = "robot* OR diffusion";

async function story(visitor) {
  const { address } = visitor.settings;
  await readThePapers(visitor);
  await search(visitor, SEARCH);
  const answerToNew = await signUp(visitor, address, { withMistake: true });
  const preferences = await confirm(visitor, address);
  await changeEverything(visitor, preferences);
  await pauseAndResume(visitor, preferences);
  visitor.same(await signUp(visitor, address), answerToNew, "the answer to a reader is the answer to a new address");
  await unsubscribe(visitor, address, preferences);
  visitor.same(await signUp(visitor, address), answerToNew, "the answer to who has left is the answer to a new address");
  const other = `other-${address}`;
  visitor.same(await signUp(visitor, other), answerToNew, "the answer to another address is the same too");
  await deleteEverything(visitor, await confirm(visitor, other));
}

async function timeIsUp() {
  await sleep(LIMIT_MS, undefined, { ref: false });
  throw new Error(`the story did not end within ${LIMIT_MS / 1000} seconds`);
}

let visitor;
try {
  visitor = await Visitor.arrive(readSettings(process.env));
  await Promise.race([story(visitor), timeIsUp()]);
} catch (error) {
  await visitor?.picture("failure").catch(() => {});
  console.error(`✗ ${error.message}${visitor ? `\n  on ${visitor.page.url()}` : ""}`);
  if (process.env.DEBUG) console.error(error.stack);
  process.exitCode = 1;
} finally {
  await visitor?.leave();
}
