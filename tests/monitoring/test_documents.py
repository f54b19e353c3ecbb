"""The alert rules and the dashboard under docs/monitoring speak of figures that there are."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from mailbot.adapters.metrics import Metrics
from mailbot.adapters.store import SqlStore
from mailbot.core.figures import LoopFigures
from tests.loops.conftest import clock, file, store, url
from tests.loops.world import SERIES, Clock

__all__ = ["clock", "file", "store", "url"]

DOCS = Path(__file__).parent.parent.parent / "docs"
RULES = yaml.safe_load((DOCS / "monitoring" / "alerts.yml").read_text("utf-8"))
DASHBOARD = json.loads((DOCS / "monitoring" / "dashboard.json").read_text("utf-8"))
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
PANELS = DASHBOARD["panels"]
EXPRESSIONS = [rule["expr"] for rule in ALERTS] + [target["expr"] for panel in PANELS for target in panel["targets"]]
DURATION = r"\d+[smhdwy]"


@pytest.fixture
def told(store: SqlStore, clock: Clock) -> dict[str, dict[str, set[str]]]:
    """The names of all samples, with the values of each label, of a service that has done nothing yet."""
    store.note_contact("imap", clock())
    store.note_contact("smtp", clock())
    loops = [LoopFigures(name, 1, False, 0.0, 1.0) for name in ("collect", "handle", "deliver", "remind")]
    text = Metrics(lambda: store.figures(SERIES, clock()), lambda: loops, clock, "1.2.3").text().decode()
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


def selectors(expression: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The figures that an expression asks for, with the labels that it picks by."""
    for name, picked in re.findall(r"\b(mailbot_\w+)(?:\{([^}]*)\})?", expression):
        yield name, dict(re.findall(r'(\w+)="([^"]*)"', picked))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_figure_that_is_asked_for_exists(expression: str, told: dict[str, dict[str, set[str]]]) -> None:
    """By name, and each label with that value; from the first minute, so that an increase is seen as one."""
    asked = list(selectors(expression))
    assert asked or "up{" in expression
    for name, picked in asked:
        assert name in told, f"{name} is no figure of mailbot's"
        for label, value in picked.items():
            assert value in told[name].get(label, set()), f"{name} has no {label}={value!r}"
    for grouped in re.findall(r"\b(?:by|without) \(([\w, ]+)\)", expression):
        known = {label for name, _ in asked for label in told[name]}
        assert set(grouped.split(", ")) <= known
    assert expression.count("(") == expression.count(")")


def test_the_rules_have_the_form_that_prometheus_reads() -> None:
    """The keys of a rule file and no others, names that are told apart, durations, severities, words."""
    assert set(RULES) == {"groups"}
    for group in RULES["groups"]:
        assert set(group) == {"name", "rules"}
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)
    for rule in ALERTS:
        assert (
            {"alert", "expr", "labels", "annotations"} <= set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        )
        assert re.fullmatch(r"Mailbot[A-Z]\w+", rule["alert"])
        assert re.fullmatch(DURATION, rule.get("for", "1m"))
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert set(rule["annotations"]) == {"summary", "description"}
        for words in rule["annotations"].values():
            assert words.count("{{") == words.count("}}")


def test_the_page_says_what_to_do_about_each_alert() -> None:
    """Whoever is woken up by one finds its name in docs/operations.md."""
    page = (DOCS / "operations.md").read_text("utf-8")

    assert [rule["alert"] for rule in ALERTS if f"`{rule['alert']}`" not in page] == []


def test_the_page_lists_every_figure(told: dict[str, dict[str, set[str]]]) -> None:
    """And names none that there is not."""
    page = (DOCS / "operations.md").read_text("utf-8")
    listed = set(re.findall(r"`(mailbot_\w+)", page))
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in told}

    assert listed == families


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    """Panels with numbers of their own that do not lie on each other, and a data source that is asked for."""
    assert {"title", "uid", "schemaVersion", "panels", "templating", "time"} <= set(DASHBOARD)
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    cells: set[tuple[int, int]] = set()
    for panel in PANELS:
        place = panel["gridPos"]
        own = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not own & cells, panel["title"]
        cells |= own
        assert panel["targets"]
    variables = {one["name"] for one in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(without_own(PANELS))))
    assert used == variables


def without_own(panels: list[dict[str, Any]]) -> str:
    """The panels as text, without Grafana's own variables."""
    return re.sub(r"\$__\w+", "", json.dumps(panels))
