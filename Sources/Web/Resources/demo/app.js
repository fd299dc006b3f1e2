// Makes the forms of the demo application answer. Nothing is sent anywhere; a new tab starts afresh.
"use strict";
const byId = (id) => document.getElementById(id);
const all = (selector) => document.querySelectorAll(selector);
const euro = (amount) => new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" }).format(amount);
const cents = (amount) => Math.round(amount * 100) / 100;
const day = (date) => new Date(date).toLocaleDateString("en-GB", { dateStyle: "medium", timeZone: "UTC" });
const put = (element, textContent, className) => Object.assign(element, { textContent, className });
const say = (text, wrong) => put(byId("notice"), text, wrong ? "notice wrong" : "notice");
const onSubmit = (form, act) =>
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    act(Object.fromEntries(new FormData(form)));
  });
const addRow = (template, table, texts) => {
  const row = byId(template).content.firstElementChild.cloneNode(true);
  for (const [cell, text] of texts) row.children[cell].textContent = text;
  return byId(table).tBodies[0].insertBefore(row, byId(table).tBodies[0].rows[0] ?? null);
};

// Links inside the pages keep what the address says about client, language and policy.
for (const link of all('main a[href^="/"]')) link.search = location.search;
if (!location.pathname.startsWith("/expense/")) sessionStorage.removeItem("newReport");
byId("create-report")?.addEventListener("click", () => sessionStorage.setItem("newReport", "1"));

// One report: an empty one after "Create report", otherwise the trip to Lyon.
const expenses = byId("expense-table")?.tBodies[0];
const refreshReport = () => {
  const amounts = [...expenses.querySelectorAll("[data-amount]")].map((cell) => Number(cell.dataset.amount));
  byId("report-total").value = euro(amounts.reduce((sum, amount) => sum + amount, 0));
  byId("report-title").textContent = byId("report-name").value || "New report";
};
if (expenses) {
  if (sessionStorage.getItem("newReport")) {
    expenses.replaceChildren();
    byId("report-name").value = byId("report-policy").value = "";
  } else if (sessionStorage.getItem("itemized")) byId("itemize-hotel").replaceWith("Itemized");
  refreshReport();
}
byId("report-name")?.addEventListener("input", refreshReport);
byId("add-expense")?.addEventListener("click", (event) => {
  const hidden = byId("expense-form").toggleAttribute("hidden");
  event.currentTarget.setAttribute("aria-expanded", String(!hidden));
  byId("expense-date").focus();
});
onSubmit(byId("expense-form"), ({ date, type, vendor, amount }) => {
  const row = addRow("expense-row", "expense-table", [[0, day(date)], [1, type], [2, vendor], [5, euro(amount)]]);
  row.lastElementChild.dataset.amount = amount;
  byId("expense-form").reset();
  refreshReport();
  say(`${type} of ${euro(amount)} added.`);
});
onSubmit(byId("report-form"), () => {
  if (!expenses.rows.length) return say("Add at least one expense first.", true);
  if (byId("itemize-hotel")) return say("The hotel bill is not itemized yet.", true);
  put(byId("report-status"), "Submitted", "badge info");
  byId("submit-report").disabled = true;
  say("Report submitted. Katrin Sommer has been asked to approve it.");
});

// A hotel bill
const itemize = ({ checkIn, checkOut, rate, tax, other }) => {
  const nights = Math.max(0, (new Date(checkOut) - new Date(checkIn)) / 864e5 || 0);
  const done = cents(nights * (Number(rate) + Number(tax)) + Number(other));
  const left = cents(518.4 - done);
  byId("hotel-nights").textContent = `Nights: ${nights}`;
  byId("hotel-itemized").value = euro(done);
  byId("hotel-remaining").value = euro(left);
  return left;
};
byId("itemize-form")?.addEventListener("input", (event) => itemize(Object.fromEntries(new FormData(event.currentTarget))));
onSubmit(byId("itemize-form"), (values) => {
  const left = itemize(values);
  if (left) return say(left > 0 ? `${euro(left)} of the bill is still left.` : `That is ${euro(-left)} too much.`, true);
  sessionStorage.setItem("itemized", "1");
  say("Itemizations saved. The report can be submitted now.");
});

// Travel requests
onSubmit(byId("request-form"), ({ name, destination, start, end, estimate }) => {
  if (end < start) return say("The last day lies before the first.", true);
  addRow("request-row", "request-list", [[0, name], [1, destination], [2, `${day(start)} to ${day(end)}`], [4, euro(estimate)]]);
  byId("request-form").reset();
  say(`Request “${name}” submitted.`);
});

// Approvals: app.css shows the review whose link was followed, or the first.
for (const button of all("[data-decision]")) {
  button.addEventListener("click", () => {
    const review = button.closest(".review");
    const decision = button.dataset.decision;
    if (decision === "Sent back" && !review.querySelector("textarea").value.trim())
      return say("Write a comment before you send the report back.", true);
    const badge = document.querySelector(`[href$="#${review.id}"]`).closest("tr").querySelector(".badge");
    put(badge, decision, decision === "Approved" ? "badge good" : "badge warn");
    for (const each of review.querySelectorAll("[data-decision]")) each.disabled = true;
    say(`${review.querySelector("h2").textContent}: ${decision.toLowerCase()}.`);
  });
}
