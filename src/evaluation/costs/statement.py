"""What a reader must be told about an economic evaluation; what nobody said is marked, never dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from evaluation.costs.prices import BASE_YEAR
from evaluation.language import Words, listed, percent

if TYPE_CHECKING:
    import pandas as pd

NOT_REPORTED = Words("chưa báo cáo", "not reported")
# What people gain or lose and no budget shows; printed with every result so that a ratio is not read as the whole.
NOT_VALUED = (
    Words("sự an toàn", "safety"),
    Words("phẩm giá", "dignity"),
    Words("lòng tin vào dịch vụ", "trust in services"),
    Words("thời gian của tình nguyện viên và đồng đẳng viên", "time of volunteers and peer workers"),
    Words("thời gian và chi phí đi lại của người sử dụng dịch vụ", "time and travel of the people served"),
    Words("lợi ích về sau quá thời hạn xem xét", "gains after the horizon"),
)
# Items of CHEERS 2022 in its order, by number.
_ITEMS: Mapping[str, tuple[int, Words]] = {
    "comparator": (7, Words("So với", "Compared with")),
    "perspective": (8, Words("Góc nhìn chi phí", "Perspective")),
    "horizon": (9, Words("Thời hạn", "Time horizon")),
    "discount_rate": (10, Words("Tỷ lệ chiết khấu một năm", "Discount rate a year")),
    "outcomes": (11, Words("Kết quả được đo, kể cả điều có hại", "Outcomes measured, harms included")),
    "price_year": (15, Words("Năm giá và đồng tiền", "Price date and currency")),
    "groups": (19, Words("Phân bố giữa các nhóm", "Distribution over groups")),
    "uncertainty": (20, Words("Độ không chắc chắn", "Uncertainty")),
    "engagement": (21, Words("Sự tham gia của người liên quan", "Engagement of those affected")),
    "limits": (26, Words("Giới hạn", "Limits")),
    "not_valued": (26, Words("Điều không quy ra tiền được", "What cannot be valued")),
}


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What an economic evaluation says of itself.

    Attributes
    ----------
    perspective, horizon, comparator : Words or None
        Whose costs count; over how long; against what. None where not said.
    discount_rate : float or None
        A year; 0 says "not discounted", None "not reported".
    price_year : int
        Year of the dong.
    outcomes, groups, uncertainty, engagement, limits : Words or None
    not_valued : tuple of Words
        What cannot be valued; never empty.

    References
    ----------
    Husereau et al. 2022, Consolidated Health Economic Evaluation Reporting
    Standards 2022 (CHEERS 2022), BMJ 376:e067975.
    """

    perspective: Words | None = None
    horizon: Words | None = None
    comparator: Words | None = None
    discount_rate: float | None = None
    price_year: int = BASE_YEAR
    outcomes: Words | None = None
    groups: Words | None = None
    uncertainty: Words | None = None
    engagement: Words | None = None
    limits: Words | None = None
    not_valued: tuple[Words, ...] = NOT_VALUED

    def __post_init__(self) -> None:
        if not self.not_valued:
            raise ValueError(
                "not_valued không được để trống: luôn có điều không quy ra tiền được. / "
                "not_valued must not be empty: something always cannot be valued."
            )

    def table(self, language: str) -> pd.DataFrame:
        """Return item (number in CHEERS 2022), what, said; what nobody said is marked as not reported."""
        import pandas as pd

        rows = [(*_ITEMS[f.name], self._said(f.name, language)) for f in fields(self)]
        made = pd.DataFrame([(n, what[language], said) for n, what, said in rows], columns=["item", "what", "said"])
        return made.sort_values("item", kind="stable").reset_index(drop=True)

    def _said(self, name: str, language: str) -> str:
        value = getattr(self, name)
        if value is None:
            return NOT_REPORTED[language]
        match name:
            case "discount_rate":
                return percent(value, language)
            case "price_year":
                return Words("giá {y}, đồng Việt Nam", "prices of {y}, Vietnamese dong")[language].format(y=value)
            case "not_valued":
                return listed([w[language] for w in value], language)
        return str(value[language])
