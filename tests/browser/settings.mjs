// What the tests are told by their environment, checked before anything starts.
import { accessSync, constants, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";

export function readSettings(environment) {
  const settings = {
    site: baseUrl(environment, "SITE"),
    inbox: baseUrl(environment, "INBOX"),
    address: required(environment, "ADDRESS"),
    javaScript: switchOf(environment, "JAVASCRIPT"),
    chromium: environment.CHROMIUM || findChromium(environment.PATH ?? ""),
    screenshots: environment.SCREENSHOTS,
  };
  if (settings.screenshots) mkdirSync(settings.screenshots, { recursive: true });
  return settings;
}

function required(environment, name) {
  if (!environment[name]) throw new Error(`set ${name}; readers.mjs says at its top what it means`);
  return environment[name];
}

function baseUrl(environment, name) {
  const text = required(environment, name);
  if (!URL.canParse(text) || !text.endsWith("/")) throw new Error(`${name} is ${text}, not an address such as http://127.0.0.1:8080/`);
  return text;
}

function switchOf(environment, name) {
  const value = required(environment, name);
  if (value !== "on" && value !== "off") throw new Error(`${name} is ${value}; it may be on or off`);
  return value === "on";
}

function findChromium(path) {
  const candidates = ["/usr/bin/chromium", ...path.split(delimiter).map((folder) => join(folder, "chromium"))];
  const found = candidates.find(isProgram);
  if (!found) throw new Error("there is no Chromium: install the package chromium, or set CHROMIUM to its path");
  return found;
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
