"""Person names: three groups of five components, on top of the exact text.

PS3.5 §6.2 and §6.2.1.1: alphabetic, ideographic and phonetic group, split by `=`; family, given and
middle name, prefix and suffix, split by `^`.
"""

from __future__ import annotations


class NameGroup(str):
    """One component group of a person name; a part that is not there is empty."""

    __slots__ = ()

    @property
    def components(self) -> tuple[str, ...]:
        """The parts as they stand, five or however many the text has."""
        parts = self.split("^")
        return tuple(parts + [""] * (5 - len(parts)))

    @property
    def family_name(self) -> str:
        """The family name complex."""
        return self.components[0]

    @property
    def given_name(self) -> str:
        """The given name complex."""
        return self.components[1]

    @property
    def middle_name(self) -> str:
        """The middle name."""
        return self.components[2]

    @property
    def prefix(self) -> str:
        """The name prefix, as Dr."""
        return self.components[3]

    @property
    def suffix(self) -> str:
        """The name suffix, as Jr."""
        return self.components[4]


class PersonName(str):
    """One person name: a str of the exact text, with its groups and their components.

    The components asked of the name itself are those of the alphabetic group.
    """

    __slots__ = ()

    @property
    def groups(self) -> tuple[NameGroup, ...]:
        """The groups as they stand, three or however many the text has."""
        parts = self.split("=")
        return tuple([NameGroup(part) for part in parts] + [NameGroup()] * (3 - len(parts)))

    @property
    def alphabetic(self) -> NameGroup:
        """The group in single-byte characters."""
        return self.groups[0]

    @property
    def ideographic(self) -> NameGroup:
        """The group in ideographs."""
        return self.groups[1]

    @property
    def phonetic(self) -> NameGroup:
        """The group in phonetic script."""
        return self.groups[2]

    @property
    def family_name(self) -> str:
        """The family name of the alphabetic group."""
        return self.alphabetic.family_name

    @property
    def given_name(self) -> str:
        """The given name of the alphabetic group."""
        return self.alphabetic.given_name

    @property
    def middle_name(self) -> str:
        """The middle name of the alphabetic group."""
        return self.alphabetic.middle_name

    @property
    def prefix(self) -> str:
        """The prefix of the alphabetic group."""
        return self.alphabetic.prefix

    @property
    def suffix(self) -> str:
        """The suffix of the alphabetic group."""
        return self.alphabetic.suffix

    @classmethod
    def of(cls, alphabetic: str = "", ideographic: str = "", phonetic: str = "") -> PersonName:
        """The name of three groups, without trailing empty ones."""
        return cls("=".join((alphabetic, ideographic, phonetic)).rstrip("="))
