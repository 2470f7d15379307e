"""One module per technique of 別表第1; each counts what it does."""

from kaigo.deidentify.techniques.add_noise import AddNoise
from kaigo.deidentify.techniques.add_pseudo_data import AddPseudoData
from kaigo.deidentify.techniques.average_per_period import AveragePerPeriod
from kaigo.deidentify.techniques.band_birth import BandBirth
from kaigo.deidentify.techniques.base import Technique
from kaigo.deidentify.techniques.blank_rarest_codes import BlankRarestCodes
from kaigo.deidentify.techniques.blank_small_groups import BlankSmallGroups
from kaigo.deidentify.techniques.cut_at_fixed import CutAtFixed
from kaigo.deidentify.techniques.delete_cells import DeleteCells
from kaigo.deidentify.techniques.delete_item import DeleteItem
from kaigo.deidentify.techniques.delete_rare_answers import DeleteRareAnswers
from kaigo.deidentify.techniques.delete_rare_combinations import DeleteRareCombinations
from kaigo.deidentify.techniques.delete_records import DeleteRecords
from kaigo.deidentify.techniques.delete_small_groups import DeleteSmallGroups
from kaigo.deidentify.techniques.delete_super_aged import DeleteSuperAged
from kaigo.deidentify.techniques.drop_extreme_months import DropExtremeMonths
from kaigo.deidentify.techniques.fix_per_period import FixPerPeriod
from kaigo.deidentify.techniques.generalise_birth import GeneraliseBirth
from kaigo.deidentify.techniques.generalise_date import GeneraliseDate
from kaigo.deidentify.techniques.generalise_to_month import GeneraliseToMonth
from kaigo.deidentify.techniques.k_anonymise import KAnonymise
from kaigo.deidentify.techniques.keep import Keep
from kaigo.deidentify.techniques.keep_promise import KeepPromise
from kaigo.deidentify.techniques.lift_code import LiftCode
from kaigo.deidentify.techniques.merge_options import MergeOptions
from kaigo.deidentify.techniques.merge_small_groups import MergeSmallGroups
from kaigo.deidentify.techniques.merge_to_problem import MergeToProblem
from kaigo.deidentify.techniques.microaggregate import Microaggregate
from kaigo.deidentify.techniques.roll_up_rare_codes import RollUpRareCodes
from kaigo.deidentify.techniques.sample_persons import SamplePersons
from kaigo.deidentify.techniques.swap_values import SwapValues
from kaigo.deidentify.techniques.top_code import BottomCode, TopCode
from kaigo.deidentify.techniques.top_code_birth import TopCodeBirth

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
        BottomCode(),
        BandBirth(),
        LiftCode(),
        MergeToProblem(),
        BlankRarestCodes(),
        DropExtremeMonths(),
        FixPerPeriod(),
        AveragePerPeriod(),
        BlankSmallGroups(),
        DeleteCells(),
        DeleteRecords(),
        DeleteSmallGroups(),
        DeleteRareCombinations(),
        CutAtFixed(),
        TopCodeBirth(),
        GeneraliseBirth(),
        MergeOptions(),
        AddNoise(),
        SwapValues(),
        Microaggregate(),
        MergeSmallGroups(),
        AddPseudoData(),
        GeneraliseDate(),
        KeepPromise(),
        KAnonymise(),
        SamplePersons(),
    )
}
"""Techniques by the name that a standard uses."""

__all__ = ["TECHNIQUES", "Technique"]
