"""Research data published by others, found by name and checked by hash: known answers for our estimators.

The data are not part of the project, since their licences differ. They are looked for, in this order, in the folder
named by ``$EVALUATION_PUBLISHED``, in ``data/published/`` of the checkout (git-ignored), and in ``../shared/gold`` next
to the checkout. A file whose SHA-256 differs from the one known here is refused: numbers would not be comparable.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from evaluation.language import Words
from evaluation.settings import folders

if TYPE_CHECKING:
    import pandas as pd

FOLDER_VARIABLE = "EVALUATION_PUBLISHED"
EXPECT_VARIABLE = "EVALUATION_EXPECT_PUBLISHED"


class PublishedDataMissing(FileNotFoundError):
    """A published data set is not at hand, or is not the version that the project knows."""


@dataclass(frozen=True)
class Dataset:
    """One published data set.

    Attributes
    ----------
    name : str
        Name asked for, and the stem of the file.
    content : Words
        What a row is.
    citation : str
        The study or book it was published with.
    where : str
        Where anybody can fetch it.
    sha256 : str
        Hash of the one version that our tests know.
    separator : str
        Column separator of the file.
    """

    name: str
    content: Words
    citation: str
    where: str
    sha256: str
    separator: str = ","

    @property
    def filename(self) -> str:
        """Name of the file in whichever folder holds it."""
        return f"{self.name}.csv"


_KNOWN = (
    Dataset(
        "prop99",
        Words("Số bao thuốc lá bán ra trên đầu người, 39 bang, 1970-2000", "Cigarette packs per head, 39 states, 1970-2000"),
        "Abadie, Diamond, Hainmueller 2010 (JASA 105:493); Arkhangelsky et al. 2021 (AER 111:4088)",
        "https://github.com/synth-inference/synthdid",
        "550d24c2f743507d097692d181bdbbf36c6168a39a0b6fc831cc89d98082f7de",
        separator=";",
    ),
    Dataset(
        "mpdta",
        Words(
            "Việc làm của thanh thiếu niên và lương tối thiểu theo hạt, 2003-2007", "County teen employment and minimum wages, 2003-2007"
        ),
        "Callaway, Sant'Anna 2021 (J. Econometrics 225:200)",
        "https://github.com/d2cml-ai/csdid",
        "2283bea1221a152420f98dfa20f633c5d054ea51d881115c8cd702a97bcd3167",
    ),
    Dataset(
        "sicily",
        Words("Biến cố mạch vành cấp theo tháng, Sicilia, 2002-2006", "Monthly acute coronary events, Sicily, 2002-2006"),
        "Lopez Bernal, Cummins, Gasparrini 2017 (Int. J. Epidemiology 46:348)",
        "https://github.com/gasparrini/2017_lopezbernal_IJE_codedata",
        "63a867b3fc8748425ff27a28202c19b4c2741e69a1ab753ad8e77c4e56457dda",
    ),
    Dataset(
        "germany",
        Words("GDP đầu người và biến dự báo, 17 nước, 1960-2003", "GDP per head and predictors, 17 countries, 1960-2003"),
        "Abadie, Diamond, Hainmueller 2015 (AJPS 59:495)",
        "https://github.com/sdfordham/pysyncon",
        "c59ff635faaf43729eaefdf5e9a4584fc3112a56fdab84b9ac5f78e1b6302e83",
    ),
    Dataset(
        "orangejuice",
        Words("Số hộp lỗi trong 54 mẫu, mỗi mẫu 50 hộp nước cam", "Defective cans in 54 samples of 50 cans of orange juice"),
        "Montgomery, Introduction to Statistical Quality Control",
        "https://github.com/luca-scr/qcc",
        "c7ff2008d4af098e8e073681ac37bf6d13bab3bc01b7f0decf54077ad7dafb99",
    ),
    Dataset(
        "circuit",
        Words("Số lỗi trong các mẫu 100 bảng mạch", "Nonconformities in samples of 100 circuit boards"),
        "Montgomery, Introduction to Statistical Quality Control",
        "https://github.com/luca-scr/qcc",
        "31ba222ad9f217ae17b11fa60460d3f7677787e200983956111422a3e5bea767",
    ),
    Dataset(
        "xmr20",
        Words("Chuỗi thử 20 giá trị của biểu đồ XmR", "Test series of 20 values for the XmR chart"),
        "Snapshot tests of NHSRplotthedots",
        "https://github.com/nhs-r-community/NHSRplotthedots",
        "d0a3ca686ccc11d30e2f3dcfe5bd0e92d78cc71c5ae83a73d7392393028c6fe0",
    ),
    Dataset(
        "raudenbush1985",
        Words("19 nghiên cứu về kỳ vọng của giáo viên", "19 studies of teacher expectancy"),
        "Raudenbush 2009 (Handbook of Research Synthesis and Meta-Analysis, 2nd ed., table 16.3)",
        "https://github.com/wviechtb/metadat",
        "c05bed77103867dc2f16f615050114040f1a85a108d407a4b5f4f307e87d3992",
    ),
    Dataset(
        "smoking",
        Words("Proposition 99 kèm biến dự báo, 39 bang, 1970-2000", "Proposition 99 with predictors, 39 states, 1970-2000"),
        "Abadie, Diamond, Hainmueller 2010 (JASA 105:493)",
        "https://github.com/edunford/tidysynth",
        "6030405afe1e89b666b95b108f3af51c8c03174ef22e0e2663e1d644bc6b08a6",
    ),
)

DATASETS: Mapping[str, Dataset] = MappingProxyType({dataset.name: dataset for dataset in _KNOWN})


def searched() -> tuple[Path, ...]:
    """Return the folders that are searched, first to last.

    Returns
    -------
    tuple of Path
        ``$EVALUATION_PUBLISHED`` where set, ``data/published`` of the checkout, ``../shared/gold`` next to it.
    """
    root = folders().root
    chosen = os.environ.get(FOLDER_VARIABLE)
    first = (Path(chosen),) if chosen else ()
    return (*first, root / "data" / "published", root.parent / "shared" / "gold")


def expected() -> bool:
    """Tell whether absence counts as a failure (``EVALUATION_EXPECT_PUBLISHED=1``, set by continuous integration)."""
    return os.environ.get(EXPECT_VARIABLE, "") == "1"


def available(name: str) -> bool:
    """Tell whether the known version of a data set is at hand.

    Parameters
    ----------
    name : str
        A key of `DATASETS`.

    Raises
    ------
    KeyError
        If the project knows no data set of that name.
    """
    try:
        path(name)
    except PublishedDataMissing:
        return False
    return True


def path(name: str) -> Path:
    """Return the file of a published data set, after checking its hash.

    Parameters
    ----------
    name : str
        A key of `DATASETS`, such as "prop99".

    Raises
    ------
    KeyError
        If the project knows no data set of that name.
    PublishedDataMissing
        If no folder holds the version that the project knows; the message says where it is published.
    """
    dataset = _known(name)
    different = False
    for folder in searched():
        file = folder / dataset.filename
        if not file.is_file():
            continue
        if _hash(file, file.stat().st_mtime_ns) == dataset.sha256:
            return file
        different = True
    raise PublishedDataMissing(_missing(dataset, different))


def load(name: str) -> pd.DataFrame:
    """Return a published data set as its authors wrote it.

    Parameters
    ----------
    name : str
        A key of `DATASETS`.

    Raises
    ------
    KeyError
        If the project knows no data set of that name.
    PublishedDataMissing
        If the version that the project knows is not at hand.
    """
    import pandas as pd

    return pd.read_csv(path(name), sep=_known(name).separator)


def figures() -> pd.DataFrame:
    """Return the published figures of the field, one row a figure, every column as text.

    The values stay text because some are ranges ("0.7-2.6"); `evaluation.monitoring.reported_figures` reads the numbers.

    Returns
    -------
    DataFrame
        Columns id, measure, population, place, period, value, unit, interval_low, interval_high, numerator,
        denominator, source_title, source_year, source_address; missing entries are empty strings.

    Raises
    ------
    FileNotFoundError
        If the project's own table of figures is not there.
    """
    import pandas as pd

    file = folders().data / "reference" / "published_figures.csv"
    if not file.is_file():
        raise FileNotFoundError(
            "Không có data/reference/published_figures.csv; tệp này thuộc dự án, hãy lấy lại từ kho mã. / "
            "data/reference/published_figures.csv is not there; it is part of the project, restore it from the repository."
        )
    return pd.read_csv(file, dtype=str, keep_default_na=False)


def _known(name: str) -> Dataset:
    try:
        return DATASETS[name]
    except KeyError:
        names = ", ".join(sorted(DATASETS))
        raise KeyError(
            f"Không có bộ dữ liệu công bố tên “{name}”; có: {names}. / No published data set is called “{name}”; there are: {names}."
        ) from None


@cache
def _hash(file: Path, modified: int) -> str:
    # The time of change is part of the key so that a file put right is read again.
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _missing(dataset: Dataset, different: bool) -> str:
    vi = "có nhưng khác bản dự án biết (SHA-256 khác)" if different else "chưa có trên máy này"
    en = "is here in a version that the project does not know (its SHA-256 differs)" if different else "is not on this machine"
    return (
        f"Dữ liệu công bố {dataset.filename} {vi}. Nguồn: {dataset.citation}; {dataset.where}. "
        f"Đặt tệp vào data/published/ hoặc đặt {FOLDER_VARIABLE} là thư mục chứa tệp (SHA-256 {dataset.sha256}). / "
        f"Published data {dataset.filename} {en}. Source: {dataset.citation}; {dataset.where}. "
        f"Put the file into data/published/ or set {FOLDER_VARIABLE} to the folder that holds it (SHA-256 {dataset.sha256})."
    )
