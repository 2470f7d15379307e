"""Synthetic care tables: persons, diseases, latent state, survey, level; pattern of use, benefits."""

from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.summary import Summary, summarise
from kaigo.synthetic.synthesize import synthesize

__all__ = ["Summary", "SynthesisPlan", "summarise", "synthesize"]
