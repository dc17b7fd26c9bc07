"""The generated pictures show the table, no more and no less."""

from greenroom_server.domain.diagram import markdown_table, mermaid
from greenroom_server.domain.thread_actions import TABLE, Transition
from greenroom_server.domain.thread_state import ThreadState


def test_diagram_has_an_edge_for_every_change_of_state() -> None:
    edges = {line.split(":")[0].strip() for line in mermaid().splitlines()[1:]}
    assert edges == {
        f"{state or '[*]'} --> {result.to}"
        for (state, _), by_role in TABLE.items()
        for result in by_role.values()
        if isinstance(result, Transition) and result.to is not state
    }


def test_diagram_says_who_does_what_and_how_it_closed() -> None:
    assert "    invited --> closed: decline (freelancer) [declined]" in mermaid().splitlines()
    assert "    offer --> contract: accept_offer (freelancer, service)" in mermaid().splitlines()


def test_table_names_every_state_and_what_follows() -> None:
    table = markdown_table()
    assert all(f"| {state} |" in table for state in ThreadState)
    assert "| proposed | `send` | client | candidacy | `interview.started` |" in table
    assert "| invited | `expire` | system | closed (expired) |  |" in table
