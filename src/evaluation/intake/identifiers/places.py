"""Where somebody can be found: house addresses, names of establishments, coordinates; and electronic addresses."""

from __future__ import annotations

import re
from functools import cache

from evaluation.intake.identifiers.words import bares, keys, lists, places, streets
from evaluation.intake.identifiers.writing import Word, Writing, bare, key

EMAIL, ADDRESS, VENUE, COORDINATES, PERSON = "IN-033", "IN-034", "IN-038", "IN-039", "IN-030"

_EMAIL = re.compile(
    r"[\w.+\-]{1,64} ?(?:@|[\[({<] ?(?:at|a cong|a moc) ?[\])}>]| a cong ) ?[a-z0-9][\w\-]{0,60}"
    r"(?: ?(?:\.|[\[({<] ?(?:dot|cham) ?[\])}>]| dot | cham ) ?[a-z]{2,})"
    r"|[\w.+\-]{1,64} ?(?:@|[\[({<] ?(?:at|a cong|a moc) ?[\])}>]) ?(?:gmail|yahoo|hotmail|outlook|icloud|ymail)"
    r"|[\w.+\-]{2,64} at (?:gmail|yahoo|hotmail|outlook|icloud|ymail)\b"
)
_FREE_MAIL = re.compile(r"(?:gmail|yahoo|hotmail|outlook|icloud|ymail)(?:\.| dot | cham |\[dot\])com|mailto:(?!\s*$)")
_SOCIAL = re.compile(r"(?:facebook|fb|zalo|tiktok|instagram|messenger|m\.me|t\.me)(?:\.com|\.me)?/[\w@.]{3}")

_HOUSE = re.compile(
    r"(?<![a-z])so nha ?:? ?\d|(?<![a-z])nha (?:so|tro so|thue so) ?\d|(?<![a-z])nha \d+[a-z]?(?:/\d+[a-z]?)+"
    r"|(?<![a-z])(?:hem|hxh|ngo|ngach|kiet|alley|lane)\.? ?(?:so |no\.? ?)?\d"
    r"|(?<![a-z])khu pho ?\d|(?<![a-z])k\.?p\.? ?\d|(?<![a-z])to dan pho ?(?:so ?)?\d|(?<![a-z])tdp ?\d"
    r"|(?<![a-z])ap ?\d{1,2}(?![\d.]* ?(?:nguoi|dung))(?!\w)|(?<![a-z])to ?\d{1,3},? ?-? ?(?:khu pho|kp|ap\b|to dan pho)"
    r"|(?<![a-z])can ho ?(?:so ?)?[a-z]{0,2}[.\-]?\d|(?<![a-z])(?:apartment|apt|flat|room)\.? ?(?:no\.? ?)?[a-z]?\d"
    r"|(?<![a-z])phong (?:tro )?(?:so ?)?\d{2,4}(?! ?(?:nguoi|luot|ca\b|vien|buoi|can bo|kham))"
    r"|(?<![a-z])phong (?:tro )?so ?\d"
    r"|(?<![a-z])(?:chung cu|cu xa)[^\d\n,.;]{0,40}(?:,? ?(?:lo|block|toa|can|phong|tang|thap))\.? ?[a-z]?\d?"
    r"|(?<![a-z])(?:lo|block|toa) [a-z]?\d{0,3}[a-z]?,? (?:chung cu|cu xa)"
    r"|(?<![a-z])p\.? ?\d{2,4},? (?:chung cu|cu xa|nha tro|khach san)"
    r"|(?<![a-z])duong [^\d\n,.;:]{2,40},? ?so(?: nha)? ?\d"
    r"|(?<![a-z])(?:dia chi|noi o|cho o|thuong tru|tam tru|ho khau|noi cu tru|hktt|address)(?: hien nay| tai| o)?"
    r" ?:? ?(?:tai |o |so |so nha )?"
    r"\d+[a-z]?(?:/\d+)*"
    r"(?! ?(?:nguoi|luot|ho\b|phuong|quan|dia|co so|%|truong hop|ngay|thang))"
    r"|(?<![a-z])\d+[a-z]?(?:/\d+[a-z]?)* [a-z]+(?: [a-z]+){0,4} (?:street|st|road|rd|avenue|ave)(?![a-z])"
)
# "Khu phố 3, khu phố 4": several of one kind are where something was done, and nobody's home.
_AREAS = re.compile(
    r"(?<![a-z])(khu pho|to dan pho|ap) ?\d{1,2}(?:(?:,|;| va)? {0,2}\1 ?\d{1,2})+(?:,? va (?:khu pho|to dan pho|ap) ?\d{1,2})?(?![\d/])"
)
# What a profile is called behind the word for its network; a plain word there ("zalo: nhom") is none.
_PROFILE = re.compile(r"(?<![a-z])(?:facebook|fb|zalo|tiktok|instagram|messenger|skype|viber) ?: ?(@?[a-z][\w.]{4,40})")
_BLOCK = re.compile(
    r"(?<![a-z])(?:lo|block|toa) [a-z]\d{0,3},? (?:chung cu|cu xa) [a-z]"
    r"|(?<![a-z])(?:chung cu|cu xa) [^\d\n,.;]{0,40},? (?:lo|block|toa) [a-z](?![a-z])"
)
_LABEL_ADDRESS = re.compile(
    r"(?<![a-z])(?:dia chi(?: nha| thuong tru| tam tru| lien he)?|noi o|cho o|thuong tru|tam tru|hktt|noi cu tru|que quan) ?: ?(?=[a-z])"
)
_NUMBERED = re.compile(r"(?<![\w./\-,])(?:so )?(\d{1,4}[a-z]?(?: ?bis)?(?:[/\-]\d{1,4}[a-z]?){0,5}),? (duong |pho )?(?=[a-z])")
_ROAD_NUMBER = re.compile(r"(?<![\w./\-])\d{1,4}[a-z]?(?:bis)?(?:/\d{1,4}[a-z]?)*,? duong so ?\d")
_NOT_A_HOUSE = re.compile(
    r"(?:ngay|thang|nam|quy|tu|den|quan|phuong|q\.?|p\.?|hom|lop|khoa|to|doi|doan|muc|phan|dieu|khoan|bang|phu luc|ky|dot|lan|"
    r"ward|district|"
    r"nghi dinh|ke hoach|quyet dinh|luat|khu|vung|cong van|thong tu|mau|bieu)(?: so)? ?$"
)

_LATITUDE, _LONGITUDE = r"(?:[89]|1\d|2[0-4])", r"(?:10[2-9]|110)"
_PAIR = re.compile(
    rf"(?<![\d.,]){_LATITUDE}[.,]\d{{3,}}\s?°?\s?[nb]?\s{{0,2}}[,;/|\- ]\s{{0,2}}{_LONGITUDE}[.,]\d{{3,}}(?!\d)"
    rf"|(?<![\d.,]){_LONGITUDE}[.,]\d{{3,}}\s?°?\s?[ed]?\s{{0,2}}[,;/|\- ]\s{{0,2}}{_LATITUDE}[.,]\d{{3,}}(?!\d)"
    rf"|(?<![\d.,]){_LATITUDE}[.,]\d{{3,}}[^\d\n]{{1,24}}{_LONGITUDE}[.,]\d{{3,}}(?!\d)"
)
_LONE = re.compile(rf"(?<![\d.,]){_LONGITUDE}[.,]\d{{4,}}(?!\d)")
_DEGREES = re.compile(rf"(?<!\d)(?:{_LATITUDE}|{_LONGITUDE}) ?(?:°|º|do) ?\d{{1,2}}(?:[.,]\d+)? ?(?:['′`´]|phut|\")")
_MINUTES = re.compile(rf"(?<![a-z0-9])(?:[nb] ?{_LATITUDE}|[ed] ?{_LONGITUDE})[ °]{{1,2}}\d{{1,2}}[.,]\d{{2,}}")
_GEO_LABEL = re.compile(
    rf"(?<![a-z])(?:toa do|vi do|kinh do|gps|lat(?:itude)?|long(?:itude)?|lng|lon)(?![a-z])"
    rf"[^\d\n]{{0,12}}(?:{_LATITUDE}|{_LONGITUDE})[.,]\d{{2,}}"
)
_MAP = re.compile(
    r"maps?\.google|google\.[a-z.]{2,8}/maps|goo\.gl/maps|maps\.app\.goo|openstreetmap\.org|bing\.com/maps|maps\.apple|geo:\d|waze\.com/ul|map\.zalo|osm\.org"
)
_PLUS_CODE = re.compile(r"(?<![\w+])(?=[A-Z0-9+]*\d)(?=[A-Z0-9+]*[A-Z])[23456789CFGHJMPQRVWX]{4,8}\+[23456789CFGHJMPQRVWX]{2,3}(?![\w+])")


def kinds(writing: Writing, counted: bool = False) -> set[str]:
    """Return the kinds of whereabouts in a text."""
    found: set[str] = set()
    low = writing.bare
    if ("@" in low or " at " in low or "cong" in low or "moc" in low or "[" in low or "(" in low or "{" in low or "<" in low) and _email(
        low
    ):
        found.add(EMAIL)
    if _FREE_MAIL.search(low):
        found.add(EMAIL)
    if ("/" in low and _SOCIAL.search(low)) or (":" in low and _profile(low)):
        found.add(PERSON)
    if _coordinates(writing, counted):
        found.add(COORDINATES)
    if writing.words:
        if _address(writing):
            found.add(ADDRESS)
        if _venue(writing):
            found.add(VENUE)
    return found


def _profile(low: str) -> bool:
    """Return whether a network's name is followed by what somebody is called there: letters with digits, dots or a dash below."""
    return any(re.search(r"[\d_@]|\.\w", m[1]) for m in _PROFILE.finditer(low))


def _email(low: str) -> bool:
    # Looked for around its sign only, so that a long text costs no more than its length.
    for sign in re.finditer(r"@|[\[({<] ?(?:at|a cong|a moc) ?[\])}>]| a cong | at (?=gmail|yahoo|hotmail|outlook|icloud|ymail)", low):
        if _EMAIL.search(low, max(0, sign.start() - 40), sign.end() + 80):
            return True
    return False


def _coordinates(writing: Writing, counted: bool) -> bool:
    low = writing.bare
    if _MAP.search(low) or ("+" in low and _PLUS_CODE.search(writing.text)):
        return True
    if not writing.digits:
        return False
    if _PAIR.search(low) or _DEGREES.search(low) or _MINUTES.search(low) or _GEO_LABEL.search(low):
        return True
    return not counted and _LONE.search(low) is not None


def _address(writing: Writing) -> bool:
    low = writing.bare
    if _LABEL_ADDRESS.search(low) and _told(writing):
        return True
    if _BLOCK.search(low):
        return True
    if not writing.digits:
        return False
    apart = _AREAS.sub(lambda m: "#" * len(m[0]), low)
    if any(not _unmarked_only(m[0], writing, m.start()) for m in _HOUSE.finditer(apart)) or _ROAD_NUMBER.search(low):
        return True
    return any(_numbered(writing, m) for m in _NUMBERED.finditer(low))


_MARKED_FORMS = (
    ("ngo ", "ngõ"),
    ("hem ", "hẻm"),
    ("ap ", "ấp"),
    ("ap", "ấp"),
    ("kiet ", "kiệt"),
    ("to ", "tổ"),
    ("phong ", "phòng"),
    ("can ho", "căn hộ"),
)


def _unmarked_only(matched: str, writing: Writing, start: int) -> bool:
    """Return whether a word of an address is another word when its marks are read: "áp", "ngơ", "phóng", "tô"."""
    shown = writing.text[start : start + len(matched)].lower()
    for unmarked, marked in _MARKED_FORMS:
        if matched.startswith(unmarked):
            return not (shown.startswith(marked) or (shown.isascii() and (not writing.marked or matched.startswith(("hem", "ngach")))))
    return False


def _told(writing: Writing) -> bool:
    """Return whether a proper name follows the label of an address."""
    for m in _LABEL_ADDRESS.finditer(writing.bare):
        after = writing.text[m.end() : m.end() + 60]
        if after[:1].isupper() and re.search(r"\d", after):
            return True
        words = tuple(bare(w) for w in after.replace(",", " ").split()[:5])
        if any(words[:n] in streets()[1] for n in range(2, 6)) or words[:1] in (("duong",), ("hem",), ("ap",), ("khu",)):
            return True
    return False


def _numbered(writing: Writing, m: re.Match[str]) -> bool:
    """Return whether a number with a street behind it is a house."""
    if _NOT_A_HOUSE.search(writing.bare[max(0, m.start() - 16) : m.start()]):
        return False
    number, road = m[1], m[2] or ""
    after = writing.text[m.end() : m.end() + 60]
    if not after[:1].isupper() and not (road and not writing.marked):
        return False
    if re.fullmatch(r"(?:19|20)\d\d", number) and not road:
        return False
    words = re.match(r"(?:[^\W\d_]+ ?){1,6}", after)
    names = tuple(bare(w) for w in (words[0] if words else "").split())
    if not names:
        return False
    capitals = sum(w[:1].isupper() for w in (words[0] if words else "").split()[:3])
    if road:
        return capitals >= 1 and names[0] not in {"day", "sat", "pho", "bo", "truyen", "tinh", "loi", "thuy"}
    if any(names[:n] in streets()[1] for n in range(1, 6)):
        return True
    slash = "/" in number
    family = names[0] in bares("family", "family_also_a_word")
    if slash:
        return capitals >= 2 and (family or (len(names) > 1 and names[1] in bares("given"))) and names[0] not in bares("before_place_bare")
    return (
        family
        and names[0] in bares("family")
        and capitals >= 2
        and len(names) >= 2
        and names[1] in bares("given", "middle")
        and " ".join(names[:2]) not in bares("not_a_name")
    )


@cache
def _venue_words() -> tuple[dict[str, list[tuple[str, ...]]], dict[str, list[tuple[str, ...]]]]:
    """Return the words for establishments by their first word, longest first: with marks and without."""
    marked: dict[str, list[tuple[str, ...]]] = {}
    plain: dict[str, list[tuple[str, ...]]] = {}
    for phrase in sorted(lists()["venue"], key=len, reverse=True):
        parts = phrase.split()
        marked.setdefault(key(parts[0]), []).append(tuple(key(p) for p in parts))
        # Without marks some of them are other words: quan is a district, tiem an injection, co so a basis.
        if bare(phrase) not in {"quan", "tiem", "co so", "nn", "club", "cong ty", "internet", "uon toc"}:
            plain.setdefault(bare(parts[0]), []).append(tuple(bare(p) for p in parts))
    return marked, plain


def _venue(writing: Writing) -> bool:
    words = writing.words
    marked, plain = _venue_words()
    place = 0
    while place < len(words):
        length = _matched(writing, place, marked, plain)
        if length == 0:
            place += 1
            continue
        if _named_after(writing, place, place + length) or _named_before(writing, place, length):
            return True
        place += length
    return False


def _matched(writing: Writing, place: int, marked: dict[str, list[tuple[str, ...]]], plain: dict[str, list[tuple[str, ...]]]) -> int:
    """Return of how many words a word for establishments is that begins at a place; 0 if none does."""
    words = writing.words
    length = 0
    for phrase in marked.get(words[place].key, ()):
        if tuple(w.key for w in words[place : place + len(phrase)]) == phrase and _together(writing, place, len(phrase)):
            length = len(phrase)
            break
    if words[place].text.isascii():
        for phrase in plain.get(words[place].bare, ()):
            here = words[place : place + len(phrase)]
            if tuple(w.bare for w in here) == phrase and all(w.text.isascii() for w in here) and _together(writing, place, len(phrase)):
                # "cafe vong" is longer than "cafe", which is written so with marks too.
                return max(length, len(phrase))
    return length


def _together(writing: Writing, place: int, count: int) -> bool:
    return all(writing.gap(n) in (" ", "-", " - ") for n in range(place, place + count - 1))


_NUMBERS = frozenset({"hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín", "mười"})


def _stop(word: Word, two: str) -> bool:
    """Return whether a word with a capital is no proper name of an establishment."""
    marked = word.key in keys("not_a_venue_name") or two in bares("not_a_venue_name")
    return marked or (word.text.isascii() and word.bare in bares("not_a_venue_name"))


def _named_after(writing: Writing, place: int, following: int) -> bool:
    words = writing.words
    gap = writing.gap(following - 1)
    quoted = re.fullmatch(r"(?: ten(?: la)?)? ?:? ?[\"'«“(]{1,2}", bare(gap)) is not None
    if following >= len(words):
        return (
            re.match(r" (?:so )?\d{2,4}$", gap) is not None
            and len(words) == following
            and place == 0
            and words[place].bare in ("karaoke", "massage", "quan", "spa", "bar")
        )
    # "quán tên Hoa Sen", "nhà nghỉ có tên Hoa Sen"
    if words[following].bare == "ten" and following + 1 < len(words) and words[following + 1].capital and gap == " ":
        return True
    if not quoted and gap not in (" ", " - ", "-") and not re.fullmatch(r" (?:so )?\d{1,4} ", gap):
        return False
    word = words[following]
    two = f"{word.bare} {words[following + 1].bare}" if following + 1 < len(words) else word.bare
    if _matched(writing, following, *_venue_words()):
        return False
    if quoted:
        return (word.capital or "(" not in gap) and not _stop(word, two)
    # "Ba Gà", "Ba Miền": a number with a capital behind it is a name; "ba cơ sở" is none.
    counted = word.key in _NUMBERS and following + 1 < len(words) and words[following + 1].capital and writing.gap(following) == " "
    if not word.capital or (_stop(word, two) and (not counted or writing.shouted)):
        return False
    if re.search(r"\d", gap):
        return words[place].bare in ("quan", "karaoke") and not writing.shouted
    if (words[place].bare == "co" and following - place == 2) or words[place].bare in ("cong", "nn"):
        # "cơ sở": a plain word, so that only two capitals make a name of what follows.
        two_capitals = following + 1 < len(words) and words[following + 1].capital and writing.gap(following) == " "
        return two_capitals and not writing.shouted and not (_district(writing, following) and place > 0 and _many(writing, place))
    if _district(writing, following) and place > 0 and _many(writing, place):
        return False
    return not (writing.shouted and place > 0 and _many(writing, place))


def _many(writing: Writing, place: int) -> bool:
    """Return whether several establishments are meant."""
    before = writing.text[max(0, writing.words[place].start - 14) : writing.words[place].start].lower()
    return re.search(r"(?:các|những|nhiều|mọi|số|\d|cơ sở|cac|nhieu) ?$", before) is not None


def _district(writing: Writing, place: int) -> bool:
    words = writing.words[place : place + 4]
    marked, plain = places()
    known, forms = (marked, [w.key for w in words]) if writing.marked else (plain, [w.bare for w in words])
    return any(tuple(forms[:n]) in known for n in range(1, 5))


def _named_before(writing: Writing, place: int, length: int) -> bool:
    """Return whether an establishment is named in the English way: "Sunny Hotel"."""
    words = writing.words
    phrase = " ".join(w.bare for w in words[place : place + length])
    if phrase not in bares("venue_english") or place == 0 or writing.shouted or not words[place].capital or writing.gap(place - 1) != " ":
        return False
    before = words[place - 1]
    ordinary = before.key in keys("venue", "venue_english", "not_a_venue_name") or before.bare in {
        "youth",
        "a",
        "an",
        "each",
        "no",
        "per",
        "new",
        "loai",
    }
    return before.capital and before.text[1:].islower() and not ordinary
