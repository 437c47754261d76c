"""The product's settings with transfers that are cut after seconds rather than half a minute."""

from apps import transfers
from tests.faults.unhashed import *  # noqa: F403

transfers.MEASURED_OVER_S = 4.0
transfers.LOOKED_AT_EVERY_S = 0.2
