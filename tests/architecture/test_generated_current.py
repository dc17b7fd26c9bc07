"""Whatever follows from the types is what lies in the repository."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from greenroom_protocol import generate
from greenroom_protocol.commands import VERBS
from greenroom_protocol.events import AnyEvent
from greenroom_protocol.replies import AnyReply

SPEC = generate.FOLDER / "spec"
LINK = re.compile(r"\]\(([\w./-]*)(#[\w-]+)?\)")
HEADING = re.compile(r"^#{1,4} (.+)$", re.MULTILINE)


def test_generated_files_are_current() -> None:
    assert sorted(generate.stale()) == [], "run `make generate`"


def test_check_names_what_is_not_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "spec").mkdir()
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    monkeypatch.setattr(generate, "FILES", {"spec/codes.md": lambda: "now", "spec/limits.md": lambda: "same"})
    (tmp_path / "spec/codes.md").write_text("before")
    (tmp_path / "spec/limits.md").write_text("same")
    assert generate.main(["--check"]) == 1
    assert capsys.readouterr().err == "not current: protocol/spec/codes.md\n"
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


def test_nothing_is_generated_outside_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    assert generate.main([]) == 2
    assert list(tmp_path.iterdir()) == []


def load_schema(name: str) -> dict[str, Any]:
    schema = json.loads((generate.FOLDER / "schema" / f"{name}.schema.json").read_text(encoding="utf-8"))
    assert isinstance(schema, dict)
    return schema


@pytest.mark.parametrize("name", ["commands", "server_frames"])
def test_every_reference_of_a_schema_has_its_definition(name: str) -> None:
    schema = load_schema(name)
    references = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema)))
    assert references == set(schema["$defs"])


def test_schemas_tell_frames_apart_by_type() -> None:
    commands = load_schema("commands")["$defs"]["AnyFrame"]["discriminator"]
    assert (commands["propertyName"], set(commands["mapping"])) == ("type", set(VERBS))
    frames = load_schema("server_frames")["$defs"]
    assert set(frames["AnyFrame"]["discriminator"]["mapping"]) >= {k.__struct_config__.tag for k in AnyReply.__args__}
    assert len(frames["AnyEvent"]["anyOf"]) == len(AnyEvent.__args__)


def anchors(page: str) -> set[str]:
    """Give the anchors of a page's headings, as they are made from Markdown."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(page)}


@pytest.mark.parametrize("name", sorted(path.name for path in SPEC.glob("*.md")))
def test_links_of_the_specification_lead_somewhere(name: str) -> None:
    page = (SPEC / name).read_text(encoding="utf-8")
    for target, anchor in LINK.findall(page):
        path = (SPEC / target) if target else SPEC / name
        assert path.exists(), target
        if anchor:
            assert anchor[1:] in anchors(path.read_text(encoding="utf-8")), target + anchor


def test_every_page_is_in_the_index() -> None:
    index = (SPEC / "README.md").read_text(encoding="utf-8")
    pages = {path.name for path in SPEC.glob("*.md")} - {"README.md"}
    assert pages <= {target for target, _ in LINK.findall(index)}


@pytest.mark.parametrize("name", sorted(path.name for path in SPEC.glob("*.md")))
def test_examples_of_the_specification_are_json(name: str) -> None:
    page = (SPEC / name).read_text(encoding="utf-8")
    for example in re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        assert json.loads(example)
