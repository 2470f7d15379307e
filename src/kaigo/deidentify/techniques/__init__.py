"""One module per technique of 別表第1; each counts what it does."""

from kaigo.deidentify.techniques.base import Technique
from kaigo.deidentify.techniques.delete_item import DeleteItem
from kaigo.deidentify.techniques.delete_rare_answers import DeleteRareAnswers
from kaigo.deidentify.techniques.delete_super_aged import DeleteSuperAged
from kaigo.deidentify.techniques.generalise_to_month import GeneraliseToMonth
from kaigo.deidentify.techniques.k_anonymise import KAnonymise
from kaigo.deidentify.techniques.keep import Keep
from kaigo.deidentify.techniques.roll_up_rare_codes import RollUpRareCodes
from kaigo.deidentify.techniques.top_code import TopCode

TECHNIQUES: dict[str, Technique] = {
    technique.name: technique
    for technique in (
        DeleteItem(),
        Keep(),
        GeneraliseToMonth(),
        DeleteSuperAged(),
        DeleteRareAnswers(),
        RollUpRareCodes(),
        TopCode(),
        KAnonymise(),
    )
}
"""Techniques by the name that a standard uses."""

__all__ = ["TECHNIQUES", "Technique"]
