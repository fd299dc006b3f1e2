"""What a row of the mutation tables is.

A row is a number with the rules' numbers of `flows.py` (letters tell several breaks of one rule apart), the source
file, what to find in it, and what is broken. Where only a part of the text is to be replaced, it stands in ‹ ›, and the
rest says where. Rows of the same number are one break. Three things can be done:

  swap   an expression is another one
  omit   a statement is left out
  also   something more is done before a statement
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """One place that a break changes."""

    kind: str
    id: str
    file: str
    text: str
    broken: str
    what: str
    only: str

    @property
    def number(self) -> str:
        """The rule's number, without the letters."""
        return re.sub(r"(\d)[a-z]+$", r"\1", self.id)


def swap(id: str, file: str, text: str, broken: str, what: str = "", only: str = "") -> Edit:
    """`broken` instead of an expression. `only`: of the checks of this rule, those with this text in their name."""
    return Edit("swap", id, file, text, broken, what, only)


def omit(id: str, file: str, text: str, what: str = "", only: str = "") -> Edit:
    """A statement less."""
    return Edit("omit", id, file, text, "", what, only)


def also(id: str, file: str, text: str, more: str, what: str = "", only: str = "") -> Edit:
    """Statements more, before one."""
    return Edit("also", id, file, text, more, what, only)
