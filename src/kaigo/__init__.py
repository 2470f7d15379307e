"""kaigo: the workbook for de-identified long-term-care insurance data (介護データの行政機関等匿名加工情報)."""

from importlib.metadata import version

__version__ = version("kaigo")
