import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import evaluation

PACKAGE = Path(evaluation.__file__).parent


def mentions(source: str) -> Iterator[str]:
    """Give every name, attribute, import and text of the code (docstrings left out) that speaks of the truth."""
    tree = ast.parse(source)
    notes = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in notes:
                found = text
            case ast.Name(id=found) | ast.Attribute(attr=found):
                pass
            case ast.ImportFrom(module=str(module), names=names):
                found = " ".join([module, *(n.name for n in names)]).replace("evaluation.example.planted", "truth")
            case _:
                continue
        if "truth" in found.lower():
            yield found


@pytest.mark.slow
def test_no_analysis_code_reads_the_truth() -> None:
    sources = [p for p in PACKAGE.rglob("*.py") if "example" not in p.relative_to(PACKAGE).parts]
    assert len(sources) > 10
    assert {p.relative_to(PACKAGE).as_posix(): found for p in sources if (found := list(mentions(p.read_text(encoding="utf-8"))))} == {}


def test_the_search_would_find_it() -> None:
    assert list(mentions('"""Truth values."""\nx = read("data/example/truth.csv")')) == ["data/example/truth.csv"]
    assert list(mentions("from evaluation.example.planted import effects"))
    assert list(mentions("generate().truth"))
    assert not list(mentions('def f():\n    """The truth."""'))
