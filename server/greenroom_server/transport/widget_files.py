"""The chat widget's files at `/widget/v1/`: hashed names kept for a year, `loader.js` and `manifest.json` for minutes.

Any page may load them, so they carry no cookie, no token, and the same answer for everybody. They are built from
`clients/widget` into the folder beside this module; a hub without them serves everything else.
"""

import gzip
import hashlib
import re
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

FOLDER: Final = Path(__file__).with_name("widget")
PREFIX: Final = "/widget/v1/"
_TYPES: Final = {".js": "text/javascript; charset=utf-8", ".json": "application/json"}
_HASHED: Final = re.compile(r".+-[A-Z0-9]{8}\.js")
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_FOR_MINUTES: Final = "public, max-age=300"
_HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Timing-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}


def add_widget(app: web.Application, folder: Path = FOLDER) -> int:
    """Serve the built widget below `/widget/v1/`; gives how many files there are.

    Args:
        app: gets one route for each file.
        folder: what the build made; files are read once, now. It may be missing.
    """
    paths = [path for path in sorted(folder.iterdir()) if path.suffix in _TYPES] if folder.is_dir() else []
    for path in paths:
        app.router.add_get(PREFIX + path.name, _file(path))
    return len(paths)


def _file(path: Path) -> Handler:
    """Give the handler of one file, compressed once."""
    plain = path.read_bytes()
    packed = gzip.compress(plain, 9, mtime=0)
    etag = f'"{hashlib.sha256(plain).hexdigest()[:32]}"'
    headers = {
        **_HEADERS,
        "Content-Type": _TYPES[path.suffix],
        "Cache-Control": _FOR_EVER if _HASHED.fullmatch(path.name) else _FOR_MINUTES,
        "ETag": etag,
    }

    async def serve(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            return web.Response(body=packed, headers={**headers, "Content-Encoding": "gzip"})
        return web.Response(body=plain, headers=headers)

    return serve
