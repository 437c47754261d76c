"""The product's settings with one more address: a view that does nothing, for the figures to stand beside."""

from flowweb.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
