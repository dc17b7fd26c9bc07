// The demo page: a client, a freelancer, and the marketplace between them.

import { el } from "./elements.js";
import { Pane } from "./pane.js";
import { Stage } from "./stage.js";

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
  const shared = {
    ...setup,
    url: url.href,
    getToken: (user) => post("/demo/token", { user }),
    onThread: (session, thread) => stage.show(session, thread),
  };
  const client = new Pane("client", { ...shared, people: setup.clients });
  const freelancer = new Pane("freelancer", { ...shared, people: setup.freelancers });
  document.querySelector("main").replaceChildren(client.element, stage.element, freelancer.element);
}

start().catch((error) => {
  document.querySelector("main").replaceChildren(el("p", { class: "empty", role: "alert" }, error.message));
});
