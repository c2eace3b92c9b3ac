// Notes what happens behind the pages: errors, refused or failed requests, requests to other sites.
export class Watch {
  constructor(context, sites) {
    this.origins = new Set(sites.map((site) => new URL(site).origin));
    this.complaints = [];
    this.expectedStatus = undefined;
    context.on("console", (message) => this.onConsole(message));
    context.on("weberror", (error) => this.complaints.push(`a script failed: ${error.error().message}`));
    context.on("request", (request) => this.onRequest(request));
    context.on("requestfailed", (request) => this.onRequestFailed(request));
    context.on("response", (response) => this.onResponse(response));
  }

  // Lets pages answer with this status while `act` runs.
  async expecting(status, act) {
    this.expectedStatus = status;
    try {
      return await act();
    } finally {
      this.expectedStatus = undefined;
    }
  }

  // Throws what was noted since the last time.
  check() {
    const [first, ...more] = this.complaints.splice(0);
    if (first) throw new Error([first, ...more].join("\n  "));
  }

  onConsole(message) {
    // A failed request is told better by its answer.
    if (message.text().startsWith("Failed to load resource")) return;
    if (message.type() === "error") this.complaints.push(`the console says: ${message.text()} (${message.location().url})`);
  }

  onRequest(request) {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && !this.origins.has(url.origin)) this.complaints.push(`a page asked another site: ${url.href}`);
  }

  onRequestFailed(request) {
    // A page that is left gives up its requests.
    const reason = request.failure()?.errorText ?? "no reason given";
    if (reason !== "net::ERR_ABORTED") this.complaints.push(`${request.method()} ${request.url()} failed: ${reason}`);
  }

  onResponse(response) {
    const status = response.status();
    if (status >= 400 && status !== this.expectedStatus) {
      this.complaints.push(`${response.request().method()} ${response.url()} was answered with ${status}`);
    }
  }
}
