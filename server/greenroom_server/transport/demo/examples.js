// "Try the filter": one press brings two people together and writes a text that the contact filter has something to say about.

import { button, el, fill, icon } from "./elements.js";
import { sentence } from "./refusals.js";

const MASKED = "Write me at maya@fernlight.studio and I will send you the sketches.";
const LIVE_GRANTS = new Set(["requested", "granted", "shared"]);
const firstName = (pane) => pane.session.person.name.split(" ")[0];

/** `run(scene)` prepares it and says where to look; `sign` and `outcome` say what comes of it. */
const EXAMPLES = [
  {
    title: "An e-mail address",
    text: MASKED,
    outcome: "Delivered, with the address hidden",
    sign: "lock",
    async run(scene) {
      await write(scene, "client", MASKED);
      const { client, freelancer } = names(scene);
      return `${client} has it in the composer, and the hint there is live. Press Enter: ${freelancer} gets a placeholder, ${client} the reason.`;
    },
  },
  {
    title: "A move elsewhere",
    text: "Let’s move to WhatsApp, it is quicker for both of us.",
    outcome: "Not sent: the words are marked, the draft stays",
    sign: "shield",
    async run(scene) {
      await write(scene, "freelancer", this.text);
      const { client, freelancer } = names(scene);
      return `Press Enter on ${freelancer}’s side: ${client} gets nothing, the draft stays and can be reworded. A second attempt waits for a moderator.`;
    },
  },
  {
    title: "A hint, perhaps harmless",
    text: "Check my profile picture carefully, you will see how to reach me.",
    outcome: "Waits for a moderator",
    sign: "clock",
    needsModerators: true,
    async run(scene) {
      await write(scene, "freelancer", this.text);
      const { client, freelancer } = names(scene);
      return `Press Enter: ${freelancer} sees it in review, ${client} sees nothing. Then open Moderation and decide.`;
    },
  },
  {
    title: "An address for access",
    text: "Ask, agree, share: for one system, before a contract.",
    outcome: "Passes for that purpose",
    sign: "key",
    run: runAccess,
  },
  {
    title: "The same, under contract",
    text: MASKED,
    outcome: "Passes as it is written",
    sign: "unlock",
    async run(scene) {
      await scene.underContract();
      put(scene, "client", MASKED);
      const { client, freelancer } = names(scene);
      return `The contract has started. Press Enter on ${client}’s side: ${freelancer} reads the address.`;
    },
  },
];

async function write(scene, side, text) {
  const thread = await scene.beforeContract();
  put(scene, side, text);
  return thread;
}

function put(scene, side, text) {
  scene.onSide(side);
  scene.panes[side].conversation.composer.put(text);
}

const names = ({ panes }) => ({ client: firstName(panes.client), freelancer: firstName(panes.freelancer) });

/** The freelancer asks to share an address; once it is shared, a message with it is written. */
async function runAccess(scene) {
  const thread = await scene.beforeContract();
  const { session } = scene.panes.freelancer;
  const { client, freelancer } = names(scene);
  const grant = (await session.head(thread)).grants?.find(({ state }) => LIVE_GRANTS.has(state));
  if (grant?.state === "shared") {
    const email = session.logs.get(thread).items.findLast(({ event }) => event.type === "access.shared").event.email;
    put(scene, "freelancer", `Please give ${email} read access.`);
    return `This address is agreed on. Press Enter on ${freelancer}’s side: it passes, any other is hidden.`;
  }
  if (!grant) {
    await session.ask({ type: "access.request", thread, cid: session.newCid(), holder: "me", system: "code_host", purpose: "Read access to the design tokens" });
  }
  scene.onSide(grant?.state === "granted" ? "freelancer" : "client");
  return `${freelancer} has asked. Press Agree on ${client}’s side, share an address on ${freelancer}’s; then press this again for a message with it.`;
}

export class Examples {
  constructor(scene, hasModerators) {
    this.scene = scene;
    this.said = el("p", { class: "tray-said", role: "status" }, "Each puts a text into a composer, between two people who are talking already or are introduced now.");
    this.cards = EXAMPLES.filter(({ needsModerators }) => hasModerators || !needsModerators).map((each) => this.#card(each));
    this.element = el("div", {}, el("ul", { class: "examples" }, this.cards.map((card) => el("li", {}, card))), this.said);
  }

  open() {}

  #card(example) {
    const { title, text, outcome, sign } = example;
    const inside = [
      el("strong", {}, title),
      el("span", { class: "words" }, text),
      el("span", { class: "outcome" }, icon(sign), outcome),
    ];
    return button(inside, () => this.#run(example), { class: "example", "aria-label": `${title}: ${outcome}` });
  }

  async #run(example) {
    for (const card of this.cards) card.disabled = true;
    fill(this.said, "One moment…");
    try {
      fill(this.said, await example.run(this.scene));
    } catch (error) {
      fill(this.said, sentence(error));
    } finally {
      for (const card of this.cards) card.disabled = false;
    }
  }
}
