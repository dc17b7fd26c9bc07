"""Where a key set comes from: a file, or an address that was configured (never one that a token names)."""

import asyncio
from pathlib import Path
from typing import Final

import aiohttp

from greenroom_server.auth.keys import JwksError

DOCUMENT_BYTES: Final = 256 * 1024
"""Longest key set."""
_TIMEOUT_S: Final = 5.0


async def read_jwks(path: Path) -> bytes:
    """Read a key set from a file.

    Raises:
        JwksError: the file cannot be read, or is too long.
    """
    try:
        document = await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise JwksError(f"the file {path} cannot be read: {error.strerror}") from None
    if len(document) > DOCUMENT_BYTES:
        raise JwksError(f"the file {path} is longer than {DOCUMENT_BYTES} bytes")
    return document


async def fetch_jwks(url: str) -> bytes:
    """Get a key set over HTTP; redirects are not followed, proxies and cookies not used.

    Raises:
        JwksError: no answer in 5 s, another status than 200, or too long.
    """
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    document = bytearray()
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.get(url, allow_redirects=False, headers={"Accept": "application/json"}) as response,
        ):
            if response.status != 200:
                raise JwksError(f"{url} answered {response.status} instead of 200")
            async for chunk in response.content.iter_chunked(16 * 1024):
                document += chunk
                if len(document) > DOCUMENT_BYTES:
                    raise JwksError(f"{url} sent more than {DOCUMENT_BYTES} bytes")
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise JwksError(f"{url} did not answer: {type(error).__name__}") from None
    return bytes(document)
