// Between the two: how far they have come, and the moves that a marketplace's backend makes.

import { button, el, fill } from "./elements.js";

const STEPS = ["Invited", "Accepted", "Interview", "Contract"];
const STEP_OF = { direct: 0, invited: 0, accepted: 1, proposed: 1, candidacy: 2, offer: 2, contract: 3, paused: 3, ended: 3 };
const MOVES = [
  { move: "start_contract", label: "Start contract", states: ["invited", "accepted", "proposed", "candidacy", "offer", "ended"] },
  { move: "pause_contract", label: "Pause contract", states: ["contract"] },
  { move: "resume_contract", label: "Resume contract", states: ["paused"] },
  { move: "end_contract", label: "End contract", states: ["contract", "paused"] },
];

export class Stage {
  #session = null;
  #thread = null;
  #stop = new AbortController();

  /** `post(path, body)` rejects with an Error whose message can be shown. */
  constructor(post) {
    this.post = post;
    this.steps = el("ol", { class: "steps", "aria-label": "The way to a contract" });
    this.moves = el("div", { class: "moves" });
    this.problem = el("p", { class: "problem", role: "status" });
    this.element = el(
      "section",
      { class: "stage", "aria-labelledby": "stage-title" },
      el("h2", { id: "stage-title" }, "Marketplace"),
      this.steps,
      this.moves,
      this.problem,
      el("p", { class: "hint" }, "In production, your backend makes these moves."),
    );
    this.#draw();
  }

  /** Follow a thread, as one of its people sees it. */
  show(session, thread) {
    this.#session = session;
    this.#thread = thread;
    this.#stop.abort();
    this.#stop = new AbortController();
    session.addEventListener("thread", () => this.#draw(), { signal: this.#stop.signal });
    fill(this.problem);
    this.#draw();
  }

  #draw() {
    const state = this.#session?.heads.get(this.#thread)?.state ?? "";
    if (state === this.drawn) return;
    this.drawn = state;
    const reached = STEP_OF[state] ?? -1;
    fill(
      this.steps,
      STEPS.map((name, index) => {
        const step = index < reached ? "done" : index === reached ? "now" : "ahead";
        return el("li", { data: { step }, "aria-current": step === "now" ? "step" : undefined }, this.#nameOf(name, state, step));
      }),
    );
    const possible = MOVES.filter(({ states }) => states.includes(state));
    const offered = possible.length ? possible : MOVES.slice(0, 1);
    fill(
      this.moves,
      offered.map(({ move, label }) =>
        button(label, (event) => this.#move(move, event.currentTarget), {
          class: move.startsWith("start") || move.startsWith("resume") ? "primary" : "quiet",
          disabled: !possible.length,
        }),
      ),
    );
  }

  #nameOf(name, state, step) {
    if (step !== "now" || name !== "Contract" || state === "contract") return name;
    return `Contract ${state}`;
  }

  async #move(move, control) {
    control.disabled = true;
    fill(this.problem);
    try {
      await this.post("/demo/contract", { thread: this.#thread, move, cid: this.#session.newCid() });
    } catch (error) {
      fill(this.problem, error.message);
      control.disabled = false;
    }
  }
}
