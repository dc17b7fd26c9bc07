"""Configuration: the environment, read once and checked whole. One way in: `Settings.from_env`."""

from greenroom_server.config.reading import ConfigError
from greenroom_server.config.settings import Settings

__all__ = ["ConfigError", "Settings"]
