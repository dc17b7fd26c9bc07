// The demo page: a client, a freelancer, and the marketplace between them.

import { button, el } from "./elements.js";
import { Examples } from "./examples.js";
import { Moderation } from "./moderation.js";
import { Pane } from "./pane.js";
import { Scene } from "./scene.js";
import { Stage } from "./stage.js";
import { Tray } from "./tray.js";

async function post(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

async function start() {
  const setup = await (await fetch("/demo/setup")).json();
  const stage = new Stage(post);
  const url = new URL("/ws", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const side = sideSwitch();
  const moderation = new Moderation(setup, post, (waiting) => setup.has_moderators && tray.count("moderation", waiting));
  const shared = {
    ...setup,
    url: url.href,
    getToken: (user) => post("/demo/token", { user }),
    onThread: (session, thread) => stage.show(session, thread),
    onPerson: (role, session) => stage.person(role, session),
    onUnread: side.onUnread,
    onModeration: () => moderation.refresh(),
  };
  const client = new Pane("client", { ...shared, people: setup.clients });
  const freelancer = new Pane("freelancer", { ...shared, people: setup.freelancers });
  const scene = new Scene({ client, freelancer }, setup.freelancers, post, side.show);
  const tray = new Tray({
    filter: { label: "Try the filter", view: new Examples(scene, setup.has_moderators) },
    ...(setup.has_moderators && { moderation: { label: "Moderation", view: moderation } }),
  });
  document.querySelector(".top").append(tray.buttons, side.element);
  document.querySelector("main").before(tray.element);
  document.querySelector("main").replaceChildren(client.element, freelancer.element, stage.element);
  moderation.refresh();
}

/** On a narrow screen one side is shown at a time; a dot says that something waits on the other one. */
function sideSwitch() {
  const main = document.querySelector("main");
  const buttons = {};
  const show = (role) => {
    main.dataset.side = role;
    for (const [name, control] of Object.entries(buttons)) control.setAttribute("aria-pressed", String(name === role));
  };
  for (const [role, label] of [["client", "Client"], ["freelancer", "Freelancer"]]) buttons[role] = button(label, () => show(role));
  show("client");
  return {
    show,
    element: el("div", { class: "sides", role: "group", "aria-label": "Whose side" }, Object.values(buttons)),
    onUnread: (role, waiting) => (buttons[role].dataset.unread = String(waiting > 0)),
  };
}

start().catch((error) => {
  document.querySelector("main").replaceChildren(el("p", { class: "empty", role: "alert" }, error.message));
});
