"""What a run extracts with: models, prompts, settings and what was learnt about them. The same for all documents."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
import numpy.typing as npt

from crucible_assets.extractions.plan import Asked
from crucible_assets.learning.calibration import NO_CURVES, Curves
from resources.models.gateway import Gateway
from resources.project import Project


@dataclass(frozen=True, slots=True)
class Means:
    """`verifier` is the gateway of the second model, where there is one; `executor` where values are decided.

    `query_vectors` holds, for a variable, the unit vector of what is searched for it in long documents.
    """

    gateway: Gateway
    project: Project
    asked: Mapping[str, Asked]
    task_id: UUID | None = None
    executor: Executor | None = None
    verifier: Gateway | None = None
    curves: Curves = NO_CURVES
    query_vectors: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
