"""The widget's files as the hub serves them: for any page, hashed ones for ever, the loader for minutes."""

import gzip
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from greenroom_server.transport.widget_files import add_widget

LOADER = "import('./widget-ABCD1234.js')"


async def served(folder: Path) -> TestClient[web.Request, web.Application]:
    app = web.Application()
    add_widget(app, folder)
    client: TestClient[web.Request, web.Application] = TestClient(TestServer(app), auto_decompress=False)
    await client.start_server()
    return client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a build makes, in small."""
    (tmp_path / "loader.js").write_text(LOADER)
    (tmp_path / "widget-ABCD1234.js").write_text("x" * 4096)
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("not for everybody")
    return tmp_path


async def test_any_page_may_load_them_and_hashed_names_stay_for_ever(folder: Path) -> None:
    client = await served(folder)
    try:
        hashed = await client.get("/widget/v1/widget-ABCD1234.js", headers={"Accept-Encoding": "gzip"})
        assert gzip.decompress(await hashed.read()) == b"x" * 4096
        assert hashed.headers["Access-Control-Allow-Origin"] == "*"
        assert hashed.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert hashed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert hashed.headers["Content-Type"] == "text/javascript; charset=utf-8"
        loader = await client.get("/widget/v1/loader.js", headers={"Accept-Encoding": "identity"})
        assert (await loader.text(), loader.headers["Cache-Control"]) == (LOADER, "public, max-age=300")
        again = await client.get("/widget/v1/loader.js", headers={"If-None-Match": loader.headers["ETag"]})
        assert (again.status, await again.read()) == (304, b"")
    finally:
        await client.close()


@pytest.mark.parametrize("name", ["notes.txt", "", "..%2f..%2fdemo%2findex.html", "widget-00000000.js"])
async def test_only_what_was_built_is_served(folder: Path, name: str) -> None:
    client = await served(folder)
    try:
        assert (await client.get(f"/widget/v1/{name}")).status == 404
    finally:
        await client.close()


async def test_a_hub_without_them_starts(tmp_path: Path) -> None:
    assert add_widget(web.Application(), tmp_path / "none") == 0
