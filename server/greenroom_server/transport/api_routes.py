"""All routes of the server API as data, and their handlers by operation.

`api.py` binds them, `openapi.py` describes them. An area is one file with `ROUTES` and `HANDLERS`.
"""

from typing import Final

from greenroom_server.transport import api_core
from greenroom_server.transport.api_call import ApiHandler, Route

ROUTES: Final[tuple[Route, ...]] = (*api_core.ROUTES,)
HANDLERS: Final[dict[str, ApiHandler]] = {**api_core.HANDLERS}
"""By the `operation` of a route; `openapi` is answered by `api.py`."""
