"""What can go wrong when files are made from a dataset.

ExportError
└── TooLargeForFormatError    the dataset does not fit the format's limits
"""


class ExportError(ValueError):
    """Any error of the export stage."""


class TooLargeForFormatError(ExportError):
    """A table has more rows or columns than the format can hold."""
