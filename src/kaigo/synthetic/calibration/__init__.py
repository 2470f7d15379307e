"""Calibration of the generator: refit its numbers to published tables, and show what was reached."""

from kaigo.synthetic.calibration.calibrate import Calibration, calibrate
from kaigo.synthetic.calibration.compare import Moment, compare_moments
from kaigo.synthetic.calibration.parameter_file import read_parameters

__all__ = ["Calibration", "Moment", "calibrate", "compare_moments", "read_parameters"]
