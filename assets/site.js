// Small comforts. Every page works without them.
"use strict";

// Proposes the browser's own time zone until the reader types another.
function proposeZone(input) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) input.value = zone;
}

// Shows the chosen hour and zone beside the folded question.
function showWhen(place) {
  const form = place.closest("form");
  const update = () => {
    const hour = form.elements.hour.selectedOptions[0];
    place.textContent = `${hour ? hour.textContent : ""}, ${form.elements.zone.value}`;
  };
  form.addEventListener("input", update);
  update();
}

// Adds empty filter rows, each with ids of its own.
function addRows(button) {
  const rows = document.querySelector("[data-rows]");
  button.hidden = false;
  button.addEventListener("click", () => {
    const index = rows.querySelectorAll("[data-row]").length;
    const row = rows.lastElementChild.cloneNode(true);
    row.id = row.id.replace(/\d+$/, index);
    for (const old of row.querySelectorAll(".error, [data-preview]")) old.remove();
    for (const button of row.querySelectorAll("button")) {
      button.value = index;
      button.setAttribute("formaction", button.getAttribute("formaction").replace(/\d+$/, index));
    }
    for (const input of row.querySelectorAll("input")) {
      input.value = "";
      input.id = input.id.replace(/\d+$/, index);
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }
    for (const label of row.querySelectorAll("label")) label.htmlFor = label.htmlFor.replace(/\d+$/, index);
    rows.append(row);
    row.querySelector("input").focus();
  });
}

document.querySelectorAll("input[data-proposed]").forEach(proposeZone);
document.querySelectorAll("[data-when]").forEach(showWhen);
document.querySelectorAll("[data-add-row]").forEach(addRows);

const wrong = document.querySelector("[aria-invalid]");
if (wrong) wrong.focus();
