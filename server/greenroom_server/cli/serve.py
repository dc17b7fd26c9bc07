"""``greenroom serve``: runs the hub until it is told to stop."""

import argparse
import errno

import uvloop

from greenroom_server.auth.keys import JwksError
from greenroom_server.cli.logs import set_up_logging
from greenroom_server.cli.output import EXIT_DONE, EXIT_FAILED, complain
from greenroom_server.config.process import environment
from greenroom_server.config.reading import is_loopback
from greenroom_server.config.settings import Settings
from greenroom_server.store.errors import StoreError, Unavailable


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``serve``."""
    about = "Run the hub until SIGTERM or Ctrl-C. `greenroom config docs` prints what it can be told."
    parser = subparsers.add_parser("serve", help="run the hub", description=about)
    parser.add_argument(
        "--dev", action="store_true", help="development mode: make the secrets that are missing, serve the demo page"
    )
    parser.set_defaults(run=_serve)


def _serve(arguments: argparse.Namespace) -> int:
    settings = Settings.from_env(environment(), dev=arguments.dev)
    set_up_logging(settings.log_level, settings.log_format)
    from greenroom_server.app import serve  # takes a moment, which a mistake in the configuration need not wait for

    if settings.is_dev and not is_loopback(settings.host):
        complain(f"Development mode gives a token to anybody who can reach {settings.host}; do not use it in public.")
    try:
        uvloop.run(serve(settings))
    except Unavailable as error:
        complain(f"The store ({settings.store_label}) does not answer ({error.code}); `greenroom doctor` may say why.")
        return EXIT_FAILED
    except StoreError as error:
        complain(f"The store ({settings.store_label}) cannot be used: {error}.")
        return EXIT_FAILED
    except JwksError as error:
        complain(f"The keys of the token issuer cannot be read: {error}.")
        return EXIT_FAILED
    except OSError as error:
        sentence = bind_problem(error, settings)
        if sentence is None:
            raise
        complain(sentence)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_DONE
    return EXIT_DONE


def bind_problem(error: OSError, settings: Settings) -> str | None:
    """Say why the address could not be listened on; None when the error is about something else."""
    place = settings.shown()["GREENROOM_LISTEN"]
    if error.errno == errno.EADDRINUSE:
        return f"Another program already listens on {place}; stop it or set GREENROOM_LISTEN to another port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"This machine does not have the address of {place}; set GREENROOM_LISTEN to one that it has."
    if error.errno == errno.EACCES and 0 < settings.port < 1024:
        return f"This account may not listen on {place}; use a port above 1023 in GREENROOM_LISTEN."
    return None
