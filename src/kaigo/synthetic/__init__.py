"""Synthetic care tables: persons, diseases, latent state, survey, level; pattern of use, benefits."""

from kaigo.synthetic.faults import Fault, read_faults
from kaigo.synthetic.faults_score import find_rejected_sound_rows, score_intake
from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.presets import load_presets, plan_from_preset
from kaigo.synthetic.summary import Summary, summarise
from kaigo.synthetic.synthesize import synthesize

__all__ = [
    "Fault",
    "Summary",
    "SynthesisPlan",
    "find_rejected_sound_rows",
    "load_presets",
    "plan_from_preset",
    "read_faults",
    "score_intake",
    "summarise",
    "synthesize",
]
