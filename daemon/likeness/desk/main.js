// The clerk's desk: logs in, follows the visits, carries the clerk's wishes to the API.
// Leaves to others: HTTP (api.js), drawing (view.js), sentences (words.js).

import * as api from "/desk/api.js";
import { callItem, el, partItems, visitItem } from "/desk/view.js";
import { LANGUAGES, preferred, words as fetchWords } from "/desk/words.js";

const PURPOSES = ["new_number", "replace_sim", "new_internet", "reverify_owner", "check_numbers"];
const REASONS = ["compared_in_person", "other_document", "cannot_do_acts", "not_the_holder", "document_in_doubt", "visitor_left", "other"];
const HEALTH_EVERY_MS = 10000;

const by = (id) => document.getElementById(id);
const desk = { visits: new Map(), calls: [], obstacle: "", health: null };
let words = null;
let events = null;
let isLost = false;
let deciding = null;

// --- what is shown -------------------------------------------------------------------
function drawVisits() {
  const lines = [...desk.visits.values()].reverse(); // as they came, the newest first
  const decides = desk.health?.decides !== false;
  const focused = document.activeElement?.closest("[data-transaction]")?.dataset.transaction;
  const place = document.activeElement?.className;
  by("visit-list").replaceChildren(...lines.map((one) => visitItem(one, words, { cancel, decide, decides })));
  by("no-visits").hidden = lines.length > 0;
  if (focused) {
    const item = [...by("visit-list").children].find((one) => one.dataset.transaction === focused);
    [...(item?.querySelectorAll("button, a") ?? [])].find((one) => one.className === place)?.focus();
  }
}

function drawRest() {
  by("calls").hidden = desk.calls.length === 0;
  by("call-list").replaceChildren(...desk.calls.map((one) => callItem(one, words, answer)));
  document.title = (desk.calls.length ? `(${desk.calls.length}) ` : "") + words.say("title");
  const why = desk.obstacle;
  by("obstacle").textContent = why ? words.get("obstacle", why) || words.get("obstacle", "other") : "";
  by("trouble").hidden = !isLost;
  by("trouble").textContent = isLost ? words.say("lost") : "";
  by("line").textContent = isLost || !events ? "" : words.say("connected");
  if (!desk.health) return;
  by("part-list").replaceChildren(...partItems(desk.health, words));
  by("outbox").textContent = words.say("outbox", { n: desk.health.outbox_waiting });
}

function draw() {
  document.documentElement.lang = words.code;
  document.documentElement.dir = words.direction;
  for (const node of document.querySelectorAll("[data-say]")) node.textContent = words.say(node.dataset.say);
  fill(by("purpose"), "purpose", PURPOSES);
  fill(by("reason"), "decision_reason", REASONS);
  // None is chosen before: what is signed must be somebody's own word.
  by("reason").prepend(el("option", { value: "" }, words.say("choose")));
  drawVisits();
  drawRest();
}

function fill(select, group, names) {
  const chosen = select.value;
  select.replaceChildren(...names.map((name) => el("option", { value: name }, words.get(group, name))));
  if (chosen) select.value = chosen;
}

function told(fault) {
  if (fault instanceof api.Lost) return words.say("lost");
  if (!(fault instanceof api.Refused)) throw fault;
  return words.get("problem", fault.code) || `${fault.title}. ${fault.message}`;
}

// --- what the clerk wants ------------------------------------------------------------
async function tried(place, wish) {
  by(place).textContent = "";
  try {
    return await wish();
  } catch (fault) {
    if (fault instanceof api.Refused && fault.status === 401 && place !== "login-fault") {
      showLogin();
      return null;
    }
    by(place).textContent = told(fault);
    return null;
  }
}

async function cancel(visit) {
  await tried("open-fault", () => api.cancel(visit.transaction));
}

async function answer(call) {
  await tried("open-fault", () => api.answerCall(call.id));
}

function decide(visit) {
  deciding = visit.transaction;
  by("decide-form").reset();
  by("decide-form").querySelector("[value='accept']").disabled = !visit.has_person;
  by("decide-fault").textContent = "";
  by("decide-title").textContent = words.say("decide_of", { transaction: visit.transaction });
  const two = desk.health?.two_persons;
  by("decide-said").textContent = [
    visit.has_person ? "" : words.get("problem", "no_person"),
    two ? words.say(visit.decision ? "second_person" : "first_person") : "",
  ].filter(Boolean).join(" ");
  by("decide").showModal();
}

by("decide-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = new FormData(by("decide-form")).get("decision");
  const done = await tried("decide-fault", () =>
    api.decide(deciding, {
      decision: given,
      reason: by("reason").value,
      attendant: by("attendant").value.trim(),
      note: by("note").value.trim(),
    }),
  );
  if (done) by("decide").close();
});
by("not-now").addEventListener("click", () => by("decide").close());

by("open-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const transaction = by("transaction").value.trim();
  const done = await tried("open-fault", () => api.openVisit(transaction, by("purpose").value));
  // Unless the next one is being typed by now.
  if (done && by("transaction").value.trim() === transaction) by("transaction").value = "";
});

by("login-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const done = await tried("login-fault", () => api.logIn(by("token").value.trim()));
  by("token").value = "";
  if (done) begin();
});

by("leave").addEventListener("click", async () => {
  await tried("open-fault", api.logOut);
  showLogin();
});

by("language").addEventListener("change", async () => {
  localStorage.setItem("language", by("language").value);
  words = await fetchWords(by("language").value);
  draw();
});

// --- what the desk tells -------------------------------------------------------------
function hear(event, isFirst) {
  isLost = false;
  if (isFirst) desk.visits.clear();
  for (const visit of event.visits) desk.visits.set(visit.transaction, visit);
  if (event.calls !== null) desk.calls = event.calls;
  desk.obstacle = event.obstacle;
  if (event.visits.length || isFirst) drawVisits();
  drawRest();
}

async function lookAtHealth() {
  if (!events) return;
  try {
    const decided = desk.health?.decides;
    desk.health = await api.health();
    if (decided !== desk.health.decides) drawVisits();
    drawRest();
  } catch (fault) {
    if (!(fault instanceof api.Lost || fault instanceof api.Refused)) throw fault;
  }
}

function begin() {
  events?.end();
  events = new api.Events({
    news: hear,
    lost: () => {
      isLost = true;
      drawRest();
    },
    refused: showLogin,
  });
  by("login").hidden = true;
  by("desk").hidden = by("leave").hidden = false;
  lookAtHealth();
}

function showLogin() {
  events?.end();
  events = null;
  isLost = false;
  Object.assign(desk, { visits: new Map(), calls: [], obstacle: "", health: null });
  if (by("decide").open) by("decide").close();
  by("desk").hidden = by("leave").hidden = true;
  by("login").hidden = false;
  draw();
  by("token").focus();
}

async function start() {
  const code = preferred();
  by("language").append(...Object.entries(LANGUAGES).map(([one, name]) => el("option", { value: one, lang: one }, name)));
  by("language").value = code;
  words = await fetchWords(code);
  draw();
  setInterval(lookAtHealth, HEALTH_EVERY_MS);
  try {
    desk.health = await api.health();
    begin();
  } catch (fault) {
    showLogin();
    if (fault instanceof api.Lost) by("login-fault").textContent = told(fault);
  }
}

start();
