from apps.generation.models.candidates import LostSongSearch
from apps.generation.models.chains import Chain, ChainStep
from apps.generation.models.job_events import JobEvent
from apps.generation.models.jobs import Job, State
from apps.generation.models.ledger import Hold, SendLedger
from apps.generation.models.lending_requests import LendingRequest
from apps.generation.models.panel import Lease, PanelVersion
from apps.generation.models.presets import Preset
from apps.generation.models.seen_jobs import SeenJob
from apps.generation.models.sweeps import Sweep, SweepCell

__all__ = [
    "Chain",
    "ChainStep",
    "Hold",
    "Job",
    "JobEvent",
    "Lease",
    "LendingRequest",
    "LostSongSearch",
    "PanelVersion",
    "Preset",
    "SeenJob",
    "SendLedger",
    "State",
    "Sweep",
    "SweepCell",
]
