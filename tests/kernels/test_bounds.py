"""What a kernel may print and take."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from evaluation.kernels.bounds import CUT, Bound

LIMITED = "from evaluation.kernels.bounds import limit_memory; limit_memory(256 * 2**20); {}"


def test_what_fits_is_printed_as_it_is():
    out = io.StringIO()
    write = Bound(10).over(out.write)
    assert write("12345") == 5
    write("67890")
    assert out.getvalue() == "1234567890"


def test_what_does_not_fit_ends_with_one_sentence():
    out, err, bound = io.StringIO(), io.StringIO(), Bound(10)
    first, second = bound.over(out.write), bound.over(err.write)
    first("12345678")
    second("ABCDEF")
    first("more")
    second("more")
    assert out.getvalue() == "12345678"
    assert err.getvalue() == "AB" + CUT


def test_every_cell_may_print_as_much():
    out, bound = io.StringIO(), Bound(4)
    write = bound.over(out.write)
    write("12345")
    bound.again()
    write("1234")
    assert out.getvalue() == "1234" + CUT + "1234"


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of Linux")
@pytest.mark.parametrize(("size", "ends"), [(2**27, 0), (2**29, 1)])
def test_memory_is_limited_beyond_what_the_process_has(size: int, ends: int):
    done = subprocess.run([sys.executable, "-c", LIMITED.format(f"bytearray({size})")], capture_output=True, text=True, check=False)
    assert done.returncode == ends
    assert ("MemoryError" in done.stderr) == bool(ends)
