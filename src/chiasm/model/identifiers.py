"""Identifiers, never without a place for who issued them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Issuer:
    """The authority that issued an identifier: a local name, a universal identifier, or both.

    `universal_type` is a term of HL7 table 0301: `ISO`, `DNS`, `UUID`, `URI`, …
    PS3.3 §10.14; HL7 v2.5.1 §2.A.33.
    """

    namespace: str = ""
    universal: str = ""
    universal_type: str = ""

    def __bool__(self) -> bool:
        return bool(self.namespace or self.universal)


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier with its issuer and its type of HL7 table 0203, as `MR` or `ACSN`.

    `facility` is the assigning facility, where that differs from the authority.
    HL7 v2.5.1 §2.A.14 (CX); PS3.3 §C.2.2.
    """

    value: str
    issuer: Issuer = Issuer()
    kind: str = ""
    facility: Issuer = Issuer()
