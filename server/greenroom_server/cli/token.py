"""``greenroom token mint``: a signed token for one user, for development and for trying things out."""

import argparse
import time

from greenroom_server.auth.tokens import mint
from greenroom_server.cli.output import EXIT_DONE, EXIT_USAGE, complain
from greenroom_server.config.process import environment
from greenroom_server.config.settings import token_options


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``token``."""
    parser = subparsers.add_parser("token", help="make tokens for users")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    minting = actions.add_parser(
        "mint", help="print a token signed with the secret", description="Print a token signed with the secret."
    )
    minting.add_argument("--user", required=True, metavar="ID", help="account the token is for")
    minting.add_argument("--ttl", type=int, default=3600, metavar="S", help="seconds it is valid (default 3600)")
    minting.add_argument("--dev", action="store_true", help="use the secret of development mode")
    minting.set_defaults(run=_mint)


def _mint(arguments: argparse.Namespace) -> int:
    options = token_options(environment(), dev=arguments.dev)
    if options.secret is None:
        complain(
            "Tokens are signed by the issuer whose public keys are configured; there is no secret to sign one with."
        )
        return EXIT_USAGE
    if arguments.ttl > options.max_ttl_s:
        complain(f"A token may be valid for at most {options.max_ttl_s} s.")
        return EXIT_USAGE
    try:
        token = mint(
            options.secret,
            arguments.user,
            now_s=time.time(),
            ttl_s=arguments.ttl,
            audience=options.audience,
            issuer=options.issuer,
        )
    except ValueError as error:
        complain(f"{error}.")
        return EXIT_USAGE
    print(token)
    return EXIT_DONE
