"""`kaigo …`, one verb a stage. Messages are Japanese; a user's error exits 2 without a traceback."""

from kaigo.cli.app import main

__all__ = ["main"]
