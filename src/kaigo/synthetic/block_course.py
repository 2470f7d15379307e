"""One block from persons to course: the part of the generator that knows nothing of services and lines."""

from __future__ import annotations

from dataclasses import dataclass

from kaigo.synthetic.catalogue import load_catalogue
from kaigo.synthetic.course import Course, follow_course
from kaigo.synthetic.diseases import Diseases, draw_diseases
from kaigo.synthetic.onsets import Months, find_onsets
from kaigo.synthetic.parameters import Parameters
from kaigo.synthetic.persons import Persons, draw_persons
from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.profiles import Starts, draw_starts
from kaigo.synthetic.providers import Providers, place_providers
from kaigo.synthetic.streams import Block


@dataclass(frozen=True)
class BlockCourse:
    """1ブロックの人と、その経過。``onset``: see :func:`kaigo.synthetic.onsets.find_onsets`."""

    persons: Persons
    starts: Starts
    diseases: Diseases
    providers: Providers
    course: Course
    onset: Months


def follow_block(
    block: Block, plan: SynthesisPlan, parameters: Parameters, forced_arm: int | None = None
) -> BlockCourse:
    """1ブロックの人を引き、最後の月まで追う。

    Parameters
    ----------
    forced_arm : int, optional
        Everybody in home care (要介護) gets this arm: the replay that gives true effects.
    """
    kinds = load_catalogue().kinds
    persons = draw_persons(block, plan, parameters)
    starts = draw_starts(block, persons, parameters)
    diseases = draw_diseases(block, persons, starts.profile, parameters)
    providers = place_providers(block, plan, persons, kinds, parameters.providers)
    course = follow_course(block, plan, persons, starts, diseases, providers, kinds, parameters, forced_arm)
    onset = find_onsets(block, persons, starts, diseases, course.theta, course.event, parameters)
    return BlockCourse(persons, starts, diseases, providers, course, onset)
