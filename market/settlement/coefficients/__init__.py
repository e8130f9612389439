"""The file in which a Spanish community tells its distributor who gets which part of the common generation."""

from market.settlement.coefficients.codes import cau_of, is_cau, is_cups
from market.settlement.coefficients.reading import FileError, FileFaults, SharingFile, read
from market.settlement.coefficients.writing import CRLF, LF, file_name, shares_ppm, write

__all__ = [
    "CRLF",
    "LF",
    "FileError",
    "FileFaults",
    "SharingFile",
    "cau_of",
    "file_name",
    "is_cau",
    "is_cups",
    "read",
    "shares_ppm",
    "write",
]
