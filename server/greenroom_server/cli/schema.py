"""``greenroom schema``: descriptions of the interfaces, for tools."""

import argparse
import json

from greenroom_server.cli.output import EXIT_DONE


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``schema``."""
    parser = subparsers.add_parser("schema", help="print the description of an interface")
    actions = parser.add_subparsers(metavar="INTERFACE", required=True)
    openapi = actions.add_parser("openapi", help="the server API, as an OpenAPI document")
    openapi.set_defaults(run=_openapi)


def _openapi(_arguments: argparse.Namespace) -> int:
    from greenroom_server.transport.openapi import document

    print(json.dumps(document(), indent=2))
    return EXIT_DONE
