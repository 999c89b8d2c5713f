"""The documentation names every format, option and error of exports."""

import re
from pathlib import Path

from kg.exports.checks import MESSAGES
from kg.exports.formats import FORMATS
from tests.export.conftest import kg

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")


def test_every_format_is_documented():
    for form in FORMATS:
        assert f"`{form.name}`" in GUIDE
        assert all(f"`{suffix}`" in GUIDE for suffix in form.suffixes)


def test_the_help_of_the_command_names_every_format():
    shown = " ".join(kg("export", "--help").stdout.decode().split())
    assert [form.name for form in FORMATS if form.name not in shown] == []


def test_every_option_is_documented():
    options = set(re.findall(r"--[a-z-]+", kg("export", "--help").stdout.decode()))
    assert len(options) > 10
    assert {option for option in options if option not in GUIDE} <= {"--help", "--output"}


def test_every_error_code_is_documented():
    pages = [*(ROOT / "docs").glob("errors.md"), *(ROOT / "docs" / "errors").glob("*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    documented = set(re.findall(r"^##+ `?([a-z0-9-]+)`?$", text, re.MULTILINE))
    sources = [*(ROOT / "kg" / "exports").glob("*.py"), *(ROOT / "kg" / "rdf").glob("*.py")]
    raised = set(MESSAGES)
    for path in sources:
        source = path.read_text(encoding="utf-8")
        raised |= set(re.findall(r'(?:Error|_clash|_not_utf8)\(\s*"([a-z0-9-]+)"', source))
    raised |= {"bad-option", "bad-encoding"}
    assert len(raised) > 20
    assert raised <= documented
