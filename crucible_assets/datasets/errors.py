"""What can be wrong with a dataset.

DatasetError
├── CellsDoNotFitError     cells, rows and variables do not form one table
├── ColumnClashError       two columns would have the same name
├── SpecError              the variables themselves contradict each other
└── GoldError              a gold file cannot be read
"""


class DatasetError(ValueError):
    """Any error of the dataset stage."""


class CellsDoNotFitError(DatasetError):
    """A cell occurs twice, or belongs to no row or no variable; or a row occurs twice."""


class ColumnClashError(DatasetError):
    """Two columns of the wide table would have the same name."""


class SpecError(DatasetError):
    """The dataset's variables cannot be made into columns or rules."""


class GoldError(DatasetError):
    """A gold file cannot be read; the message names file and line."""
