/** Types of every frame. Generated from protocol/schema by scripts/generate.mjs; do not edit. */

/** Send a message; acked when it is on disk. The same `cid` always gets the first answer. */
export interface MessageSendCommand {
  type: "message.send";
  id: number;
  thread: string;
  cid: string;
  body: string;
  /** cid of the message this device sent before in this thread, so that order survives retries. Default: null. */
  prev_cid?: string | null;
  /** Last `n` that was on screen when the person wrote. Default: null. */
  seen?: number | null;
  /** A program wrote it; never counts as a response. Default: false. */
  auto?: boolean;
  /** Opens no obligation for the other side. Default: false. */
  no_reply_needed?: boolean;
  /** Seq of the message of this thread that it answers to. Default: null. */
  quote?: number | null;
}

/** Say that everything up to `mark` has arrived; also answers a heartbeat. No reply. */
export interface DeliveredCommand {
  type: "delivered";
  mark: number;
}

/** Tell the others that one is typing; repeated every few seconds. No reply. */
export interface TypingSetCommand {
  type: "typing.set";
  thread: string;
  /** Default: true. */
  is_typing?: boolean;
}

/** Move one's own read mark; it never moves back. */
export interface ThreadReadCommand {
  type: "thread.read";
  id: number;
  thread: string;
  n: number;
}

/** Open the session: the first command on every connection. */
export interface ConnectCommand {
  type: "connect";
  id: number;
  /** Protocol version, 1. */
  v: number;
  /** Short-lived signed token naming the user. */
  token: string;
  /** Stable per installation; a newer socket of the same device replaces the older one. */
  device: string;
  /** Capabilities the client knows; the reply names the ones that are on. Default: []. */
  caps?: string[];
  /** Default: null. */
  resume?: Resume | null;
  /** Whether a person is looking; `background` still receives everything. Default: "active". */
  state?: "active" | "background";
}

/** Where this device stopped, so that it gets what it missed. */
export interface Resume {
  /** Epoch of the inbox, from the last `connect` reply. */
  epoch: number;
  /** Last mark the device has applied without a hole. */
  mark: number;
  /** Threads the device shows and what it has of each; their missed events come along. Default: {}. */
  threads?: Record<string, ThreadPosition>;
}

/** How much of a thread's log a device has. */
export interface ThreadPosition {
  /** Epoch of the thread's log, from its row. */
  epoch: number;
  /** Last seq applied without a hole. */
  seq: number;
}

/** Replace the token before it expires; it must name the same user. */
export interface TokenRefreshCommand {
  type: "token.refresh";
  id: number;
  token: string;
}

/** Ask for a sign of life and the server's clock. */
export interface PingCommand {
  type: "ping";
  id: number;
}

/** Read the rows that changed after a mark; repairs a hole in `mark`. */
export interface InboxChangesCommand {
  type: "inbox.changes";
  id: number;
  epoch: number;
  mark: number;
  /** Default: 300. */
  limit?: number;
}

/**
 * Write to a freelancer from search or a profile: opens the thread with its first message.
 *
 * Gives the existing thread of the pair and job if there is one (`created` is false, the message is sent into it).
 */
export interface ThreadOpenCommand {
  type: "thread.open";
  id: number;
  cid: string;
  freelancer: string;
  body: string;
  /** Default: null. */
  job?: string | null;
  /** Default: "profile". */
  origin?: "other" | "profile" | "referral" | "search";
  /** Id of the search or code of the referral; shaped like an id, for the marketplace only. Default: "". */
  origin_ref?: string;
}

/** Read a thread's head: state, participants, marks and what is allowed now. */
export interface ThreadGetCommand {
  type: "thread.get";
  id: number;
  thread: string;
}

/** Page through the inbox, the most recently changed thread first. */
export interface ThreadListCommand {
  type: "thread.list";
  id: number;
  /** Give rows with a smaller mark; none starts at the top. Default: null. */
  before?: number | null;
  /** Default: 50. */
  limit?: number;
  /** False: without the archived ones; true: those alone; null: all. Default: false. */
  archived?: boolean | null;
}

/** Read a page of a thread's log, as it stands now (edits applied, erased messages as tombstones). */
export interface ThreadHistoryCommand {
  type: "thread.history";
  id: number;
  thread: string;
  /** Events below this seq, the newest page first; not together with `after`. Default: null. */
  before?: number | null;
  /** Events above this seq, in order. Default: null. */
  after?: number | null;
  /** Default: 50. */
  limit?: number;
}

/** Open a closed thread again (client only). */
export interface ThreadReopenCommand {
  type: "thread.reopen";
  id: number;
  cid: string;
  thread: string;
}

/** Replace the text of one's own message within the edit window; screened like a new one. */
export interface MessageEditCommand {
  type: "message.edit";
  id: number;
  thread: string;
  cid: string;
  target: number;
  body: string;
}

/** Erase one's own message; its text leaves the store, a tombstone keeps its `n`. */
export interface MessageEraseCommand {
  type: "message.erase";
  id: number;
  thread: string;
  cid: string;
  target: number;
}

/** Screen a text without sending it, as `message.send` would now. */
export interface MessageCheckCommand {
  type: "message.check";
  id: number;
  thread: string;
  body: string;
}

/** Say whether a person is looking at this device. */
export interface PresenceSetCommand {
  type: "presence.set";
  id: number;
  state: "active" | "background";
}

/** Replace the list of users whose presence this connection is told. */
export interface PresenceWatchCommand {
  type: "presence.watch";
  id: number;
  users: string[];
}

/** Invite a freelancer to interview for one's job (job owner only). */
export interface InvitationSendCommand {
  type: "invitation.send";
  id: number;
  cid: string;
  job: string;
  freelancer: string;
  body: string;
}

/** Accept an invitation; counts as a response. */
export interface InvitationAcceptCommand {
  type: "invitation.accept";
  id: number;
  cid: string;
  thread: string;
  /** Default: "". */
  note?: string;
  /** Default: false. */
  auto?: boolean;
}

/** Decline an invitation with a reason; counts as a response. */
export interface InvitationDeclineCommand {
  type: "invitation.decline";
  id: number;
  cid: string;
  thread: string;
  /** Default: "other". */
  reason?: "asked_off_platform" | "budget" | "not_available" | "not_interested" | "other" | "skills" | "unclear_job";
  /** Default: "". */
  note?: string;
  /** Default: false. */
  auto?: boolean;
}

/** Take an unanswered invitation back (client only). */
export interface InvitationWithdrawCommand {
  type: "invitation.withdraw";
  id: number;
  cid: string;
  thread: string;
}

/** Archive an invitation without answering; it stays open and does not count as an answer. */
export interface InvitationIgnoreCommand {
  type: "invitation.ignore";
  id: number;
  cid: string;
  thread: string;
}

/** Read a freelancer's public profile with its response speed. */
export interface ProfileGetCommand {
  type: "profile.get";
  id: number;
  freelancer: string;
}

/** Find freelancers by words of their name, headline and skills, by skill, by badge; in the order of their ids. */
export interface DirectorySearchCommand {
  type: "directory.search";
  id: number;
  /** Default: "". */
  text?: string;
  /** Whole skills; each must be one of the profile's, without regard to case. Default: []. */
  skills?: string[];
  /** Only freelancers whose availability badge is on. Default: false. */
  available?: boolean;
  /** Default: null. */
  cursor?: string | null;
  /** Default: 20. */
  limit?: number;
}

/** List one's own jobs, newest first. */
export interface JobListCommand {
  type: "job.list";
  id: number;
}

/** List the obligations behind one's own response speed, newest first. */
export interface MetricsRowsCommand {
  type: "metrics.rows";
  id: number;
  /** `client`: how readily one answers proposals and acceptances. Default: "freelancer". */
  as?: "client" | "freelancer";
  /** From the page before; none starts at the newest. Default: null. */
  cursor?: string | null;
  /** Default: 300. */
  limit?: number;
}

/**
 * Ask to share one's e-mail address for access to a system, or to be given the other side's.
 *
 * Asking for the other side's address is one's own agreement: the holder may share at once.
 */
export interface AccessRequestCommand {
  type: "access.request";
  id: number;
  cid: string;
  thread: string;
  /** Whose address it is about. */
  holder: "me" | "peer";
  /** What access is for, one of the marketplace's list; see [access-grants.md](access-grants.md). */
  system: string;
  /** Which access, and why, in a few words; screened like a message. */
  purpose: string;
}

/** Agree that the other side shares its address. */
export interface AccessConfirmCommand {
  type: "access.confirm";
  id: number;
  cid: string;
  thread: string;
  /** Seq of the `access.requested` event. */
  request: number;
}

/** Say no: to the other side's sharing, or to sharing one's own address. */
export interface AccessRefuseCommand {
  type: "access.refuse";
  id: number;
  cid: string;
  thread: string;
  /** Seq of the `access.requested` event. */
  request: number;
}

/** Share one's address once the other side has agreed; the only place where it may be written before a contract. */
export interface AccessShareCommand {
  type: "access.share";
  id: number;
  cid: string;
  thread: string;
  /** Seq of the `access.requested` event. */
  request: number;
  /** One plain address, such as `name@example.com`. */
  email: string;
}

/** End a request or a grant, from either side; a shared address may not be written any more. */
export interface AccessRevokeCommand {
  type: "access.revoke";
  id: number;
  cid: string;
  thread: string;
  /** Seq of the `access.requested` event. */
  request: number;
}

/** End all contact with somebody, both ways and in every thread; they are not told. May be repeated. */
export interface PeerBlockCommand {
  type: "peer.block";
  id: number;
  /** Who is blocked. */
  user: string;
  /** A note to oneself; only one's own list shows it. Default: "". */
  reason?: string;
}

/** Lift one's own block; that of the other side or of the marketplace stays. May be repeated. */
export interface PeerUnblockCommand {
  type: "peer.unblock";
  id: number;
  /** Who was blocked. */
  user: string;
}

/** List whom one has blocked. */
export interface PeerBlockedCommand {
  type: "peer.blocked";
  id: number;
}

/** Report a thread, or one item of it, to the marketplace's moderators; the other side is not told. */
export interface ReportCreateCommand {
  type: "report.create";
  id: number;
  cid: string;
  thread: string;
  /** One of the marketplace's list; see [safety.md](safety.md). */
  category: string;
  /** What happened, for the moderators only; not screened. Default: "". */
  note?: string;
  /** Seq of the item that is meant. Default: null. */
  target?: number | null;
  /** Block the other side, too. Default: false. */
  block?: boolean;
}

/** Ask the marketplace's moderators to leave one of one's own obligations out; only who owes or owed it may. */
export interface MetricsAppealCommand {
  type: "metrics.appeal";
  id: number;
  cid: string;
  /** `id` of a row of `metrics.rows`. */
  obligation: string;
  /** Why it should not count, for the moderators only; not screened. */
  note: string;
}

/** Switch one's own availability badge, inside the time it is paid for (freelancer only). */
export interface AvailabilitySetCommand {
  type: "availability.set";
  id: number;
  is_on: boolean;
}

/** Say that one is away until a time, or back (freelancer only); free of charge. */
export interface AwaySetCommand {
  type: "away.set";
  id: number;
  /** UTC milliseconds, in the future; null: back. */
  until: number | null;
}

/** Publish one's own working hours, in force from next Monday on (freelancer only). */
export interface HoursSetCommand {
  type: "hours.set";
  id: number;
  /** IANA time zone, for example `Europe/Berlin`. */
  zone: string;
  /** In any order, without overlaps; empty publishes none. Default: []. */
  shifts?: ShiftView[];
}

/** One span of working time in a week. */
export interface ShiftView {
  /** 0 is Monday, 6 Sunday. */
  day: number;
  /** Minutes since midnight. */
  begin: number;
  /** Minutes since midnight; above `begin`. */
  until: number;
}

/** Read what a freelancer sees of a client: jobs, past contracts, how readily they answer. */
export interface ClientGetCommand {
  type: "client.get";
  id: number;
  client: string;
}

/** Read one's own Connects: the balance, and a page of the ledger (freelancer's own data only). */
export interface ConnectsGetCommand {
  type: "connects.get";
  id: number;
  /** From the page before; none starts at the newest entry. Default: null. */
  cursor?: string | null;
  /** Default: 20. */
  limit?: number;
}

/** Read a job before proposing: its title, its client, what a proposal costs. */
export interface JobGetCommand {
  type: "job.get";
  id: number;
  job: string;
}

/** Propose oneself for an open job; spends Connects. The thread is made, or the pair's own one is taken. */
export interface ProposalSubmitCommand {
  type: "proposal.submit";
  id: number;
  cid: string;
  job: string;
  body: string;
}

/** End one's own candidacy, however it began (freelancer only); Connects do not come back. */
export interface ProposalWithdrawCommand {
  type: "proposal.withdraw";
  id: number;
  cid: string;
  thread: string;
}

/** End a candidacy, however it began (client only). */
export interface ProposalDeclineCommand {
  type: "proposal.decline";
  id: number;
  cid: string;
  thread: string;
  /** With `job_cancelled` the proposal's Connects go back to the freelancer. Default: "other". */
  reason?: "budget" | "hired_someone_else" | "job_cancelled" | "not_a_fit" | "other";
  /** Default: "". */
  note?: string;
}

/** Page through one's candidacies, the most recently changed first: Active Candidacies, of both sides. */
export interface CandidacyListCommand {
  type: "candidacy.list";
  id: number;
  /** From the page before; none starts at the top. Default: null. */
  cursor?: string | null;
  /** Default: 20. */
  limit?: number;
  /** Only threads in these states; none: accepted, proposed, candidacy, offer. Default: null. */
  states?: ("accepted" | "candidacy" | "closed" | "contract" | "direct" | "ended" | "invited" | "offer" | "paused" | "proposed")[] | null;
}

/** Offer a contract in an interview (client only, where the marketplace lets clients do it). */
export interface OfferSendCommand {
  type: "offer.send";
  id: number;
  cid: string;
  thread: string;
  terms: OfferTerms;
}

/** What is offered. */
export interface OfferTerms {
  /** Default: "". */
  note?: string;
  /** Decimal number as text, so that it stays exact: `1250.50`; empty: not said. Default: "". */
  amount?: string;
  /** ISO 4217; goes with `amount`. Default: "". */
  currency?: string;
  /** When the contract starts though nobody accepted, UTC ms; 0: only an acceptance starts it. Default: 0. */
  starts_at?: number;
  /** First moment at which it can no longer be accepted, UTC ms; 0 in a command: the marketplace's usual time. Default: 0. */
  expires_at?: number;
}

/** Accept the open offer: the contract starts and contact details may be shared (freelancer only). */
export interface OfferAcceptCommand {
  type: "offer.accept";
  id: number;
  cid: string;
  thread: string;
}

/** Decline the open offer; the interview goes on (freelancer only). */
export interface OfferDeclineCommand {
  type: "offer.decline";
  id: number;
  cid: string;
  thread: string;
  /** Default: "". */
  note?: string;
}

/** Take the open offer back; the interview goes on (client only). */
export interface OfferWithdrawCommand {
  type: "offer.withdraw";
  id: number;
  cid: string;
  thread: string;
}

/** List what of oneself waits for a moderator in a thread, the oldest first. */
export interface HeldListCommand {
  type: "held.list";
  id: number;
  thread: string;
}

/** Take back a text of one's own that waits for a moderator. May be repeated. */
export interface HeldWithdrawCommand {
  type: "held.withdraw";
  id: number;
  /** `mid` of the reply that said `held`. */
  held: string;
}

/** Ask the marketplace's moderators to look at a message of one's own that bounced or was masked. */
export interface VerdictAppealCommand {
  type: "verdict.appeal";
  id: number;
  thread: string;
  /** Of the message; one appeal for each. */
  cid: string;
  /** Why it should pass, for the moderators only; not screened. Default: "". */
  note?: string;
}

/** Say that a person has read a notice of `thread.policy`; it is recorded and shown no more. */
export interface NoticeAckCommand {
  type: "notice.ack";
  id: number;
  thread: string;
  notice: string;
}

/** Say that the two knew each other before they met here; the marketplace checks it and decides. */
export interface RelationshipDeclareCommand {
  type: "relationship.declare";
  id: number;
  cid: string;
  thread: string;
  /** What the marketplace can check; both sides see it, and it is screened like a message. */
  note: string;
}

/** Bring one of one's own staff into an interview or a contract. */
export interface MemberAddCommand {
  type: "member.add";
  id: number;
  cid: string;
  thread: string;
  user: string;
  /** What they may read: everything, or what comes from now on. */
  history: "all" | "from_now";
  /** What they may do in the name of their side besides reading and writing. Default: []. */
  rights?: ("accept" | "add" | "call" | "decline" | "grant" | "offer")[];
}

/** Take a member of one's own side out of a thread; they keep what they could read until now. */
export interface MemberRemoveCommand {
  type: "member.remove";
  id: number;
  cid: string;
  thread: string;
  user: string;
}

/** Leave a thread as a team member; what one could read until now stays readable. */
export interface MemberLeaveCommand {
  type: "member.leave";
  id: number;
  cid: string;
  thread: string;
}

/**
 * Put an emoji on a message, or take it back.
 *
 * It sets what shall be, so a repetition changes nothing and needs no `cid`.
 */
export interface MessageReactCommand {
  type: "message.react";
  id: number;
  thread: string;
  target: number;
  /** One emoji without letters or digits. */
  emoji: string;
  /** False takes it back. Default: true. */
  on?: boolean;
}

/** Silence a thread for oneself, on all one's devices. */
export interface ThreadMuteCommand {
  type: "thread.mute";
  id: number;
  thread: string;
  /** UTC ms; 0 ends it. */
  until: number;
}

/** Put a thread away for oneself; the next item in it brings it back. */
export interface ThreadArchiveCommand {
  type: "thread.archive";
  id: number;
  thread: string;
  /** False brings it back now. Default: true. */
  on?: boolean;
  /** Last `n` on screen: a newer item keeps the thread where it is. Default: null. */
  seen?: number | null;
}

/** Change one's own settings. */
export interface SettingsSetCommand {
  type: "settings.set";
  id: number;
  /** Null: none. */
  quiet_hours: QuietHours | null;
  /** True: others do not see what one has read, nor oneself what they have; null leaves it. Default: null. */
  private_read?: boolean | null;
}

/** The hours of each day in which one would rather not be disturbed. */
export interface QuietHours {
  /** First minute. */
  from: string;
  /** The minute after the last; before `from` it is on the next day, the same as `from` means all day. */
  to: string;
  /** Time zone: a name of the IANA data base, `UTC`, or an offset such as `+05:30`. */
  tz: string;
}

/** Read one's own settings. */
export interface SettingsGetCommand {
  type: "settings.get";
  id: number;
}

/** Open a topic with its first post; announcements are the marketplace's alone. */
export interface TopicCreateCommand {
  type: "topic.create";
  id: number;
  cid: string;
  kind: "announcement" | "discussion" | "question";
  title: string;
  body: string;
  /** Lower-case words by which the topic is found. Default: []. */
  tags?: string[];
}

/** List topics, pinned ones first, then by their last post, the newest first. */
export interface TopicListCommand {
  type: "topic.list";
  id: number;
  /** Only of this kind. Default: null. */
  kind?: "discussion" | "question" | null;
  /** Only with this tag. Default: null. */
  tag?: string | null;
  /** Default: null. */
  cursor?: string | null;
  /** Default: 20. */
  limit?: number;
}

/** Find topics by whole words of title, tags and first post; all words must occur; the newest topic first. */
export interface TopicSearchCommand {
  type: "topic.search";
  id: number;
  text: string;
  /** Default: null. */
  cursor?: string | null;
  /** Default: 20. */
  limit?: number;
}

/** Read a stretch of a topic's log, as its posts stand now; without a position the newest. */
export interface TopicReadCommand {
  type: "topic.read";
  id: number;
  topic: string;
  /** Read on above this seq, with what changed since about earlier posts; not together with `before`. Default: null. */
  after?: number | null;
  /** Read back, below this seq. Default: null. */
  before?: number | null;
  /** Default: 50. */
  limit?: number;
}

/** Write into a topic. */
export interface TopicPostCommand {
  type: "topic.post";
  id: number;
  cid: string;
  topic: string;
  body: string;
  /** Seq of the post that this answers; 0: the topic. Default: 0. */
  reply_to?: number;
}

/** Replace the text of one's own post within the edit window; screened like a new one. */
export interface TopicEditCommand {
  type: "topic.edit";
  id: number;
  cid: string;
  topic: string;
  target: number;
  body: string;
}

/** Erase one's own post; its text leaves the store, a tombstone keeps its place. */
export interface TopicEraseCommand {
  type: "topic.erase";
  id: number;
  cid: string;
  topic: string;
  target: number;
}

/** Accept an answer to one's own question; another one replaces it. */
export interface TopicAcceptCommand {
  type: "topic.accept";
  id: number;
  cid: string;
  topic: string;
  target: number;
}

/** Replace the list of topics whose news this connection is pushed. */
export interface TopicWatchCommand {
  type: "topic.watch";
  id: number;
  /** Topic ids; an empty list ends it. */
  topics: string[];
}

/** Read announcements, the newest first, with one's own read mark. */
export interface AnnouncementListCommand {
  type: "announcement.list";
  id: number;
  /** Read on below this seq; none starts at the newest. Default: null. */
  before?: number | null;
  /** Default: 20. */
  limit?: number;
}

/** Move one's own read mark of the announcements; it never moves back. */
export interface AnnouncementReadCommand {
  type: "announcement.read";
  id: number;
  /** Everything up to here was read. */
  seq: number;
}

/** Say whether new announcements are pushed to one's devices; they can always be read. */
export interface AnnouncementMuteCommand {
  type: "announcement.mute";
  id: number;
  /** True: nothing is pushed any more. Default: true. */
  on?: boolean;
}

/** Send an idea or a complaint to the marketplace; nobody else sees it. */
export interface FeedbackSubmitCommand {
  type: "feedback.submit";
  id: number;
  cid: string;
  body: string;
  /** Default: "other". */
  category?: "idea" | "other" | "praise" | "problem";
}

/** The message is on disk (`sent`) or waits for a moderator (`held`). */
export interface SentReply {
  type: "message.send";
  mid: string;
  seq: number;
  n: number;
  at: number;
  state: "held" | "sent";
  /** True: this cid was answered before; nothing was written. */
  dup: boolean;
  /** Default: null. */
  policy?: PolicyView | null;
  id: number;
}

/** Why a filter acted, in a form that can be shown. */
export interface PolicyView {
  action: "allow" | "bounce" | "hold" | "notice" | "redact";
  /** In the text that was sent. Default: []. */
  spans?: Span[];
  /** Default: "". */
  code?: string;
  /** Default: "". */
  message?: string;
  /** Default: "". */
  hint?: string;
  /** Default: "". */
  notice?: string;
  /** Resending does not help. Default: false. */
  final?: boolean;
  /** Default: "". */
  version?: string;
  /** With a refusal of payment outside: what would make it possible. Default: null. */
  payment?: PaymentView | null;
}

/** What a filter found, by code points of the text it was given. */
export interface Span {
  start: number;
  end: number;
  /** email, phone, messenger, meeting_link, social, website, payment, off_platform_request, address; moderated: a moderator took it out. */
  kind: string;
  reason: string;
}

/** How a pair stands with payment outside the marketplace. */
export interface PaymentView {
  /** True: it is refused until the conversion fee is paid. */
  fee_required: boolean;
  /** Whether the fee is settled. */
  conversion: "exempt" | "none" | "paid";
  /** external: the marketplace knows that the two met elsewhere. */
  origin: "external" | "platform";
  /** Until age alone makes the pair exempt, from its first contract; null: there was none. Default: null. */
  days_until_exempt?: number | null;
  /** Where the fee is paid; empty: ask the marketplace. Default: "". */
  pay_url?: string;
}

/** The command was refused; see the code table for what each means. */
export interface ErrorReply {
  type: "error";
  code: string;
  message: string;
  retry: "after_refresh" | "after_resume" | "later" | "never";
  /** Default: null. */
  retry_after_ms?: number | null;
  /** Default: null. */
  hint?: string | null;
  /** Default: null. */
  policy?: PolicyView | null;
  /** Numbers that belong to the code, for example `need`, `have` and `next_refill_at` of `connects.insufficient`. Default: null. */
  data?: Record<string, number> | null;
  id: number;
}

/** The session is open; the first page of what was missed, then pushes. */
export interface ConnectedReply {
  type: "connect";
  v: number;
  session: string;
  user: string;
  /** Server clock, UTC ms; date cids with it. */
  now: number;
  /** When the token expires, UTC ms. */
  expires_at: number;
  ping_s: number;
  caps: string[];
  /** False: no position was given, or it is unknown here: `rows` is a snapshot from the top, drop what you had. */
  recovered: boolean;
  epoch: number;
  /** The position after applying this page. */
  mark: number;
  /** True: ask `inbox.changes` from `mark` until it says false. A snapshot never has more: page with `thread.list`. */
  more: boolean;
  /** False: the inbox is being rebuilt after a loss; rows may still be missing. */
  complete: boolean;
  rows: Row[];
  threads: ThreadEvents[];
  limits: LimitsView;
  /** Of a freelancer with a profile. Default: null. */
  connects?: ConnectsView | null;
  id: number;
}

/** One row of an inbox: where a thread stands for this user. Unread = n - read. */
export interface Row {
  thread: string;
  mark: number;
  /** Epoch of the thread's log; compare (epoch, seq), not seq alone. */
  epoch: number;
  seq: number;
  n: number;
  read: number;
  state: string;
  last_at: number;
  /** Silent for this user until then, UTC ms; 0: not muted. Default: 0. */
  muted_until?: number;
  /** The user put the thread away; it is archived while `archived_n >= n`. Default: -1. */
  archived_n?: number;
}

/** Events of one thread, complete between `after` and `to` but for what was erased. */
export interface ThreadEvents {
  thread: string;
  epoch: number;
  /** True: what the device has is from another epoch; drop it, these are the newest events. Default: false. */
  reset?: boolean;
  after: number;
  to: number;
  events: AnyEvent[];
}

/** A message, as delivered (masked where a filter hid something). */
export interface MessageSent {
  type: "message.sent";
  body: string;
  /** Parts of `body` that are placeholders, by code points of `body`. Default: []. */
  hidden?: Span[];
  /** Default: false. */
  auto?: boolean;
  /** In history pages: the edit whose text this is. Default: 0. */
  edited_seq?: number;
  /** When it was sent, if it was held for review first. Default: 0. */
  submitted_at?: number;
  /** Seq of the message it answers to; show what stands there now. 0: none. Default: 0. */
  quote?: number;
  /** In history pages: the reactions now. Default: []. */
  reactions?: Reaction[];
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** One emoji on a message, with everybody who gave it. */
export interface Reaction {
  emoji: string;
  /** The first one first. */
  users: string[];
}

/** The author replaced the text of message `target`. */
export interface MessageEdited {
  type: "message.edited";
  target: number;
  body: string;
  /** Default: []. */
  hidden?: Span[];
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** A moderator or a later finding masked a part of message `target`. */
export interface MessageRedacted {
  type: "message.redacted";
  target: number;
  body: string;
  /** Default: []. */
  hidden?: Span[];
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** Message `target` was erased; its text is gone from the store. */
export interface MessageErased {
  type: "message.erased";
  target: number;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** In history pages: the place of an erased message; keeps its seq and n. */
export interface ErasedItem {
  type: "item.erased";
  /** Default: 0. */
  erased_seq?: number;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** The thread was closed from outside the conversation. */
export interface ThreadClosed {
  type: "thread.closed";
  why: string;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** The client opened a closed thread again. */
export interface ThreadReopened {
  type: "thread.reopened";
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** The client asks the freelancer to discuss their job. */
export interface InvitationSent {
  type: "invitation.sent";
  job: string;
  title: string;
  body: string;
  expires_at: number;
  /** Default: []. */
  hidden?: Span[];
  /** What is good to know before an interview; empty: the marketplace has no such page. Default: "". */
  help_url?: string;
  /** Set when a held invitation was released: when its sender sent it. Default: 0. */
  submitted_at?: number;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** The invitation still waits for an answer. */
export interface InvitationReminded {
  type: "invitation.reminded";
  /** Of the reminder, from 1. */
  number: number;
  expires_at: number;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** The freelancer accepted; the client writes next. */
export interface InvitationAccepted {
  type: "invitation.accepted";
  /** Default: "". */
  note?: string;
  /** Default: []. */
  hidden?: Span[];
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** The freelancer declined; the thread is closed. */
export interface InvitationDeclined {
  type: "invitation.declined";
  reason: string;
  /** Default: "". */
  note?: string;
  /** Default: []. */
  hidden?: Span[];
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** The client took the invitation back. */
export interface InvitationWithdrawn {
  type: "invitation.withdrawn";
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** Nobody answered in time. */
export interface InvitationExpired {
  type: "invitation.expired";
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** The client answered: from now on both may write. */
export interface InterviewStarted {
  type: "interview.started";
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** What may be shared here changed; `notice` must be shown. */
export interface PolicyChanged {
  type: "policy.changed";
  contact: "allowed" | "blocked";
  payment: "allowed" | "blocked";
  /** Default: "". */
  notice?: string;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** A proposal was submitted, withdrawn or declined. */
export interface ProposalChanged {
  type: "proposal.changed";
  change: "declined" | "submitted" | "withdrawn";
  /** The proposal's text, or the client's note. Default: "". */
  body?: string;
  /** Why it was declined. Default: "". */
  reason?: string;
  /** Default: []. */
  hidden?: Span[];
  /** Set when a held proposal was released: when its sender sent it. Default: 0. */
  submitted_at?: number;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** One side asked to share an address or to be given the other's. */
export interface AccessRequested {
  type: "access.requested";
  /** User id of the one whose address it is about. */
  holder: string;
  /** What access is for. */
  system: string;
  /** Which access, and why; as the filter let it pass. */
  purpose: string;
  /** When it ends if nothing happens, UTC ms. */
  expires_at: number;
  /** The asking was the agreement: the holder may share at once. Default: false. */
  agreed?: boolean;
  /** Default: []. */
  hidden?: Span[];
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** The other side, or the marketplace, agreed: the holder may share. */
export interface AccessGranted {
  type: "access.granted";
  /** Seq of the `access.requested` event. */
  request: number;
  /** When the grant ends, UTC ms. */
  expires_at: number;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** Who was asked said no. */
export interface AccessRefused {
  type: "access.refused";
  /** Seq of the `access.requested` event. */
  request: number;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** The address, for a field that can be copied; show the notice beside it. */
export interface AccessShared {
  type: "access.shared";
  /** Seq of the `access.requested` event. */
  request: number;
  /** What access is for. */
  system: string;
  /** The address as its holder wrote it. */
  email: string;
  /** Until then it may also stand in messages here, UTC ms. */
  expires_at: number;
  notice: string;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** A request or a grant is over. */
export interface AccessEnded {
  type: "access.ended";
  /** Seq of the `access.requested` event. */
  request: number;
  /** Its time was over, or one side or the marketplace ended it. */
  why: "expired" | "revoked";
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** One's own availability badge was granted, switched or has lapsed. */
export interface BadgeChanged {
  type: "badge.changed";
  change: "ended" | "granted" | "lapsed" | "off" | "on";
  is_on: boolean;
  paid_until: number;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** The badge is on while invitations wait unanswered: answer or decline them, or switch it off. */
export interface BadgeWarned {
  type: "badge.warned";
  /** Invitations that have waited for more than a day. */
  unanswered: number;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** One is away, or back. */
export interface AwayChanged {
  type: "away.changed";
  /** Null: back. */
  until: number | null;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** The label or the badge of one's own response speed moved. */
export interface SpeedChanged {
  type: "speed.changed";
  label: string | null;
  badge: string | null;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** One's own Connects changed; in one's own log. The monthly refill is not told: `next_refill_at` is known. */
export interface ConnectsChanged {
  type: "connects.changed";
  change: "correction" | "grant" | "invitation" | "proposal" | "purchase" | "refund";
  /** Negative when Connects were spent. */
  amount: number;
  /** Afterwards; a refill that fell due meanwhile comes with the next spending. */
  balance: number;
  /** Default: "". */
  thread?: string;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** An offer was made, declined, withdrawn or expired; an acceptance is a contract that started. */
export interface OfferChanged {
  type: "offer.changed";
  change: "declined" | "expired" | "sent" | "withdrawn";
  /** With `sent`. Default: null. */
  terms?: OfferTerms | null;
  /** With `declined`: what the freelancer says to it. Default: "". */
  note?: string;
  /** Parts of the note that are placeholders, by code points of the note. Default: []. */
  hidden?: Span[];
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** The contract started, was paused, resumed or ended. */
export interface ContractChanged {
  type: "contract.changed";
  change: "ended" | "paused" | "resumed" | "started";
  /** With `started`: the start as the marketplace gave it, UTC ms; 0: the time of this event. Default: 0. */
  starts_at?: number;
  /** With `started`: what was agreed, if an offer said it. Default: null. */
  terms?: OfferTerms | null;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** A message of one's own waits for a moderator; in one's own log. `held.list` gives its text. */
export interface MessageHeld {
  type: "message.held";
  thread: string;
  held: string;
  /** Why. */
  code: string;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** A message of one's own that waited was not delivered; in one's own log. */
export interface MessageRejected {
  type: "message.rejected";
  thread: string;
  held: string;
  /** A moderator said no, nobody decided in time, or one took it back. */
  code: "held.expired" | "held.rejected" | "held.withdrawn";
  /** Code of the filter: why it waited. Default: "". */
  reason?: string;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** The moderators have decided one's own appeal; in one's own log. */
export interface AppealDecided {
  type: "appeal.decided";
  thread: string;
  appeal: string;
  /** upheld: what the filter did stands. */
  decision: "overturned" | "upheld";
  /** The same text passes once when it is sent again; else it was delivered now. Default: false. */
  may_resend?: boolean;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** One side says that the two knew each other before; nothing changes until the marketplace decides. */
export interface RelationshipDeclared {
  type: "relationship.declared";
  note: string;
  /** Default: []. */
  hidden?: Span[];
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** A side brought a team member in. */
export interface MemberAdded {
  type: "member.added";
  user: string;
  side: "client" | "freelancer";
  history: "all" | "from_now";
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** A team member left (`by` is theirs) or was taken out. */
export interface MemberRemoved {
  type: "member.removed";
  user: string;
  side: "client" | "freelancer";
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** Somebody put an emoji on message `target`, or took it back. */
export interface MessageReacted {
  type: "message.reacted";
  target: number;
  emoji: string;
  /** False: taken back. Default: true. */
  on?: boolean;
  seq: number;
  /** Store time, UTC milliseconds; never below the event before it. */
  at: number;
  /** User who caused it; empty for the marketplace or a timer. Default: "". */
  by?: string;
  /** Default: 0. */
  n?: number;
  /** The sender's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Default: "". */
  state?: string;
}

/** Limits of this server that a client needs. */
export interface LimitsView {
  client_frame_bytes: number;
  server_frame_bytes: number;
  body_code_points: number;
  body_bytes: number;
  commands_per_frame: number;
  page_items: number;
  shown_threads: number;
  watched_users: number;
  edit_window_s: number;
  reconnect_min_s: number;
  reconnect_max_s: number;
  pong_timeout_s: number;
}

/** Connects of a freelancer now. */
export interface ConnectsView {
  /** What can be spent: the free ones of this period and all others. */
  balance: number;
  /** Billing period, by the month in which it began: 2026-10. */
  period: string;
  /** When the free ones are filled up again, UTC ms. */
  next_refill_at: number;
  /** Up to how many they are filled up. */
  monthly_free: number;
}

/** The session lives on with the new token. */
export interface TokenRefreshedReply {
  type: "token.refresh";
  expires_at: number;
  id: number;
}

/** A sign of life. */
export interface PongReply {
  type: "ping";
  now: number;
  id: number;
}

/** Rows that changed after the mark, oldest change first. */
export interface InboxChangesPage {
  type: "inbox.changes";
  recovered: boolean;
  epoch: number;
  mark: number;
  more: boolean;
  rows: Row[];
  id: number;
}

/** The thread and its message. While that is `held`, `mid` names it, and its thread may not be there yet. */
export interface OpenedReply {
  type: "thread.open";
  thread: string;
  created: boolean;
  mid: string;
  seq: number;
  n: number;
  at: number;
  state: "held" | "sent";
  dup: boolean;
  /** Default: null. */
  policy?: PolicyView | null;
  id: number;
}

/** A thread's head. */
export interface ThreadView {
  type: "thread.get";
  thread: string;
  epoch: number;
  seq: number;
  n: number;
  state: string;
  why: string;
  job: string;
  title: string;
  role: string;
  gate_opened_at: number;
  /** When the open invitation or offer expires, UTC ms; 0 when there is none. */
  expires_at: number;
  participants: ParticipantView[];
  policy: ThreadPolicy;
  /** Access grants, the oldest first; those that ended long ago are left out. Default: []. */
  grants?: GrantView[];
  /** Default: null. */
  offer?: OfferView | null;
  id: number;
}

/** A person in a thread. */
export interface ParticipantView {
  user: string;
  role: "client" | "freelancer";
  /** Default: "". */
  name?: string;
  /** Default: 0. */
  from_seq?: number;
  /** Default: 0. */
  until_seq?: number;
  /** Default: 0. */
  read?: number;
  /** Default: 0. */
  delivered?: number;
  /** Brought in by their side; see [team.md](team.md). Default: false. */
  is_member?: boolean;
  /** What this member may do besides reading and writing. Default: []. */
  rights?: ("accept" | "add" | "call" | "decline" | "grant" | "offer")[];
  /** It is within their quiet hours now. Default: false. */
  is_quiet?: boolean;
}

/** What this user may do here now; widgets render from it. */
export interface ThreadPolicy {
  may_write: boolean;
  /** Error code a message would get now; empty when one may write. */
  why_not: string;
  contact: "allowed" | "blocked";
  payment: "allowed" | "blocked";
  may_answer_invitation: boolean;
  may_request_call: boolean;
  /** A text that must be shown until `notice.ack`; empty: none. */
  notice: string;
  version: string;
  /** Commands that this user could give here now with success, as far as the thread decides it. */
  actions: string[];
  /** Where `why_not` is set: the command that does what was wanted, or empty. Default: "". */
  instead?: string;
  pay: PaymentView;
}

/** One grant of a thread, as it stands. */
export interface GrantView {
  /** Seq of the `access.requested` event. */
  request: number;
  state: "expired" | "granted" | "refused" | "requested" | "revoked" | "shared";
  /** User id of the one whose address it is about. */
  holder: string;
  /** User id of the one who asked. */
  asked_by: string;
  /** What access is for. */
  system: string;
  /** UTC ms. */
  expires_at: number;
}

/** The open offer of a thread. */
export interface OfferView {
  /** Default: "". */
  note?: string;
  /** Decimal number as text, so that it stays exact: `1250.50`; empty: not said. Default: "". */
  amount?: string;
  /** ISO 4217; goes with `amount`. Default: "". */
  currency?: string;
  /** When the contract starts though nobody accepted, UTC ms; 0: only an acceptance starts it. Default: 0. */
  starts_at?: number;
  /** First moment at which it can no longer be accepted, UTC ms; 0 in a command: the marketplace's usual time. Default: 0. */
  expires_at?: number;
  /** User who made it; empty for the marketplace. Default: "". */
  by?: string;
  /** Default: 0. */
  sent_at?: number;
}

/** Rows, the most recently changed first. */
export interface ThreadListPage {
  type: "thread.list";
  epoch: number;
  /** Mark of the inbox when the page was read. */
  mark: number;
  rows: Row[];
  more: boolean;
  id: number;
}

/** Events in order; a seq that is absent between `after` and `to` was erased or never for this user. */
export interface HistoryPage {
  type: "thread.history";
  thread: string;
  epoch: number;
  after: number;
  to: number;
  events: AnyEvent[];
  more: boolean;
  id: number;
}

/** One's own read mark now. */
export interface ReadMovedReply {
  type: "thread.read";
  n: number;
  id: number;
}

/** Open again. */
export interface ReopenedReply {
  type: "thread.reopen";
  seq: number;
  at: number;
  state: string;
  dup: boolean;
  id: number;
}

/** The edit is on disk. */
export interface AmendedReply {
  type: "message.edit";
  seq: number;
  at: number;
  dup: boolean;
  /** Default: null. */
  policy?: PolicyView | null;
  id: number;
}

/** The text is gone; a tombstone stays. */
export interface ErasedReply {
  type: "message.erase";
  seq: number;
  at: number;
  dup: boolean;
  id: number;
}

/** What would happen to this text now. */
export interface CheckedReply {
  type: "message.check";
  policy: PolicyView;
  id: number;
}

/** Done. */
export interface PresenceAcceptedReply {
  type: "presence.set";
  id: number;
}

/** Presence of the watched users now. */
export interface PresenceSnapshotReply {
  type: "presence.watch";
  users: Record<string, "active" | "background" | "offline">;
  id: number;
}

/** The invitation is on disk (`sent`) or waits for a moderator (`held`); then its thread may not be there yet. */
export interface InvitedReply {
  type: "invitation.send";
  thread: string;
  seq: number;
  at: number;
  state: "held" | "sent";
  dup: boolean;
  /** Default: null. */
  policy?: PolicyView | null;
  /** Names it while it waits. Default: "". */
  held?: string;
  id: number;
}

/** Accepted; the client writes next. */
export interface InvitationAcceptedReply {
  type: "invitation.accept";
  seq: number;
  at: number;
  state: string;
  dup: boolean;
  /** Default: null. */
  policy?: PolicyView | null;
  id: number;
}

/** Declined; the thread is closed. */
export interface InvitationDeclinedReply {
  type: "invitation.decline";
  seq: number;
  at: number;
  state: string;
  dup: boolean;
  /** Default: null. */
  policy?: PolicyView | null;
  id: number;
}

/** Withdrawn; the thread is closed. */
export interface InvitationWithdrawnReply {
  type: "invitation.withdraw";
  seq: number;
  at: number;
  state: string;
  dup: boolean;
  id: number;
}

/** Archived; it can still be answered. */
export interface InvitationIgnoredReply {
  type: "invitation.ignore";
  id: number;
}

/** One profile. */
export interface ProfilePage {
  type: "profile.get";
  profile: ProfileView;
  id: number;
}

/** A freelancer's public profile. */
export interface ProfileView {
  freelancer: string;
  name: string;
  headline: string;
  skills: string[];
  hourly_rate: number | null;
  currency: string;
  /** The availability badge is on: highlight it. */
  available: boolean;
  /** Away until then, UTC milliseconds; null: here. */
  away_until: number | null;
  /** Of invitations and first messages together. */
  speed: SpeedView;
  /** Of invitations alone, once there are enough. Default: null. */
  invitation_speed?: SpeedView | null;
  /** Working hours in force now; null: none are published. Default: null. */
  hours?: HoursView | null;
}

/** Response speed; null for unknown, never 0. See protocol/spec/response-speed.md. */
export interface SpeedView {
  t50_s: number | null;
  t90_s: number | null;
  rate24: number | null;
  n: number;
  n_open: number;
  n_clients: number;
  window_days: number;
  as_of: number;
  policy_version: string;
  label: string | null;
  badge: string | null;
  reason: string | null;
  have: number;
  need: number;
}

/** Working hours as published. */
export interface HoursView {
  /** IANA time zone. */
  zone: string;
  /** From Monday on; empty: none are published. */
  shifts: ShiftView[];
  /** In force from this time on, UTC milliseconds. */
  effective_at: number;
}

/** Profiles that match. */
export interface DirectoryPage {
  type: "directory.search";
  profiles: ProfileView[];
  cursor: string | null;
  id: number;
}

/** One's own jobs. */
export interface JobPage {
  type: "job.list";
  jobs: JobView[];
  id: number;
}

/** A job of one's own. */
export interface JobView {
  job: string;
  title: string;
  is_open: boolean;
}

/** The rows behind one's own response speed. */
export interface MetricsRowsPage {
  type: "metrics.rows";
  speed: SpeedView;
  rows: MetricsRow[];
  /** Of later messages; only the freelancer sees it, and nothing public comes of it. Default: null. */
  followups?: SpeedView | null;
  /** Default: null. */
  cursor?: string | null;
  id: number;
}

/** One obligation: what was owed, when it was answered, how it counts. */
export interface MetricsRow {
  /** Names the row in an appeal. */
  id: string;
  thread: string;
  kind: string;
  t0: number;
  t1: number | null;
  elapsed_s: number | null;
  /** The part of it inside the published working hours; null without. Default: null. */
  elapsed_wh_s?: number | null;
  outcome: string;
  /** It is one of the `n` behind the figures. Default: false. */
  counted?: boolean;
}

/** Asked; `seq` names the request from now on. */
export interface AccessRequestReply {
  type: "access.request";
  /** Position of the event. */
  seq: number;
  at: number;
  /** State of the thread afterwards; empty for a repeat. */
  state: string;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  /** `granted`: the holder may share at once; empty for a repeat. */
  grant: "" | "granted" | "requested";
  /** Default: null. */
  policy?: PolicyView | null;
  id: number;
}

/** Agreed; the holder may share. */
export interface AccessConfirmReply {
  type: "access.confirm";
  /** Position of the event. */
  seq: number;
  at: number;
  /** State of the thread afterwards; empty for a repeat. */
  state: string;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  id: number;
}

/** Refused, for good. */
export interface AccessRefuseReply {
  type: "access.refuse";
  /** Position of the event. */
  seq: number;
  at: number;
  /** State of the thread afterwards; empty for a repeat. */
  state: string;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  id: number;
}

/** Shared. */
export interface AccessShareReply {
  type: "access.share";
  /** Position of the event. */
  seq: number;
  at: number;
  /** State of the thread afterwards; empty for a repeat. */
  state: string;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  notice: string;
  id: number;
}

/** Ended, for good. */
export interface AccessRevokeReply {
  type: "access.revoke";
  /** Position of the event. */
  seq: number;
  at: number;
  /** State of the thread afterwards; empty for a repeat. */
  state: string;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  id: number;
}

/** Blocked: nothing of theirs gets in from now on. */
export interface PeerBlockReply {
  type: "peer.block";
  id: number;
}

/** No longer blocked by you. */
export interface PeerUnblockReply {
  type: "peer.unblock";
  id: number;
}

/** Whom one has blocked, the newest first. */
export interface PeerBlockedPage {
  type: "peer.blocked";
  /** At most as many as the marketplace lets one block. */
  users: BlockView[];
  id: number;
}

/** One whom one has blocked. */
export interface BlockView {
  user: string;
  name: string;
  /** Since when, UTC ms. */
  at: number;
  /** One's own note. */
  reason: string;
}

/** The moderators have it. */
export interface ReportReply {
  type: "report.create";
  /** Names the report to the marketplace's support. */
  report: string;
  at: number;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  id: number;
}

/** The moderators have it; `metrics.rows` shows what comes of it. */
export interface MetricsAppealedReply {
  type: "metrics.appeal";
  /** Names the appeal to the marketplace's support. */
  report: string;
  at: number;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  id: number;
}

/** The badge as it is now. */
export interface AvailabilityReply {
  type: "availability.set";
  is_on: boolean;
  paid_until: number;
  /** Invitations that have waited for more than a day: with the badge on, answer or decline them. */
  unanswered: number;
  id: number;
}

/** Away, or back. */
export interface AwayReply {
  type: "away.set";
  /** Null: back. */
  until: number | null;
  id: number;
}

/** The hours are published. */
export interface HoursReply {
  type: "hours.set";
  hours: HoursView;
  id: number;
}

/** One client. */
export interface ClientPage {
  type: "client.get";
  client: ClientView;
  id: number;
}

/** A client, as freelancers see them. */
export interface ClientView {
  client: string;
  name: string;
  /** At most 100 are counted. */
  open_jobs: number;
  /** Conversations with this client that became contracts. */
  contracts: number;
  /** How readily they answer proposals and acceptances. */
  speed: SpeedView;
}

/** The balance, and entries of the ledger, newest first. */
export interface ConnectsPage {
  type: "connects.get";
  /** As of now. */
  connects: ConnectsView;
  /** The newest thousand are kept. */
  entries: ConnectsEntry[];
  cursor: string | null;
  id: number;
}

/** One entry of the ledger. */
export interface ConnectsEntry {
  /** Number of the entry, from 1. */
  entry: number;
  /** `proposal` and `invitation` are what a submission or an acceptance cost. */
  kind: "correction" | "grant" | "invitation" | "proposal" | "purchase" | "refund";
  /** Negative when Connects were spent. */
  amount: number;
  /** After this entry. */
  balance: number;
  at: number;
  /** Thread of the proposal or invitation. Default: "". */
  thread?: string;
}

/** One job. */
export interface JobFoundReply {
  type: "job.get";
  job: ListedJob;
  id: number;
}

/** A job as a freelancer sees it. */
export interface ListedJob {
  job: string;
  title: string;
  is_open: boolean;
  /** User id of its owner. */
  client: string;
  /** As the others see it. */
  client_name: string;
  /** Connects that a proposal spends. */
  cost: number;
  /** One's own thread for this job, empty when there is none. */
  thread: string;
}

/** The proposal is on disk and paid for; the client writes next. Or it waits for a moderator: `state` is `held`. */
export interface ProposalSubmittedReply {
  type: "proposal.submit";
  /** Position of the event. */
  seq: number;
  at: number;
  /** State of the thread afterwards; empty for a repeat. */
  state: string;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  thread: string;
  n: number;
  /** Connects that it spent; what waits has not cost anything yet. */
  cost: number;
  /** Default: null. */
  policy?: PolicyView | null;
  /** Names it while it waits; its thread may not be there yet. Default: "". */
  held?: string;
  id: number;
}

/** Withdrawn; the thread is closed. */
export interface ProposalWithdrawnReply {
  type: "proposal.withdraw";
  /** Position of the event. */
  seq: number;
  at: number;
  /** State of the thread afterwards; empty for a repeat. */
  state: string;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  id: number;
}

/** Declined; the thread is closed. */
export interface ProposalDeclinedReply {
  type: "proposal.decline";
  /** Position of the event. */
  seq: number;
  at: number;
  /** State of the thread afterwards; empty for a repeat. */
  state: string;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  /** Default: null. */
  policy?: PolicyView | null;
  id: number;
}

/** Candidacies. */
export interface CandidacyPage {
  type: "candidacy.list";
  rows: CandidacyRow[];
  cursor: string | null;
  id: number;
}

/** One candidacy, as one of its two sides sees it. Unread = n - read. */
export interface CandidacyRow {
  thread: string;
  /** Empty for a thread without a job. */
  job: string;
  title: string;
  /** User id of the other side. */
  peer: string;
  /** As of the last minute. */
  peer_name: string;
  state: string;
  /** One's own. */
  role: "client" | "freelancer";
  /** Who is to act next. */
  awaiting: "me" | "nobody" | "them";
  n: number;
  read: number;
  last_at: number;
}

/** The offer is on disk and waits for the freelancer. */
export interface OfferSentReply {
  type: "offer.send";
  /** Position of the event. */
  seq: number;
  at: number;
  /** State of the thread afterwards; empty for a repeat. */
  state: string;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  /** Default: null. */
  policy?: PolicyView | null;
  id: number;
}

/** The contract has started. */
export interface OfferAcceptedReply {
  type: "offer.accept";
  /** Position of the event. */
  seq: number;
  at: number;
  /** State of the thread afterwards; empty for a repeat. */
  state: string;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  id: number;
}

/** Declined; the thread is an interview again. */
export interface OfferDeclinedReply {
  type: "offer.decline";
  /** Position of the event. */
  seq: number;
  at: number;
  /** State of the thread afterwards; empty for a repeat. */
  state: string;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  /** Default: null. */
  policy?: PolicyView | null;
  id: number;
}

/** Withdrawn; the thread is an interview again. */
export interface OfferWithdrawnReply {
  type: "offer.withdraw";
  /** Position of the event. */
  seq: number;
  at: number;
  /** State of the thread afterwards; empty for a repeat. */
  state: string;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  id: number;
}

/** What waits. */
export interface HeldPage {
  type: "held.list";
  held: HeldView[];
  id: number;
}

/** One text that waits. */
export interface HeldView {
  held: string;
  /** Under which it was sent. */
  cid: string;
  /** As it was written; with parts replaced where the marketplace keeps no originals. */
  body: string;
  /** When it was sent, UTC ms. */
  at: number;
  /** When it is given back if nobody has decided, UTC ms. */
  expires_at: number;
  /** Why it waits. */
  code: string;
}

/** It is taken back; nobody else has seen it. */
export interface HeldWithdrawnReply {
  type: "held.withdraw";
  held: string;
  id: number;
}

/** The moderators have it; `appeal.decided` tells what comes of it. */
export interface VerdictAppealedReply {
  type: "verdict.appeal";
  /** Names the appeal to the marketplace's support. */
  appeal: string;
  at: number;
  /** True: there was one for this message before; nothing was written now. */
  dup: boolean;
  id: number;
}

/** It is recorded. */
export interface NoticeAckedReply {
  type: "notice.ack";
  /** When it was acknowledged first, UTC ms. */
  at: number;
  id: number;
}

/** The marketplace was told; until it has decided everything stays as it is. */
export interface RelationshipDeclaredReply {
  type: "relationship.declare";
  /** Position of the event. */
  seq: number;
  at: number;
  /** State of the thread afterwards; empty for a repeat. */
  state: string;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  /** Default: null. */
  policy?: PolicyView | null;
  id: number;
}

/** They are in. */
export interface MemberAddedReply {
  type: "member.add";
  /** Position of the event. */
  seq: number;
  at: number;
  /** State of the thread afterwards; empty for a repeat. */
  state: string;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  id: number;
}

/** They are out. */
export interface MemberRemovedReply {
  type: "member.remove";
  /** Position of the event. */
  seq: number;
  at: number;
  /** State of the thread afterwards; empty for a repeat. */
  state: string;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  id: number;
}

/** One is out; this thread brings no more events. */
export interface MemberLeftReply {
  type: "member.leave";
  /** Position of the event. */
  seq: number;
  at: number;
  /** State of the thread afterwards; empty for a repeat. */
  state: string;
  /** True: this cid was answered before; nothing was written now. */
  dup: boolean;
  id: number;
}

/** The reaction is as was asked. */
export interface ReactedReply {
  type: "message.react";
  /** Seq of the event; 0 when nothing changed. */
  seq: number;
  at: number;
  /** True: it was so before; nothing was written now. */
  dup: boolean;
  id: number;
}

/** The thread's row says so. */
export interface MutedReply {
  type: "thread.mute";
  muted_until: number;
  id: number;
}

/** The thread's row says so. */
export interface ArchivedReply {
  type: "thread.archive";
  archived_n: number;
  id: number;
}

/** The settings now. */
export interface SettingsSavedReply {
  type: "settings.set";
  quiet_hours: QuietHours | null;
  private_read: boolean;
  id: number;
}

/** The settings now. */
export interface SettingsReply {
  type: "settings.get";
  quiet_hours: QuietHours | null;
  private_read: boolean;
  id: number;
}

/** The topic and its first post are on disk. */
export interface TopicCreatedReply {
  type: "topic.create";
  topic: string;
  seq: number;
  at: number;
  dup: boolean;
  /** Default: null. */
  policy?: PolicyView | null;
  id: number;
}

/** Topics in their order; one that is written in meanwhile moves to the front. */
export interface TopicListPage {
  type: "topic.list";
  topics: TopicView[];
  /** Display names by user id. */
  names: Record<string, string>;
  cursor: string | null;
  id: number;
}

/** A topic as it stands now. */
export interface TopicView {
  topic: string;
  /** Epoch of the topic's log; with another one than before, what was read of it is to be read anew. */
  epoch: number;
  kind: "announcement" | "discussion" | "question";
  title: string;
  tags: string[];
  /** User who opened it; empty for the marketplace. */
  by: string;
  created_at: number;
  /** Seq of the log's last entry. */
  seq: number;
  /** Posts written so far, the first one included; erased ones stay counted. */
  posts: number;
  /** Time of the last post. */
  last_at: number;
  /** Seq of the accepted answer; 0 while there is none. Default: 0. */
  accepted?: number;
  /** Nobody can write or edit here any more. Default: false. */
  is_locked?: boolean;
  /** Stands above the others. Default: false. */
  is_pinned?: boolean;
}

/** Topics that match; with a `cursor` there may be more, even when the page is short. */
export interface TopicSearchPage {
  type: "topic.search";
  topics: TopicView[];
  /** Display names by user id. */
  names: Record<string, string>;
  cursor: string | null;
  id: number;
}

/** A stretch of the log: complete above `after` up to `to`. */
export interface TopicPage {
  type: "topic.read";
  topic: TopicView;
  after: number;
  /** Ask on from here. */
  to: number;
  /** Posts written in this stretch, in order, as they stand now. */
  posts: PostView[];
  /** Posts at or below `after` that this stretch changed, as they stand now. */
  changed: PostView[];
  /** Display names by user id. */
  names: Record<string, string>;
  more: boolean;
  id: number;
}

/** A post as it stands now. */
export interface PostView {
  /** Position in the topic's log; it names the post. */
  seq: number;
  /** Number of the post in its topic, from 1. */
  n: number;
  at: number;
  /** User who wrote it; empty for the marketplace. */
  by: string;
  /** The writer's cid, so that a device finds its own optimistic row. Default: "". */
  cid?: string;
  /** Empty when the post is gone. Default: "". */
  body?: string;
  /** Parts of `body` that are placeholders, by code points of `body`. Default: []. */
  hidden?: Span[];
  /** Seq of the post that it answers; 0: the topic. Default: 0. */
  reply_to?: number;
  /** When its text was replaced last; 0: never. Default: 0. */
  edited_at?: number;
  /** Why there is no text: its author erased it, or a moderator hid it. Default: "". */
  gone?: "" | "erased" | "hidden";
}

/** The post is on disk. */
export interface TopicPostedReply {
  type: "topic.post";
  seq: number;
  /** Number of the post in its topic. */
  n: number;
  at: number;
  dup: boolean;
  /** Default: null. */
  policy?: PolicyView | null;
  id: number;
}

/** The new text is on disk. */
export interface PostEditedReply {
  type: "topic.edit";
  seq: number;
  at: number;
  dup: boolean;
  /** Default: null. */
  policy?: PolicyView | null;
  id: number;
}

/** The text is gone; a tombstone stays. */
export interface PostErasedReply {
  type: "topic.erase";
  seq: number;
  at: number;
  dup: boolean;
  id: number;
}

/** The answer is accepted. */
export interface AnswerAcceptedReply {
  type: "topic.accept";
  seq: number;
  at: number;
  dup: boolean;
  id: number;
}

/** What is watched from now on. */
export interface TopicsWatchedReply {
  type: "topic.watch";
  /** Where each stands now; one that does not exist is left out. */
  topics: Record<string, TopicPosition>;
  id: number;
}

/** Where a topic's log stands. */
export interface TopicPosition {
  epoch: number;
  seq: number;
}

/** Announcements, the newest first. */
export interface AnnouncementPage {
  type: "announcement.list";
  /** Epoch of the log of announcements. */
  epoch: number;
  announcements: AnnouncementView[];
  /** One's own read mark, a seq. */
  read: number;
  unread: number;
  /** New ones are not pushed. */
  muted: boolean;
  /** Ask on with this; null at the end. A page may be short, or even empty, before it. */
  before: number | null;
  id: number;
}

/** An announcement of the marketplace. */
export interface AnnouncementView {
  /** Position in the log of announcements. */
  seq: number;
  /** Number of the announcement, from 1. */
  n: number;
  at: number;
  title: string;
  body: string;
}

/** One's own read mark now. */
export interface AnnouncementsReadReply {
  type: "announcement.read";
  seq: number;
  unread: number;
  id: number;
}

/** Whether new ones are kept back now. */
export interface AnnouncementsMutedReply {
  type: "announcement.mute";
  on: boolean;
  id: number;
}

/** The marketplace has it. */
export interface FeedbackTakenReply {
  type: "feedback.submit";
  at: number;
  dup: boolean;
  /** Default: null. */
  policy?: PolicyView | null;
  id: number;
}

/**
 * One row of the inbox grew; `events` are the thread's events above `from`, up to `seq`.
 *
 * A hole in `mark` (not the last mark plus one): ask `inbox.changes`. `events` may be empty or start above
 * `from` + 1: then read the thread when it is shown.
 */
export interface InboxChanged {
  type: "inbox.changed";
  mark: number;
  thread: string;
  epoch: number;
  from: number;
  seq: number;
  n: number;
  read: number;
  state: string;
  last_at: number;
  /** Default: 0. */
  muted_until?: number;
  /** Default: -1. */
  archived_n?: number;
  /** Default: []. */
  events?: AnyEvent[];
}

/** The inbox began a new epoch: reconnect with the position you have and take the snapshot. */
export interface InboxReset {
  type: "inbox.reset";
  epoch: number;
}

/** Another participant has read or received more; only grows. */
export interface ReceiptMoved {
  type: "receipt.moved";
  thread: string;
  user: string;
  /** Default: 0. */
  read?: number;
  /** Default: 0. */
  delivered?: number;
}

/** Somebody is typing, or stopped; without a repeat it is over after six seconds. */
export interface TypingChanged {
  type: "typing.changed";
  thread: string;
  user: string;
  is_typing: boolean;
}

/** A watched user's presence changed. */
export interface PresenceChanged {
  type: "presence.changed";
  user: string;
  state: "active" | "background" | "offline";
}

/** One's own response speed changed. */
export interface MetricsChanged {
  type: "metrics.changed";
  speed: SpeedView;
}

/** Answer with `delivered` (or any frame) within the pong time-out. */
export interface Heartbeat {
  type: "heartbeat";
  now: number;
}

/** This server is about to stop: reconnect after the given time. */
export interface Draining {
  type: "session.draining";
  reconnect_in_ms: number;
}

/** Something was written into the log of a watched topic; a hole in `seq` is filled with `topic.read`. */
export interface TopicNews {
  type: "topic.posted";
  topic: string;
  epoch: number;
  /** The log's last entry now; a hole is more than one above your own. */
  seq: number;
  at: number;
  /** Posts written so far. */
  posts: number;
  /** Seq of the accepted answer; 0 while there is none. Default: 0. */
  accepted?: number;
  /** Default: false. */
  is_locked?: boolean;
  /** Default: false. */
  is_pinned?: boolean;
  /** A moderator removed the topic. Default: false. */
  is_deleted?: boolean;
  /** The post that was written or changed, as it stands now. Default: null. */
  post?: PostView | null;
  /** Display name of the post's author. Default: "". */
  name?: string;
}

/** The marketplace has something to say to everybody. */
export interface AnnouncementPosted {
  type: "announcement.posted";
  /** Epoch of the log of announcements. */
  epoch: number;
  announcement: AnnouncementView;
}

/** An event of a log whose kind is known here. */
export type KnownEvent =
  | MessageSent
  | MessageEdited
  | MessageRedacted
  | MessageErased
  | ErasedItem
  | ThreadClosed
  | ThreadReopened
  | InvitationSent
  | InvitationReminded
  | InvitationAccepted
  | InvitationDeclined
  | InvitationWithdrawn
  | InvitationExpired
  | InterviewStarted
  | PolicyChanged
  | ProposalChanged
  | AccessRequested
  | AccessGranted
  | AccessRefused
  | AccessShared
  | AccessEnded
  | BadgeChanged
  | BadgeWarned
  | AwayChanged
  | SpeedChanged
  | ConnectsChanged
  | OfferChanged
  | ContractChanged
  | MessageHeld
  | MessageRejected
  | AppealDecided
  | RelationshipDeclared
  | MemberAdded
  | MemberRemoved
  | MessageReacted;

/** An event of a log. Kinds may be added: skip what you do not know. `seq` is its place. */
export type AnyEvent = KnownEvent;

/** What the server sends unasked. */
export type ServerPush =
  | InboxChanged
  | InboxReset
  | ReceiptMoved
  | TypingChanged
  | PresenceChanged
  | MetricsChanged
  | Heartbeat
  | Draining
  | TopicNews
  | AnnouncementPosted;

/** Answers, by `id`. */
export type ServerReply =
  | ErrorReply
  | SentReply
  | ConnectedReply
  | TokenRefreshedReply
  | PongReply
  | InboxChangesPage
  | OpenedReply
  | ThreadView
  | ThreadListPage
  | HistoryPage
  | ReadMovedReply
  | ReopenedReply
  | AmendedReply
  | ErasedReply
  | CheckedReply
  | PresenceAcceptedReply
  | PresenceSnapshotReply
  | InvitedReply
  | InvitationAcceptedReply
  | InvitationDeclinedReply
  | InvitationWithdrawnReply
  | InvitationIgnoredReply
  | ProfilePage
  | DirectoryPage
  | JobPage
  | MetricsRowsPage
  | AccessRequestReply
  | AccessConfirmReply
  | AccessRefuseReply
  | AccessShareReply
  | AccessRevokeReply
  | PeerBlockReply
  | PeerUnblockReply
  | PeerBlockedPage
  | ReportReply
  | MetricsAppealedReply
  | AvailabilityReply
  | AwayReply
  | HoursReply
  | ClientPage
  | ConnectsPage
  | JobFoundReply
  | ProposalSubmittedReply
  | ProposalWithdrawnReply
  | ProposalDeclinedReply
  | CandidacyPage
  | OfferSentReply
  | OfferAcceptedReply
  | OfferDeclinedReply
  | OfferWithdrawnReply
  | HeldPage
  | HeldWithdrawnReply
  | VerdictAppealedReply
  | NoticeAckedReply
  | RelationshipDeclaredReply
  | MemberAddedReply
  | MemberRemovedReply
  | MemberLeftReply
  | ReactedReply
  | MutedReply
  | ArchivedReply
  | SettingsSavedReply
  | SettingsReply
  | TopicCreatedReply
  | TopicListPage
  | TopicSearchPage
  | TopicPage
  | TopicPostedReply
  | PostEditedReply
  | PostErasedReply
  | AnswerAcceptedReply
  | TopicsWatchedReply
  | AnnouncementPage
  | AnnouncementsReadReply
  | AnnouncementsMutedReply
  | FeedbackTakenReply;

/** Every command that has a reply, by its type. */
export interface Commands {
  "message.send": { command: MessageSendCommand; reply: SentReply };
  "thread.read": { command: ThreadReadCommand; reply: ReadMovedReply };
  "connect": { command: ConnectCommand; reply: ConnectedReply };
  "token.refresh": { command: TokenRefreshCommand; reply: TokenRefreshedReply };
  "ping": { command: PingCommand; reply: PongReply };
  "inbox.changes": { command: InboxChangesCommand; reply: InboxChangesPage };
  "thread.open": { command: ThreadOpenCommand; reply: OpenedReply };
  "thread.get": { command: ThreadGetCommand; reply: ThreadView };
  "thread.list": { command: ThreadListCommand; reply: ThreadListPage };
  "thread.history": { command: ThreadHistoryCommand; reply: HistoryPage };
  "thread.reopen": { command: ThreadReopenCommand; reply: ReopenedReply };
  "message.edit": { command: MessageEditCommand; reply: AmendedReply };
  "message.erase": { command: MessageEraseCommand; reply: ErasedReply };
  "message.check": { command: MessageCheckCommand; reply: CheckedReply };
  "presence.set": { command: PresenceSetCommand; reply: PresenceAcceptedReply };
  "presence.watch": { command: PresenceWatchCommand; reply: PresenceSnapshotReply };
  "invitation.send": { command: InvitationSendCommand; reply: InvitedReply };
  "invitation.accept": { command: InvitationAcceptCommand; reply: InvitationAcceptedReply };
  "invitation.decline": { command: InvitationDeclineCommand; reply: InvitationDeclinedReply };
  "invitation.withdraw": { command: InvitationWithdrawCommand; reply: InvitationWithdrawnReply };
  "invitation.ignore": { command: InvitationIgnoreCommand; reply: InvitationIgnoredReply };
  "profile.get": { command: ProfileGetCommand; reply: ProfilePage };
  "directory.search": { command: DirectorySearchCommand; reply: DirectoryPage };
  "job.list": { command: JobListCommand; reply: JobPage };
  "metrics.rows": { command: MetricsRowsCommand; reply: MetricsRowsPage };
  "access.request": { command: AccessRequestCommand; reply: AccessRequestReply };
  "access.confirm": { command: AccessConfirmCommand; reply: AccessConfirmReply };
  "access.refuse": { command: AccessRefuseCommand; reply: AccessRefuseReply };
  "access.share": { command: AccessShareCommand; reply: AccessShareReply };
  "access.revoke": { command: AccessRevokeCommand; reply: AccessRevokeReply };
  "peer.block": { command: PeerBlockCommand; reply: PeerBlockReply };
  "peer.unblock": { command: PeerUnblockCommand; reply: PeerUnblockReply };
  "peer.blocked": { command: PeerBlockedCommand; reply: PeerBlockedPage };
  "report.create": { command: ReportCreateCommand; reply: ReportReply };
  "metrics.appeal": { command: MetricsAppealCommand; reply: MetricsAppealedReply };
  "availability.set": { command: AvailabilitySetCommand; reply: AvailabilityReply };
  "away.set": { command: AwaySetCommand; reply: AwayReply };
  "hours.set": { command: HoursSetCommand; reply: HoursReply };
  "client.get": { command: ClientGetCommand; reply: ClientPage };
  "connects.get": { command: ConnectsGetCommand; reply: ConnectsPage };
  "job.get": { command: JobGetCommand; reply: JobFoundReply };
  "proposal.submit": { command: ProposalSubmitCommand; reply: ProposalSubmittedReply };
  "proposal.withdraw": { command: ProposalWithdrawCommand; reply: ProposalWithdrawnReply };
  "proposal.decline": { command: ProposalDeclineCommand; reply: ProposalDeclinedReply };
  "candidacy.list": { command: CandidacyListCommand; reply: CandidacyPage };
  "offer.send": { command: OfferSendCommand; reply: OfferSentReply };
  "offer.accept": { command: OfferAcceptCommand; reply: OfferAcceptedReply };
  "offer.decline": { command: OfferDeclineCommand; reply: OfferDeclinedReply };
  "offer.withdraw": { command: OfferWithdrawCommand; reply: OfferWithdrawnReply };
  "held.list": { command: HeldListCommand; reply: HeldPage };
  "held.withdraw": { command: HeldWithdrawCommand; reply: HeldWithdrawnReply };
  "verdict.appeal": { command: VerdictAppealCommand; reply: VerdictAppealedReply };
  "notice.ack": { command: NoticeAckCommand; reply: NoticeAckedReply };
  "relationship.declare": { command: RelationshipDeclareCommand; reply: RelationshipDeclaredReply };
  "member.add": { command: MemberAddCommand; reply: MemberAddedReply };
  "member.remove": { command: MemberRemoveCommand; reply: MemberRemovedReply };
  "member.leave": { command: MemberLeaveCommand; reply: MemberLeftReply };
  "message.react": { command: MessageReactCommand; reply: ReactedReply };
  "thread.mute": { command: ThreadMuteCommand; reply: MutedReply };
  "thread.archive": { command: ThreadArchiveCommand; reply: ArchivedReply };
  "settings.set": { command: SettingsSetCommand; reply: SettingsSavedReply };
  "settings.get": { command: SettingsGetCommand; reply: SettingsReply };
  "topic.create": { command: TopicCreateCommand; reply: TopicCreatedReply };
  "topic.list": { command: TopicListCommand; reply: TopicListPage };
  "topic.search": { command: TopicSearchCommand; reply: TopicSearchPage };
  "topic.read": { command: TopicReadCommand; reply: TopicPage };
  "topic.post": { command: TopicPostCommand; reply: TopicPostedReply };
  "topic.edit": { command: TopicEditCommand; reply: PostEditedReply };
  "topic.erase": { command: TopicEraseCommand; reply: PostErasedReply };
  "topic.accept": { command: TopicAcceptCommand; reply: AnswerAcceptedReply };
  "topic.watch": { command: TopicWatchCommand; reply: TopicsWatchedReply };
  "announcement.list": { command: AnnouncementListCommand; reply: AnnouncementPage };
  "announcement.read": { command: AnnouncementReadCommand; reply: AnnouncementsReadReply };
  "announcement.mute": { command: AnnouncementMuteCommand; reply: AnnouncementsMutedReply };
  "feedback.submit": { command: FeedbackSubmitCommand; reply: FeedbackTakenReply };
}

/** Commands that carry a new `cid` of their own, as one text: a space before and after each. */
export const WITH_CID =
  " message.send thread.open thread.reopen message.edit message.erase invitation.send invitation.accept invitation.decline invitation.withdraw invitation.ignore access.request access.confirm access.refuse access.share access.revoke report.create metrics.appeal proposal.submit proposal.withdraw proposal.decline offer.send offer.accept offer.decline offer.withdraw relationship.declare member.add member.remove member.leave topic.create topic.post topic.edit topic.erase topic.accept feedback.submit ";
