"""The processing standard (加工基準) as data, one module per technique, pseudonyms, ledger, release."""

from kaigo.deidentify.forget import forget_release
from kaigo.deidentify.key import Key
from kaigo.deidentify.make import make_release
from kaigo.deidentify.release import Release
from kaigo.deidentify.standard import Rule, Standard, check_standard, list_standards, load_standard

__all__ = [
    "Key",
    "Release",
    "Rule",
    "Standard",
    "check_standard",
    "forget_release",
    "list_standards",
    "load_standard",
    "make_release",
]
