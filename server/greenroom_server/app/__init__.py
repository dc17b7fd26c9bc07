"""The composition root. One way in: `serve`."""

from greenroom_server.app.serve import serve

__all__ = ["serve"]
