"""All routes of the server API as data, and their handlers by operation.

`api.py` binds them, `openapi.py` describes them. An area is one file with `ROUTES` and `HANDLERS`.
"""

from typing import Final

from greenroom_server.transport import (
    api_bulk,
    api_community,
    api_connects,
    api_contracts,
    api_core,
    api_moderation,
    api_people,
    api_safety,
    api_team,
    api_webhooks,
)
from greenroom_server.transport.api_call import ApiHandler, Route

ROUTES: Final[tuple[Route, ...]] = (
    *api_core.ROUTES,
    *api_community.ROUTES,
    *api_safety.ROUTES,
    *api_moderation.ROUTES,
    *api_contracts.ROUTES,
    *api_connects.ROUTES,
    *api_people.ROUTES,
    *api_webhooks.ROUTES,
    *api_bulk.ROUTES,
    *api_team.ROUTES,
)
HANDLERS: Final[dict[str, ApiHandler]] = {
    **api_core.HANDLERS,
    **api_community.HANDLERS,
    **api_safety.HANDLERS,
    **api_moderation.HANDLERS,
    **api_contracts.HANDLERS,
    **api_connects.HANDLERS,
    **api_people.HANDLERS,
    **api_webhooks.HANDLERS,
    **api_team.HANDLERS,
}
"""By the `operation` of a route; `openapi` and `post_bulk` are answered by `api.py`."""
