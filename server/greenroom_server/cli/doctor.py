"""``greenroom doctor``: looks at everything the hub needs and says what to change."""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict

from greenroom_server.cli.checks import (
    Finding,
    check_data_dir,
    check_descriptors,
    check_origins,
    check_port,
    check_python,
    check_token_keys,
)
from greenroom_server.cli.logs import set_up_logging
from greenroom_server.cli.output import EXIT_DONE, EXIT_FAILED, coloured
from greenroom_server.cli.store_checks import check_store
from greenroom_server.cli.webhook_checks import check_webhooks
from greenroom_server.config.process import environment
from greenroom_server.config.reading import ConfigError
from greenroom_server.config.settings import Settings

_CHECKS = (check_data_dir, check_store, check_token_keys, check_origins, check_webhooks, check_descriptors, check_port)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``doctor``."""
    about = "Check configuration, machine and store. Exit code 1 when something would stop the hub or lose messages."
    parser = subparsers.add_parser("doctor", help="check configuration, machine and store", description=about)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--dev", action="store_true", help="as `greenroom serve --dev` would run")
    parser.set_defaults(run=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    set_up_logging("error", "console")
    findings = asyncio.run(examine(dev=arguments.dev))
    is_fit = all(finding.level != "fail" for finding in findings)
    if arguments.json:
        print(json.dumps({"ok": is_fit, "checks": [asdict(finding) for finding in findings]}, indent=2))
    else:
        _print(findings)
    return EXIT_DONE if is_fit else EXIT_FAILED


async def examine(*, dev: bool) -> list[Finding]:
    """Run all checks, one after the other; those that need settings only when the settings are valid."""
    findings = [check_python()]
    try:
        settings = Settings.from_env(environment(), dev=dev)
    except ConfigError as error:
        findings += [Finding("configuration", "fail", problem) for problem in error.problems]
        return [*findings, Finding("other checks", "warn", "not made: they need a valid configuration")]
    findings.append(Finding("configuration", "ok", "complete and consistent"))
    for check in _CHECKS:
        findings += await check(settings)
    return findings


def _print(findings: list[Finding]) -> None:
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        level = coloured(f"{finding.level:4}", finding.level, sys.stdout)
        print(f"{level}  {finding.name:{width}}  {finding.text}")
        if finding.fix is not None:
            print(f"{'':4}  {'':{width}}  -> {finding.fix}")
