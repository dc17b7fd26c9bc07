"""`message.react`: an emoji on a message, there or not."""

from greenroom_protocol.reactions import MessageReact, MessageReacted, Reacted
from greenroom_server.domain.head import Head
from greenroom_server.domain.thread_actions import Denied, ThreadAction, decide
from greenroom_server.domain.thread_state import Role
from greenroom_server.screening.reaction import reaction_of
from greenroom_server.store.append import Rare
from greenroom_server.usecases.amend_message import run
from greenroom_server.usecases.commits import ANYBODY, Author, Commits, Draft
from greenroom_server.usecases.results import Refused, RefusedError, denial


class React:
    """Puts reactions on messages; it never answers for a person and moves no state."""

    def __init__(self, commits: Commits) -> None:
        self._commits = commits

    async def __call__(self, user: str, command: MessageReact) -> Reacted:
        """Make a reaction be there, or not; who may not write may not react.

        It says how things shall be, so a repeat changes nothing and needs no cid.
        """
        emoji = reaction_of(command.emoji)
        if emoji is None:
            raise RefusedError(Refused("reaction.invalid"))

        def plan(head: Head, role: Role) -> Draft | Refused:
            unreachable = head.peer_code(role)
            if unreachable:
                return Refused(unreachable)
            decision = decide(head.state, role, ThreadAction.SEND, head.facts(0))
            if isinstance(decision, Denied):
                return denial(decision)
            if command.target <= head.participants[user].from_seq:
                return Refused("reaction.target")
            event = MessageReacted(by=user, target=command.target, emoji=emoji, on=command.on)
            rare = Rare(react=(command.target, emoji, command.on))
            return Draft(events=[event], state=head.state.value, rare=rare)

        done = await run(self._commits, command.thread, Author(user, right=ANYBODY), plan)
        return Reacted(id=command.id, seq=done.seq, at=done.at, dup=done.dup)
