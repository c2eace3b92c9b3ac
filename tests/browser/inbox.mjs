// The mail catcher, as a reader who waits for mail sees it.
import { setTimeout as sleep } from "node:timers/promises";

// A mail is on its way within seconds; a busy machine may need more.
const PATIENCE_MS = 60_000;
const POLL_MS = 250;

export class Inbox {
  constructor(base) {
    this.base = base;
  }

  // The newest mail to this address with such a subject.
  async waitFor(to, subject) {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const mails = await this.list(to);
      const found = mails.find((mail) => subject.test(mail.subject));
      if (found) return found;
      if (Date.now() > deadline) {
        const others = mails.map((mail) => mail.subject).join(", ") || "nothing";
        throw new Error(`no mail with a subject like ${subject} came to ${to}, but ${others}`);
      }
      await sleep(POLL_MS);
    }
  }

  // The newest mails to this address.
  list(to) {
    return this.ask(`api/messages?to=${encodeURIComponent(to)}`);
  }

  // The HTML of a mail, as mail programs get it.
  async htmlOf(mail) {
    const { html } = await this.ask(`api/messages/${mail.id}`);
    if (!html) throw new Error(`“${mail.subject}” has no HTML`);
    return html;
  }

  // The address of the page that shows the mail.
  pageOf(mail) {
    return new URL(`messages/${mail.id}/html`, this.base).href;
  }

  async ask(path) {
    const reply = await fetch(new URL(path, this.base));
    if (!reply.ok) throw new Error(`the inbox answered ${path} with ${reply.status}`);
    return reply.json();
  }
}
