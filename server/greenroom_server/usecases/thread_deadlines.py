"""What happens to a thread when one of its deadlines has passed; see thread_timers.py for their names."""

from greenroom_server.domain.thread_actions import ThreadAction
from greenroom_server.domain.thread_state import Role
from greenroom_server.telemetry.counters import Counters
from greenroom_server.usecases.deadlines import Deadlines
from greenroom_server.usecases.move import Move
from greenroom_server.usecases.move_thread import MoveThread


def keep_deadlines(deadlines: Deadlines, move: MoveThread, counters: Counters) -> None:
    """Let invitations be reminded of and expire, offers expire, and contracts start on their date."""

    async def expire(_partition: int, member: str) -> None:
        await ring(member, ThreadAction.EXPIRE)
        counters.invitations["expired"] += 1

    async def remind(_partition: int, member: str) -> None:
        await ring(member, ThreadAction.REMIND)
        counters.invitations["reminded"] += 1

    async def expire_offer(_partition: int, member: str) -> None:
        await ring(member, ThreadAction.EXPIRE_OFFER)
        counters.offers["expired"] += 1

    async def start(_partition: int, member: str) -> None:
        await ring(member, ThreadAction.START_CONTRACT)
        counters.offers["started"] += 1

    async def ring(member: str, action: ThreadAction) -> None:
        thread, _, number = member.partition(" ")[2].partition("#")
        await move(thread, Move(action=action, role=Role.SYSTEM, number=int(number or 0), drop_timers=(member,)))

    deadlines.on("expire", expire)
    deadlines.on("remind", remind)
    deadlines.on("offer", expire_offer)
    deadlines.on("start", start)
