"""The product's settings with two more addresses: views that do nothing, for the figures to stand beside."""

from flowweb.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
