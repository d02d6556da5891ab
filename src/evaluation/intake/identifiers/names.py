"""Names of people: family name, middle names, given name in any usual writing; titles and labels before a name."""

from __future__ import annotations

import re

from evaluation.intake.identifiers.words import bares, keys, lists, place_beginnings, places
from evaluation.intake.identifiers.writing import Word, Writing

PERSON = "IN-030"
_LONGEST = 5  # words of a name
_JOINED = frozenset({" ", "-", " - ", ".", "_", " ,"})
_INITIALS = re.compile(r"[A-ZĐ](?:\. ?[A-ZĐ]){0,3}\.?(?![^\W\d_])")
# Family names that are words of English or of unmarked headings: they need more than one word behind them.
_SHORT_FAMILIES = frozenset({"do", "ho", "vo", "le", "vu", "to", "la", "ta"})
_PROSE_FAMILIES = frozenset({"nguyen", "tran", "pham", "huynh", "bui", "ngo", "dang", "vo", "le", "hoang"})
_TITLED_FAMILIES = _PROSE_FAMILIES | {"phan", "truong", "dinh", "trinh", "vu", "do"}  # in small letters, with their marks
_CLEAR_FAMILIES = frozenset({"nguyen", "tran", "pham", "huynh", "bui", "ngo"})  # hardly ever another word
_CERTAIN_MIDDLES = frozenset({"thi", "van"})
_NAME_LABEL = re.compile(
    r"(?<![a-z])(?:ho (?:va )?ten|ten (?:goi|thuong goi|khach|khach hang|la|that)"
    r"|nguoi (?:lap|lap bieu|bao cao|lien he|phu trach|ky|tong hop|"
    r"nhap|nhap lieu|duyet|kiem tra|tao|soan|sua|cap nhat)|(?:pho )?(?:giam doc|chu tich|truong phong)"
    r"|full name|name|ten|bi danh|biet danh|nan nhan|chu co so|chu quan|"
    r"prepared by|reported by|contact(?: person)?|author"
    r"|can bo|nhan vien|khach hang|doi tuong|benh nhan|hoc vien|chu ho)(?: ky ten)? ?[:\-] ?"
)
# Initials in place of the first words: "N.T.Hoa", "Ng. Thị Hoa".
_FIRST_INITIALS = re.compile(r"(?<![\w.])(?:(?:[A-ZĐ]|Ng|Tr|Ph|Th|Hg)\. ?){1,3}(?=[A-ZĐ])")
# A title cut to its letter and tied to the name: "c.Hạnh"; "c. Kết quả" counts paragraphs.
_TIED_TITLE = re.compile(r"(?<![\w.])[abcôoe]\.(?=[A-ZĐ])")
# The same with a space, in a sentence: "số này c. Hạnh báo"; "mục c. Kết quả" and a new line count paragraphs.
_SPACED_TITLE = re.compile(r"(?<=[a-z]) [abcôoe]\. (?=[A-ZĐ])")
_COUNTED_BY_LETTERS = frozenset({"muc", "diem", "khoan", "phan", "y", "bang", "cau", "nhom", "gom", "cot", "phu", "luc"})
# Words that go on behind a person; behind other words ("hiệu quả", "tuyên truyền") the first one is only a syllable.
_BEHIND_PERSONS = frozenset(
    {"bao", "gui", "goi", "noi", "nhan", "nhap", "sua", "tinh", "bo", "lay", "cho", "da", "chua", "dang", "se", "lam", "xac", "o"}
    | {"ben", "phuong", "quan", "phong", "to", "khu", "ap", "hoi", "tram", "cong", "phu", "va", "voi", "nho", "bi", "co", "moi", "thi"}
)
_ORDINARY = frozenset(
    {"trang", "nam", "nữ", "thu", "chi", "quý", "công", "an", "thanh", "thành", "bình", "phương", "lợi", "y"}
)  # given names too
# Given names that say of what kind, how good or which one: "Chính", "Phụ" under "cán bộ".
_GRADES = frozenset({"chính", "phụ", "trưởng", "phó", "trực", "thường", "khá", "đạt", "tất", "chung", "tính", "hiện", "ký", "em", "gái"})
_WEAK_LABELS = ("ten ", "ten:", "ten-", "name", "can bo", "nhan vien", "khach hang", "doi tuong")
_CALLED = re.compile(r"(?<![a-z])(?:ten(?: that)?(?: la)?|bi danh|biet danh|goi la) [\"']?(?=[a-z])")


def holds_name(writing: Writing) -> bool:
    """Return whether somebody's name stands in a text."""
    words = writing.words
    if not words:
        return False
    if _shaped(writing) or _titled(writing) or _announced(writing) or _initialled(writing):
        return True
    return any(_squashed(w.bare) for w in words if len(w.text) >= 8)


def signed(writing: Writing) -> bool:
    """Return whether a comment begins with who wrote it, as office programs put it: "Hạnh: …"."""
    words = writing.words
    if len(words) < 2 or words[0].start > 0 or not words[0].capital or not writing.gap(0).startswith(":"):
        return False
    ordinary = words[0].key in _ORDINARY or not _exact(writing, words[0])
    return not ordinary and words[0].key in keys("given") and _place_at(writing, 0) == 0


def looks_like_name(writing: Writing) -> bool:
    """Return whether a whole cell could be a name: enough in a column of them, or under a heading that may mean names."""
    words = writing.words
    if not 2 <= len(words) <= _LONGEST or writing.digits or not _only_words(writing):
        return False
    if _place_at(writing, 0) == len(words) or (words[0].bare in bares("before_place") and words[0].key not in keys("family")):
        return False
    if " ".join(w.bare for w in words[:2]) in bares("not_a_name"):
        return False
    return _family(writing, words[0], weak=True) and all(_given(writing, w) for w in words[1:])


def family_part(writing: Writing) -> bool:
    """Return whether a whole cell is a family name, with middle names or without."""
    words = writing.words
    return (
        1 <= len(words) <= 3
        and not writing.digits
        and words[0].capital
        and _only_words(writing)
        and _family(writing, words[0], weak=len(words) > 1)
        and all(_given(writing, w) for w in words[1:])
        and _place_at(writing, 0) == 0
    )


def given_part(writing: Writing) -> bool:
    """Return whether a whole cell is a given name, with a middle name or without."""
    words = writing.words
    return (
        1 <= len(words) <= 2 and not writing.digits and words[0].capital and _only_words(writing) and all(_given(writing, w) for w in words)
    )


def family_alone(writing: Writing) -> bool:
    """Return whether a whole cell is one of the frequent family names."""
    return len(writing.words) == 1 and _only_words(writing) and _family(writing, writing.words[0], weak=True)


def given_alone(writing: Writing) -> bool:
    """Return whether a whole cell is one given name, as written with its marks, and no everyday word."""
    words = writing.words
    return (
        len(words) == 1
        and words[0].capital
        and _only_words(writing)
        and words[0].key in keys("given")
        and words[0].key not in _ORDINARY | _GRADES
    )


def _only_words(writing: Writing) -> bool:
    return all(c.isalpha() or c in " .'-*\"" for c in writing.text)


def _exact(writing: Writing, word: Word) -> bool:
    """Return whether marks are to be compared: a word without them says nothing in a text without them."""
    return not word.text.isascii() or (writing.marked and word.start not in writing.unmarked_runs)


def _family(writing: Writing, word: Word, weak: bool) -> bool:
    names = ("family", "family_also_a_word") if weak else ("family",)
    return word.key in keys(*names) if _exact(writing, word) else word.bare in bares(*names)


def _given(writing: Writing, word: Word) -> bool:
    lists = ("given", "middle", "family")
    return word.key in keys(*lists) if _exact(writing, word) else word.bare in bares(*lists)


def _initialled(writing: Writing) -> bool:
    """Return whether initials stand for the first words of a name, or a title is cut to its letter."""
    if "." not in writing.text:
        return False
    at = {w.start: place for place, w in enumerate(writing.words)}
    for m in _FIRST_INITIALS.finditer(writing.text):
        place = at.get(m.end())
        if place is None or _place_at(writing, place):
            continue
        word, following = writing.words[place], writing.words[place + 1 : place + 2]
        middle = word.bare in _CERTAIN_MIDDLES and bool(following) and following[0].capital and writing.gap(place) == " "
        if middle and _given(writing, following[0]):
            return True
        if m[0].count(".") >= 2 and word.key in keys("given") and not (following and writing.gap(place) == " "):
            return True
    for m in _TIED_TITLE.finditer(writing.text):
        place = at.get(m.end())
        alone = place is not None and (place + 1 == len(writing.words) or writing.gap(place) != " ")
        if place is not None and alone and _exact(writing, writing.words[place]) and writing.words[place].key in keys("given"):
            return True
    return any(_spaced_title(writing, at[m.end()]) for m in _SPACED_TITLE.finditer(writing.text) if m.end() in at)


def _spaced_title(writing: Writing, place: int) -> bool:
    """Return whether the given name at a place stands alone behind a title's letter and a word of the sentence."""
    words = writing.words
    word, before = words[place], words[place - 2] if place >= 2 else None
    if before is None or before.capital or before.bare in _COUNTED_BY_LETTERS or word.key in _ORDINARY or not _exact(writing, word):
        return False
    goes_on = place + 1 < len(words) and writing.gap(place) == " " and words[place + 1].bare not in _BEHIND_PERSONS
    return word.key in keys("given") and not goes_on and not _place_at(writing, place)


def _joined(writing: Writing, place: int) -> bool:
    return writing.gap(place) in _JOINED


def _place_at(writing: Writing, place: int) -> int:
    """Return of how many words the name of a ward, district, province or street is that begins at a place."""
    if writing.words[place].bare not in place_beginnings():
        return 0
    words = writing.words[place : place + _LONGEST]
    marked, plain = places()
    for count in range(len(words), 0, -1):
        if any(not _joined(writing, place + n) for n in range(count - 1)):
            continue
        if tuple(w.key for w in words[:count]) in marked:
            return count
        if all(w.text.isascii() for w in words[:count]) and not writing.marked and tuple(w.bare for w in words[:count]) in plain:
            return count
    return 0


def _after_place_word(writing: Writing, place: int) -> bool:
    """Return whether a word for a kind of place stands before: "đường", "phường", "trường"."""
    if place == 0:
        return False
    word = writing.words[place - 1]
    if word.bare == "vien" and "ệ" not in word.text.lower() and (place < 2 or writing.words[place - 2].bare not in ("cong", "benh")):
        return False  # "công viên" is a park; "học viên", "nhân viên", "cộng tác viên" are people
    known = word.key in keys("before_place") if _exact(writing, word) else word.bare in bares("before_place_bare")
    return known and re.fullmatch(r"[ .:]{1,2}|\. ?", writing.gap(place - 1)) is not None


def _shaped(writing: Writing) -> bool:
    """Return whether words follow each other as family name, middle and given name, or reversed."""
    words, place = writing.words, 0
    while place < len(words):
        known = _place_at(writing, place)
        # A known place that goes on like a name ("Nguyễn Huệ Lan") is not that place.
        if known and not _goes_on(writing, place + known, writing.words[place]):
            place += known
            continue
        if _after_place_word(writing, place) and words[place].capital and _family(writing, words[place], weak=True):
            place = _end_of_capitals(writing, place)
            continue
        if _name_at(writing, place) or _reversed_at(writing, place):
            return True
        place += 1
    return False


def _goes_on(writing: Writing, place: int, first: Word) -> bool:
    words = writing.words
    return (
        place < len(words)
        and writing.gap(place - 1) == " "
        and words[place].capital
        and first.key in keys("family")
        and not writing.shouted
        and _given(writing, words[place])
        and words[place].bare not in bares("before_place")
    )


def _end_of_capitals(writing: Writing, place: int) -> int:
    end = place + 1
    while end < len(writing.words) and end - place < _LONGEST and writing.gap(end - 1) == " " and writing.words[end].capital:
        end += 1
    return end


def _name_at(writing: Writing, place: int) -> bool:
    words = writing.words
    first = words[place]
    strong = _family(writing, first, weak=False)
    if not strong and not _family(writing, first, weak=True):
        return False
    rest = [w for n, w in enumerate(words[place + 1 : place + _LONGEST]) if all(_joined(writing, k) for k in range(place, place + n + 1))]
    whole = place == 0 and len(words) == len(rest) + 1 and _only_words(writing)
    if _initials_after(writing, place, rest, strong) or (place == 0 and _with_comma(writing, strong)):
        return True
    if not rest or (f"{first.bare} {rest[0].bare}" in bares("not_a_name") and _mistaken(writing, first, rest)):
        return False
    certain = rest[0].bare in _CERTAIN_MIDDLES and (not _exact(writing, rest[0]) or rest[0].key in keys("middle"))
    if not first.capital:
        return _small_name(writing, place, rest, certain, strong, whole)
    capitals = [w for n, w in enumerate(rest) if all(r.capital for r in rest[: n + 1])]
    if not capitals:
        return whole and strong and len(rest) >= 2 and all(_given(writing, w) for w in rest)
    if not strong and _exact(writing, first) is False and not certain:
        return whole and 2 <= len(rest) <= 3 and all(_given(writing, w) for w in rest) and writing.shouted is False
    if certain and len(capitals) >= 2:
        return True if strong or not writing.shouted else whole and all(_given(writing, w) for w in rest)
    if certain and len(rest) == 1 and whole:
        return strong
    givens = sum(_given(writing, w) for w in capitals[:2])
    if writing.shouted or not _exact(writing, first):
        return _plain_name(writing, first, capitals, givens, strong, whole)
    if len(capitals) >= 2:
        return givens >= 1 and _given(writing, capitals[0]) if strong else givens == 2
    return strong and givens == 1 and capitals[0].key not in keys("before_place")


def _with_comma(writing: Writing, strong: bool) -> bool:
    """Return whether a whole cell is a family name, a comma and the rest: "Võ, Thanh Kiệt"."""
    words = writing.words
    return (
        strong
        and 2 <= len(words) <= 4
        and writing.gap(0) == ", "
        and all(writing.gap(n) == " " for n in range(1, len(words) - 1))
        and all(w.capital for w in words)
        and all(_given(writing, w) for w in words[1:])
    )


def _mistaken(writing: Writing, first: Word, rest: list[Word]) -> bool:
    """Return whether a pair is a word of the office ("phản ánh") and no name: by its marks, or where there are none, by its length."""
    if _exact(writing, first) and not writing.shouted and first.capital and rest[0].capital and len(rest) >= 2 and rest[1].capital:
        return not (_given(writing, rest[0]) and _given(writing, rest[1]))
    if not first.text.isascii() or not rest[0].text.isascii():
        return True
    if rest[0].bare in _CERTAIN_MIDDLES and len(rest) >= 2 and _given(writing, rest[1]):
        whole = len(rest) == len(writing.words) - 1 == 2
        # "Dang_Van_Tham_bao_cao": three words with capitals, and none behind them.
        apart = first.capital and rest[0].capital and rest[1].capital and not any(w.capital for w in rest[2:3])
        if whole or (apart and not writing.shouted):
            return False
    return not (len(rest) >= 2 and all(_given(writing, w) for w in rest[:2]) and first.bare in _CLEAR_FAMILIES)


def _plain_name(writing: Writing, first: Word, capitals: list[Word], givens: int, strong: bool, whole: bool) -> bool:
    """Judge a name in capitals or without marks, where every other word looks the same."""
    if not strong:
        return whole and 2 <= len(capitals) <= 3 and all(_given(writing, w) for w in capitals)
    if len(capitals) >= 2:
        return givens == 2
    if writing.shouted and not whole:
        return False
    return givens == 1 and (whole or first.bare not in _SHORT_FAMILIES)


def _small_name(writing: Writing, place: int, rest: list[Word], certain: bool, strong: bool, whole: bool) -> bool:
    """Judge a name without capitals."""
    first = writing.words[place]
    if len(rest) < 2 or not strong:
        return False
    if whole and len(rest) <= 3 and all(_given(writing, w) for w in rest) and (certain or first.bare in _PROSE_FAMILIES or writing.marked):
        return True
    if _exact(writing, first):
        titled = place > 0 and writing.words[place - 1].key in keys("title") and writing.gap(place - 1) == " "
        sure = certain or (titled and first.bare in _TITLED_FAMILIES and _given(writing, rest[0]))
        return sure and first.key in keys("family") and _given(writing, rest[1])
    return certain and first.bare in ("nguyen", "tran", "pham", "huynh", "bui") and _given(writing, rest[1])


def _initials_after(writing: Writing, place: int, rest: list[Word], strong: bool) -> bool:
    """Return whether initials stand for the rest of a name: "Nguyễn Thị H.", "Nguyễn T.H"."""
    if not strong or not writing.words[place].capital:
        return False
    after = place
    if rest and rest[0].bare in _CERTAIN_MIDDLES and len(rest[0].text) > 1:
        after = place + 1
    elif writing.words[place].bare in _SHORT_FAMILIES and not _exact(writing, writing.words[place]):
        return False
    if after + 1 >= len(writing.words) or writing.gap(after) not in (" ", "."):
        return False
    m = _INITIALS.match(writing.text, writing.words[after + 1].start)
    return m is not None and not (writing.shouted and after == place and "." not in m[0])


def _reversed_at(writing: Writing, place: int) -> bool:
    """Return whether the family name comes last: "Hoa Nguyễn", "Thị Hoa Nguyễn", "Hoa, Nguyễn Thị"."""
    words = writing.words
    first = words[place]
    if not first.capital or not _given(writing, first) or (writing.shouted and len(words) > 4):
        return False
    if place and writing.gap(place - 1) == " " and words[place - 1].capital and _exact(writing, first):
        return False
    for count in (2, 3, 4):
        here = words[place : place + count]
        if len(here) < count or not here[-1].capital:
            return False
        gap = writing.gap(place + count - 2)
        last = here[-1]
        frequent = last.bare in (_PROSE_FAMILIES | {"phan", "truong", "dinh", "trinh", "vu", "do", "ho", "duong"}) and _family(
            writing, last, weak=False
        )
        if frequent and gap in (" ", ", "):
            tail = place + count
            if gap == ", ":
                # A list of places also goes on with a comma: only a middle name behind the family name makes it a person's.
                return tail < len(words) and words[tail].bare in _CERTAIN_MIDDLES and words[tail].capital and writing.gap(tail - 1) == " "
            if last.bare in _SHORT_FAMILIES and not _exact(writing, last):
                return False
            if _place_at(writing, place + count - 1):
                return False
            at_end = tail == len(words) or writing.gap(tail - 1) != " " or not words[tail].capital
            return at_end and not _after_place_word(writing, place) and (count > 2 or _reversed_pair(writing, place))
        if gap != " " or not _given(writing, last):
            return False
    return False


def _reversed_pair(writing: Writing, place: int) -> bool:
    """Return whether two words alone are given and family name: only where they are all there is, or written with care."""
    words = writing.words
    last = words[place + 1]
    if len(words) == 2 and _only_words(writing):
        return last.bare in _PROSE_FAMILIES or not writing.text.isascii()
    return last.bare in ("nguyen", "tran", "pham", "huynh") and not writing.shouted


def _titled(writing: Writing) -> bool:
    """Return whether a title with a name stands in a text: "chị Hoa", "bà N.T.H", "Mr. Nam"."""
    words = writing.words
    for place, word in enumerate(words[:-1]):
        if _exact(writing, word):
            if word.key not in keys("title") and word.bare not in ("ms", "mr", "mrs", "miss"):
                continue
        elif word.bare not in bares("title_ascii") or (word.capital and word.bare in ("chi", "anh", "em")):
            continue
        gap = writing.gap(place)
        if gap not in (" ", ". ", ": ", ".", ' "', " '") or (writing.shouted and place + 3 < len(words)):
            continue
        following = words[place + 1]
        if following.bare == "ten" and place + 2 < len(words):
            following = words[place + 2]
            if following.bare == "la" and place + 3 < len(words):
                following = words[place + 3]
        # "Anh Hùng" may be a street; with a small letter, and no word for a place before it, "anh Hùng" is a man.
        street = not _given(writing, following) or word.capital or _place_at(writing, place) != 2 or _after_place_word(writing, place)
        if not following.capital or (_place_at(writing, place) and street and not _after_title_goes(writing, place)):
            continue
        if _INITIALS.match(writing.text, following.start) and (following.bare != "q" and following.bare != "p"):
            return True
        if "." in gap and word.bare not in ("ms", "mr", "mrs", "miss"):
            continue
        if (_given(writing, following) or _family(writing, following, weak=True)) and not _after_place_word(writing, place):
            return True
    return False


def _after_title_goes(writing: Writing, place: int) -> bool:
    """Return whether more than the known place stands there: "Cô Giang Thị Hoa"."""
    return _goes_on(writing, place + _place_at(writing, place), writing.words[place])


def _announced(writing: Writing) -> bool:
    """Return whether a label announces a name: "họ tên: …", "người lập biểu: …", "tên là …"."""
    for m in _NAME_LABEL.finditer(writing.bare):
        after = writing.text[m.end() : m.end() + 60]
        behind = Writing(after)
        if not behind.words or behind.words[0].start > 1 or not (behind.words[0].capital or m[0].startswith(("ho", "full"))):
            continue
        # "name": what a column of the form is called; only a name's shape counts behind the shorter labels.
        first = behind.words[0]
        certain = m[0].startswith(("ho ten", "ho va ten", "full")) and not _harmless(behind)
        if certain and (first.capital or (":" in m[0] and _given(behind, first))):
            return True
        # "Người liên hệ: …" announces a person even where a street has the same name.
        known = _place_at(behind, 0) if f"{m[0]} ".startswith(_WEAK_LABELS) else 0
        if not known and (_given(behind, first) or _family(behind, first, weak=True)) and _alone_or_name(behind):
            return True
    at = {w.start: place for place, w in enumerate(writing.words)}
    for m in _CALLED.finditer(writing.bare):
        word = writing.words[at[m.end()]] if m.end() in at else None
        named = word is not None and word.capital and not word.text.isupper() and _exact(writing, word) and _given(writing, word)
        if word is not None and named and not _place_at(writing, at[word.start]):
            return True
    return False


def _harmless(writing: Writing) -> bool:
    return writing.bare.split(".")[0].strip() in bares("harmless_entry") or writing.words[0].bare in ("khong", "chua", "ghi", "ky")


def _alone_or_name(writing: Writing) -> bool:
    """Return whether what follows a label ends after one to five words with capitals."""
    words = writing.words
    count = 1
    while count < len(words) and count < 6 and words[count].capital and writing.gap(count - 1) == " ":
        count += 1
    return count >= 2 or len(words) == 1 or writing.gap(0) != " "


def _squashed(word: str) -> bool:
    """Return whether a word without spaces is a name: "nguyenthihoa"."""
    for family in (
        "nguyen",
        "tran",
        "pham",
        "huynh",
        "hoang",
        "phan",
        "dang",
        "bui",
        "ngo",
        "dinh",
        "truong",
        "le",
        "vo",
        "vu",
        "do",
        "ho",
    ):
        rest = word.removeprefix(family)
        if rest == word:
            continue
        for middle in ("thi", "van"):
            last = rest.removeprefix(middle)
            if last != rest and (
                last in bares("given")
                or any(last[:n] in bares("given") and last[n:] in bares("given") for n in range(2, min(len(last), 8)))
            ):
                return True
        if any(word.startswith(pair.replace(" ", "")) for pair in lists()["not_a_name"]):
            continue
        if (
            len(family) >= 4
            and family not in ("truong", "hoang")
            and any(rest[:n] in bares("given", "middle") and rest[n:] in bares("given") for n in range(2, min(len(rest), 8)))
        ):
            return True
    return False
