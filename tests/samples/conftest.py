"""Lets the tests import the study's generator, a script that stands outside the packages."""

import sys

from tests.samples.reading import STUDY

sys.path.insert(0, str(STUDY))
