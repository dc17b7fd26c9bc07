// Below the two: how far they have come, and the moves that a marketplace's backend makes.

import { button, el, fill } from "./elements.js";
import { menu } from "./menu.js";
import { stateName } from "./words.js";

const STEPS = ["First contact", "Interview", "Offer", "Contract"];
const STEP_OF = { direct: 0, invited: 0, accepted: 0, proposed: 0, closed: 0, candidacy: 1, offer: 2, contract: 3, paused: 3, ended: 3 };
const MOVES = [
  { move: "start_contract", label: "Start contract", states: ["direct", "invited", "accepted", "proposed", "candidacy", "offer", "closed"] },
  { move: "start_contract", label: "Start again", states: ["ended"] },
  { move: "pause_contract", label: "Pause contract", states: ["contract"] },
  { move: "resume_contract", label: "Resume contract", states: ["paused"] },
  { move: "end_contract", label: "End contract", states: ["contract", "paused"] },
];

export class Stage {
  #session = null;
  #thread = null;
  #freelancer = null;
  #closedJobs = new Set();
  #stop = new AbortController();

  /** `post(path, body)` rejects with an Error whose message can be shown. */
  constructor(post) {
    this.post = post;
    this.steps = el("ol", { class: "steps", "aria-label": "The way to a contract" });
    this.moves = el("div", { class: "moves" });
    this.problem = el("p", { class: "problem", role: "status" });
    const others = menu("More moves", () => this.#others(), { class: "quiet" });
    others.classList.add("up");
    this.element = el(
      "section",
      { class: "stage", "aria-labelledby": "stage-title" },
      el("div", { class: "stage-title" }, el("h2", { id: "stage-title" }, "Marketplace"), el("p", {}, "Your backend’s moves")),
      this.steps,
      this.problem,
      el("div", { class: "moves" }, this.moves, others),
    );
    this.#draw();
  }

  /** Know who plays the freelancer. */
  person(role, session) {
    if (role === "freelancer") this.#freelancer = session;
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

  get #head() {
    return this.#session?.heads.get(this.#thread);
  }

  #draw() {
    const state = this.#head?.state ?? "";
    if (state === this.drawn) return;
    this.drawn = state;
    const reached = STEP_OF[state] ?? -1;
    fill(
      this.steps,
      STEPS.map((name, index) => {
        const step = index < reached ? "done" : index === reached ? "now" : "ahead";
        const shown = step !== "now" ? name : index === 0 ? stateName(state) : index === 3 && state !== "contract" ? `Contract ${state}` : name;
        return el("li", { data: { step }, "aria-current": step === "now" ? "step" : undefined }, shown);
      }),
    );
    const possible = MOVES.filter(({ states }) => states.includes(state));
    const offered = possible.length ? possible : MOVES.slice(0, 1);
    fill(
      this.moves,
      offered.map(({ move, label }) =>
        button(label, () => this.#act({ type: "contract", thread: this.#thread, move, cid: this.#session.newCid() }), {
          class: move.startsWith("start") || move.startsWith("resume") ? "primary" : "quiet",
          disabled: !possible.length,
        }),
      ),
    );
  }

  #others() {
    const head = this.#head;
    const thread = this.#thread;
    const freelancer = this.#freelancer;
    const first = freelancer.person.name.split(" ")[0];
    const isClosed = head && this.#closedJobs.has(head.job);
    return [
      head && head.policy.pay.conversion === "none" && { label: "The conversion fee is paid", run: () => this.#act({ type: "pair", thread, flag: "conversion_paid" }) },
      head && head.policy.pay.origin === "platform" && { label: "The two met elsewhere", run: () => this.#act({ type: "pair", thread, flag: "met_elsewhere" }) },
      head?.job && { label: isClosed ? "Open the job again" : "Close the job", run: () => this.#setJob(head.job, isClosed) },
      { label: `Sell ${first} 20 Connects`, run: () => this.#act({ type: "sale", freelancer: freelancer.user, sale: "connects" }) },
      { label: `Sell ${first} the availability badge`, run: () => this.#act({ type: "sale", freelancer: freelancer.user, sale: "badge" }) },
    ];
  }

  async #setJob(job, isOpen) {
    if (!(await this.#act({ type: "job", job, is_open: isOpen }))) return;
    if (isOpen) this.#closedJobs.delete(job);
    else this.#closedJobs.add(job);
  }

  async #act(body) {
    const controls = this.moves.querySelectorAll("button");
    for (const control of controls) control.disabled = true;
    fill(this.problem);
    try {
      await this.post("/demo/marketplace", body);
      return true;
    } catch (error) {
      fill(this.problem, error.message);
      return false;
    } finally {
      for (const control of controls) control.disabled = !this.#thread;
    }
  }
}
