"""How the settings of an account are written: in fields of their own, which the marketplace never overwrites."""

from collections.abc import Mapping

from greenroom_server.domain.quiet_hours import QuietHours


def read_settings(fields: Mapping[str, str]) -> tuple[QuietHours | None, bool]:
    """Read (quiet hours, whether the user reads in private)."""
    quiet = fields.get("quiet_hours", "")
    start, end, tz = quiet.split(" ") if quiet else ("", "", "")
    return (QuietHours(start, end, tz) if quiet else None), fields.get("private_read") == "1"


def write_settings(quiet_hours: QuietHours | None, reads_in_private: bool) -> tuple[str, ...]:
    """Write both as names and values."""
    quiet = "" if quiet_hours is None else f"{quiet_hours.start} {quiet_hours.end} {quiet_hours.tz}"
    return "quiet_hours", quiet, "private_read", "1" if reads_in_private else "0"
