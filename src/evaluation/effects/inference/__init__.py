"""The ways to judge an estimate by name; each is loaded when it is first asked for."""

from __future__ import annotations

from evaluation.effects.by_name import named
from evaluation.effects.judgement import Inference
from evaluation.language import Words

_ROOMS = {
    "placebo": "placebo_space:placebo_in_space",
    "placebo_ratio": "placebo_space:placebo_ratio",
    "placebo_studentised": "placebo_space:placebo_studentised",
    "placebo_time": "placebo_time:placebo_in_time",
    "conformal": "conformal:conformal",
    "ferman_pinto": "ferman_pinto:ferman_pinto",
    "conley_taber": "conley_taber:conley_taber",
    "randomisation": "randomisation:randomisation",
    "jackknife": "jackknife:jackknife_plus",
    "cluster": "clustered:cluster_robust",
    "wild_bootstrap": "clustered:wild_bootstrap",
}
NAMES = tuple(_ROOMS)
LABELS = {
    "placebo": Words("hoán vị giả dược", "placebo permutation"),
    "placebo_ratio": Words("hoán vị giả dược theo tỷ số sai số", "placebo permutation of the ratio of errors"),
    "placebo_studentised": Words("hoán vị giả dược chuẩn hóa", "studentised placebo permutation"),
    "placebo_time": Words("giả dược theo thời gian", "placebo in time"),
    "conformal": Words("hoán vị các kỳ (Chernozhukov và cộng sự)", "conformal permutation of periods"),
    "ferman_pinto": Words("hiệu chỉnh Ferman-Pinto", "Ferman-Pinto correction"),
    "conley_taber": Words("phân phối Conley-Taber", "Conley-Taber distribution"),
    "randomisation": Words("hoán vị theo bốc thăm", "randomisation inference"),
    "jackknife": Words("bỏ ra từng đơn vị so sánh", "jackknife+ over donors"),
    "cluster": Words("sai số chuẩn theo cụm", "cluster-robust errors"),
    "wild_bootstrap": Words("lấy mẫu lại theo cụm", "wild cluster bootstrap"),
}


def inference(name: str) -> Inference:
    """Return a way to judge by its id.

    Raises
    ------
    ValueError
        If there is none of that name; the message names the nearest.
    """
    found: Inference = named(name, __name__, _ROOMS, Words("cách kiểm định", "inference"))
    return found
