"""Numbers that only a country's plan tells from others: asked in the grey band alone, with the parties' countries.

Source: the metadata of `phonenumbers` (Google's libphonenumber).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import phonenumbers

from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.verdict import Finding, Kind

_MOST: Final = 5
"""Finds of one text that are looked up."""
_VALID: Final = 0.85


def confirmed(policy: ScreeningPolicy, text: str, regions: Sequence[str], findings: Sequence[Finding]) -> list[Finding]:
    """Give the findings, with numbers that are valid in one of the countries made certain.

    Numbers whose words say that they are something else stay as they are.
    """
    left = _MOST
    out: list[Finding] = []
    for finding in findings:
        is_grey = finding.kind is Kind.PHONE and policy.recorded <= finding.score < policy.certain
        if is_grey and left and "ctx:other" not in finding.evidence:
            left -= 1
            if _is_valid(text[finding.start : finding.end], regions):
                finding = replace(finding, score=_VALID, evidence=(*finding.evidence, "valid:region"))
        out.append(finding)
    return out


def _is_valid(written: str, regions: Sequence[str]) -> bool:
    for region in regions:
        try:
            number = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number_for_region(number, region):
            return True
    return False
