// Bringing the two people of the page together, so that something can be shown on both sides at once.

const INTERVIEW = new Set(["candidacy", "offer"]);
const ON_THE_WAY = new Set(["invited", "accepted", "proposed"]);
const UNDER_CONTRACT = new Set(["contract", "paused"]);

export class Scene {
  /** `post(path, body)` acts as the marketplace; `onSide(role)` shows one side where there is room for one only. */
  constructor(panes, freelancers, post, onSide) {
    Object.assign(this, { panes, freelancers, post, onSide });
  }

  /** Open an interview before its contract on both sides; where these two have none it is begun, if need be with another freelancer. */
  async beforeContract() {
    const open = await this.#threads((head) => INTERVIEW.has(head.state) && isHidden(head));
    if (open) return this.#show(open);
    const begun = await this.#threads((head) => ON_THE_WAY.has(head.state) && isHidden(head));
    if (begun) return this.#show(await this.#goOn(begun));
    if (await this.#threads(() => true)) await this.#playNewcomer();
    return this.#show(await this.#goOn(await this.#invite()));
  }

  /** Open a conversation on both sides whose contract runs; it starts now where there is none. */
  async underContract() {
    const found = await this.#threads((head) => UNDER_CONTRACT.has(head.state));
    if (found) return this.#show(found);
    const thread = await this.beforeContract();
    await this.startContract(thread);
    return thread;
  }

  async startContract(thread) {
    const { session } = this.panes.client;
    await this.post("/demo/marketplace", { type: "contract", thread, move: "start_contract", cid: session.newCid() });
    await Promise.all(Object.values(this.panes).map((pane) => untilOpen(pane.session, thread)));
  }

  /** A thread of the two that both may write in or answer; the one that is open first. */
  async #threads(suits) {
    const { client, freelancer } = this.panes;
    await Promise.all([client.session.ready(), freelancer.session.ready()]);
    const shown = client.conversation?.thread;
    const rows = [...client.session.inbox.rows.values()].filter(({ state }) => state !== "self");
    rows.sort((a, b) => (b.thread === shown) - (a.thread === shown) || b.mark - a.mark);
    for (const { thread } of rows) {
      const head = await client.session.head(thread);
      const isTheirs = head.participants.some(({ user }) => user === freelancer.session.user);
      if (isTheirs && suits(head)) return thread;
    }
    return "";
  }

  /** Be a freelancer whom this client has not met yet. */
  async #playNewcomer() {
    const { client, freelancer } = this.panes;
    const heads = [...client.session.heads.values()];
    const known = new Set(heads.flatMap(({ participants }) => participants.map(({ user }) => user)));
    const next = this.freelancers.find(({ user }) => !known.has(user));
    if (!next) throw new Error("This client has talked to everybody; choose the other one.");
    freelancer.play(next.user);
    await freelancer.session.ready();
  }

  async #invite() {
    const { client, freelancer } = this.panes;
    const { jobs } = await client.session.ask({ type: "job.list" });
    const job = jobs.find((each) => each.is_open)?.job;
    if (!job) throw new Error("None of this client’s jobs is open.");
    const invitation = { type: "invitation.send", cid: client.session.newCid(), job, freelancer: freelancer.session.user, body: "Would you like to talk about this job?" };
    return (await client.session.ask(invitation)).thread;
  }

  /** Answer what waits until the interview has begun. */
  async #goOn(thread) {
    const { client, freelancer } = this.panes;
    const { state } = await client.session.head(thread);
    if (state === "invited") await freelancer.session.ask({ type: "invitation.accept", thread, cid: freelancer.session.newCid() });
    await client.session.send(thread, "Good to meet you here. What would you begin with?");
    return thread;
  }

  async #show(thread) {
    for (const pane of Object.values(this.panes)) {
      await pane.session.head(thread);
      if (pane.conversation?.thread !== thread) pane.openThread(thread);
    }
    return thread;
  }
}

const isHidden = ({ policy }) => policy.contact !== "allowed" && policy.why_not !== "peer.blocked";

/** Settles when a thread says that contact details may be shared. */
function untilOpen(session, thread) {
  const isOpen = () => session.heads.get(thread)?.policy.contact === "allowed";
  if (isOpen()) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (!isOpen()) return;
      session.removeEventListener("thread", look);
      resolve();
    };
    session.addEventListener("thread", look);
  });
}
