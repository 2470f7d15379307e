"""The full-domain generalisation of a flat table with the least loss that reaches k (k-匿名化)."""

from kaigo.deidentify.k_anonymity.hierarchy import Hierarchy, read_hierarchies, read_hierarchy
from kaigo.deidentify.k_anonymity.run import KAnonymised, k_anonymize_table
from kaigo.deidentify.k_anonymity.search import Found, search_lattice

__all__ = [
    "Found",
    "Hierarchy",
    "KAnonymised",
    "k_anonymize_table",
    "read_hierarchies",
    "read_hierarchy",
    "search_lattice",
]
