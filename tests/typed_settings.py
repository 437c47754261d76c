"""The product's settings as mypy's Django plugin loads them: with the variables of the tests."""

from pathlib import Path

from tests import variables

# mypy ends without cleaning up after its plugins: a folder that is there anyway.
variables.use(Path(__file__).resolve().parents[1] / ".mypy_cache" / "data")

from flowweb.settings import *  # noqa: E402, F403 - only after the variables are set
