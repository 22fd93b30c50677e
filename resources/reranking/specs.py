"""How a reranker is named: by the environment for an installation, by its settings for a project."""

import re

RERANKER_PATTERN = r"^(none|maxsim|endpoint:[\x21-\x7e]{1,190})$"
RERANKER = re.compile(RERANKER_PATTERN)
RERANKER_FORMS = "`none`, `maxsim` or `endpoint:<model>`"
