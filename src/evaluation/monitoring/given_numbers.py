"""Numbers that a caller hands over: read as floats with NaN for what is missing, or refused in both languages."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Floats: TypeAlias = NDArray[np.float64]
# pandas' own marks of what is missing, told by name: pandas itself need not be loaded.
_MISSING = frozenset({"NAType", "NaTType"})


def absent(x: object) -> bool:
    """Tell whether a value says that there is none: None, NaN, or a mark of pandas (NA, NaT)."""
    return x is None or type(x).__name__ in _MISSING or bool(x != x)


def floats(values: Any, name: str) -> _Floats:
    """Return numbers as floats of their shape.

    Parameters
    ----------
    values : array_like
        Numbers of any kind, also of columns that may hold pandas' NA; what is missing becomes NaN.
    name : str
        The parameter, for the message.

    Raises
    ------
    ValueError
        If there is text (which reads "1.234" otherwise in Vietnamese than in English), a date, a complex number or a
        table with rows of different lengths.
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise _wrong(name) from None
    if array.dtype.kind in "fiub":
        return np.asarray(array, dtype=np.float64)
    if array.dtype.kind != "O":
        raise _wrong(name)
    flat = [np.nan if absent(x) else x for x in array.ravel().tolist()]
    if not all(isinstance(x, Real | Decimal | np.bool_) for x in flat):
        raise _wrong(name)
    return np.array([float(x) for x in flat]).reshape(array.shape)


def not_negative(values: Any, name: str) -> _Floats:
    """Return numbers as floats that are finite and not negative, or missing.

    Raises
    ------
    ValueError
        As `floats`, or if a number is negative or infinite.
    """
    array = floats(values, name)
    if np.any(array < 0) or np.any(np.isinf(array)):
        raise ValueError(
            f"Tham số {name} phải là số hữu hạn, không âm; để trống (NaN) nếu chưa báo cáo. / "
            f"Parameter {name} must be finite and not negative; leave it missing (NaN) where not reported."
        )
    return array


def finite(values: Any, name: str) -> _Floats:
    """Return numbers as floats that are finite, or missing.

    Raises
    ------
    ValueError
        As `floats`, or if a number is infinite.
    """
    array = floats(values, name)
    if np.any(np.isinf(array)):
        raise ValueError(f"Tham số {name} phải hữu hạn. / Parameter {name} must be finite.")
    return array


def single(value: Any, name: str) -> float:
    """Return one number as a float; numpy's narrow integers, which wrap around when they are multiplied, too.

    Raises
    ------
    ValueError
        If it is missing, infinite, no number or more than one.
    """
    array = floats(value, name)
    if array.ndim or not np.isfinite(array):
        raise ValueError(f"Tham số {name} phải là một số hữu hạn, không để trống. / Parameter {name} must be one finite number.")
    return float(array)


def whole(value: Any, name: str, least: int = 1) -> int:
    """Return a whole number that is not below the least.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if single(value, name) < least or not single(value, name).is_integer():
        raise ValueError(
            f"Tham số {name} phải là số nguyên từ {least}, đang là {value!r}. / "
            f"Parameter {name} must be a whole number from {least} on, it is {value!r}."
        )
    return int(value)


def broadcast(*arrays: ArrayLike) -> tuple[Any, ...]:
    """Return arrays broadcast against each other.

    Raises
    ------
    ValueError
        If their shapes do not fit.
    """
    try:
        return np.broadcast_arrays(*arrays)
    except ValueError:
        shapes = ", ".join(str(np.shape(a)) for a in arrays)
        raise ValueError(
            f"Các dãy số có kích thước không khớp nhau: {shapes}. / The shapes of the numbers do not fit each other: {shapes}."
        ) from None


def between_0_and_1(value: Any, name: str = "level", example: float = 0.95) -> float:
    """Return a number between 0 and 1, both left out.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    single = isinstance(value, Real) and not isinstance(value, bool)
    if not single or not 0 < value < 1:
        vi, en = ("Độ tin cậy level", "level") if name == "level" else (f"Tham số {name}", name)
        raise ValueError(
            f"{vi} phải nằm giữa 0 và 1, đang là {value!r}. / {en} must be between 0 and 1 (such as {example}), it is {value!r}."
        )
    return float(value)


def _wrong(name: str) -> ValueError:
    return ValueError(
        f"Tham số {name} phải gồm các con số; chữ, ngày tháng và bảng không đều thì không đọc được. / "
        f"Parameter {name} must hold numbers; text, dates and ragged tables are not read."
    )
