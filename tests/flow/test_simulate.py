"""`etalage simulate`: what goes wrong on the way to a shop, truth beside measurement, and a shop that stays."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from etalage.app import create_shop, new_shop
from etalage.cli.main import whole
from etalage.domain.ids import HOLDOUT
from etalage.domain.report import ANY_MESSAGE
from etalage.simulate import beside as besides
from etalage.simulate import simulation
from etalage.simulate.asked import asked_world
from etalage.simulate.beside import lift_now
from etalage.simulate.world import Group, World

WORLD = """
seed: 5
effects: {maathulp: 0.3, gratis-ruilen: 0.0}
grouped_by: device
groups:
  - {name: phone, effects: {gratis-ruilen: 0.4}}
  - {name: desktop, effects: {gratis-ruilen: -0.4}}
  - {name: tablet}
base: 0.3
mixed: 0.5
visitors_per_day: 60
arriving_days: 4
days: 12
consent_share: 0.9
phases: false
taste: 1.0
price_sensitivity: 0.2
second_device: 0.3
signs_in: 1.0
bots: {per_day: 10}
faults: {doubled: 0.2, late: 0.2, disordered: true, skewed: 0.3}
"""


def simulate(*options: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(whole(), ["simulate", *options])
    return done.exit_code, done.stdout, str(done.exception or "") + done.stderr


@pytest.mark.slow
def test_a_shop_with_bots_faults_and_two_devices_is_measured_as_it_was(tmp_path: Path) -> None:
    file, data = tmp_path / "world.yaml", tmp_path / "shops"
    file.write_text(WORLD, encoding="utf-8")

    code, said, why = simulate("--world", str(file), "--data", str(data), "--json")

    assert code == 0, why
    found: dict[str, dict[str, Any]] = msgspec.json.decode(said)
    assert set(found) == {"truth", "measured", "report"}
    assert set(found["truth"]) == {"maathulp", "gratis-ruilen"}
    for name, truth in found["truth"].items():
        arms = {arm["variant"]: arm for arm in found["report"][name]["variants"]}
        # events that came twice, late, in any order or by a wrong clock, and programs, change no figure
        assert {arm: one["conversions"] for arm, one in arms.items()} == truth["conversions"]
        assert sum(one["triggered"] for one in arms.values()) == truth["triggered"]
        assert set(truth["groups"]) == {"phone", "desktop", "tablet"}
    assert 190 <= found["truth"]["maathulp"]["triggered"] <= 235  # nine in ten of 240
    assert found["truth"]["gratis-ruilen"]["groups"]["phone"]["planted_pct"] == 40.0

    # the shop stays, like any other
    later = CliRunner().invoke(whole(), ["report", "maathulp", "--data", str(data), "--json"])
    assert later.exit_code == 0, later.stderr
    variants = {arm["variant"]: arm for arm in msgspec.json.decode(later.stdout)[0]["variants"]}
    assert {arm: one["conversions"] for arm, one in variants.items()} == found["truth"]["maathulp"][
        "conversions"
    ]
    assert "already has a shop" in simulate("--world", str(file), "--data", str(data))[2]


@pytest.mark.slow
def test_programs_in_one_arm_make_the_report_say_that_it_cannot_judge(tmp_path: Path) -> None:
    file = tmp_path / "world.yaml"
    bots = "bots: {per_day: 30, declared: false, only: kept}\n"
    file.write_text(
        f"effects: {{maathulp: 0.3}}\nvisitors_per_day: 40\ndays: 8\nviews: 0\n{bots}", "utf-8"
    )

    code, said, why = simulate("--world", str(file), "--json")

    assert code == 0, why
    report = msgspec.json.decode(said)["report"]["maathulp"]
    assert report["state"] == "broken"
    assert report["faults"] == ["sample_ratio"]
    counts = report["sample_ratio"]["counts"]
    assert counts["control"] > 1.5 * counts["balk"]


@pytest.mark.slow
def test_shoppers_who_tell_how_long_they_look_have_a_time_on_the_page(tmp_path: Path) -> None:
    file = tmp_path / "world.yaml"
    file.write_text(
        "effects: {maathulp: 0.0}\nvisitors_per_day: 60\ndays: 14\npage_time: true\n", "utf-8"
    )

    code, said, why = simulate("--world", str(file), "--json")

    assert code == 0, why
    rails = msgspec.json.decode(said)["report"]["maathulp"]["guardrails"]
    (looked,) = [rail for rail in rails if rail["name"] == "page_time"]
    assert (looked["state"], looked["p_harm"] is not None) == ("fine", True)


@pytest.mark.slow
def test_ctrl_c_stops_server_and_all_and_says_what_stays(tmp_path: Path) -> None:
    data = tmp_path / "shops"
    asked = ["simulate", "--visitors-per-day", "5000", "--data", str(data), "--lang", "en"]
    command = [sys.executable, "-m", "etalage", *asked]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    log = tmp_path / "shops.log"
    until = time.monotonic() + 120
    while time.monotonic() < until and not (log.exists() and "ready" in log.read_text("utf-8")):
        time.sleep(0.2)

    running.send_signal(signal.SIGINT)
    said = "".join(running.communicate(timeout=120))

    assert running.returncode == 1
    assert "Stopped. The shop stays" in said
    assert "Traceback" not in said
    assert not still_serving(data)


def still_serving(data: Path) -> bool:
    """Tell whether a process still has this directory in its arguments."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if str(data) in words:
            return True
    return False


@pytest.mark.slow
def test_a_world_that_is_written_straight_into_the_log_is_measured_as_it_was(
    tmp_path: Path,
) -> None:
    file, data = tmp_path / "world.yaml", tmp_path / "shops"
    file.write_text(
        "effects: {maathulp: 0.3, nieuwsbrief: -0.2, gratis-ruilen: 0.0}\n"
        "groups: [{name: a, share: 0.5, effects: {maathulp: 0.5}}, {name: b, share: 0.5}]\n"
        "visitors_per_day: 700\nwithdrawn_share: 0.1\nphases: true\nbase: 0.08\nfatigue: 0.1\n"
        "holdout: 0.1\n",
        encoding="utf-8",
    )

    code, said, why = simulate("--world", str(file), "--straight", "--data", str(data), "--json")

    assert code == 0, why
    found = msgspec.json.decode(said)
    for name, truth in found["truth"].items():
        arms = {arm["variant"]: arm for arm in found["report"][name]["variants"]}
        assert {arm: one["conversions"] for arm, one in arms.items()} == truth["conversions"]
        assert {arm: one["counted"] for arm, one in arms.items()} == truth["persons"]
        assert sum(truth["persons"].values()) == truth["triggered"]
        assert found["report"][name]["faults"] == []
    assert set(found["truth"]["*"]["persons"]) == {"messages", "holdout"}
    helps = found["truth"]["maathulp"]
    assert helps["extra_conversions"] == sum(
        one["extra_conversions"] for one in helps["groups"].values()
    )
    assert "need a server" in simulate("--straight", "--bots", "3")[2]

    # who asks for her data gets it, though nobody asked for her decisions
    asked = ["privacy", "access", "v-1-0", "--data", str(data), "--json"]
    copy = CliRunner().invoke(whole(), asked)
    assert copy.exit_code == 0, copy.stderr
    told = msgspec.json.decode(copy.stdout)
    assert told["decisions"] == []
    assert "decision" in {event["name"] for event in told["events"]}


@pytest.mark.slow
def test_the_total_from_the_holdout_holds_the_truth_and_counts_the_same_persons(
    tmp_path: Path,
) -> None:
    world = World(
        seed=3,
        effects={"maathulp": 0.6, "gratis-ruilen": 0.3, "nieuwsbrief": -0.1},
        base=0.2,
        visitors_per_day=60,
        arriving_days=10,
        days=18,
        holdout=0.3,
    )

    shown = simulation.simulate(world, tmp_path / "shops")

    total = next(one for one in shown.compared if one.is_total)
    truth, report, story = total.truth, total.report, shown.played.story
    for arm in (HOLDOUT, ANY_MESSAGE):
        assert report.arm(arm).counted == truth.persons[arm] > 100
        assert report.arm(arm).conversions == truth.conversions[arm] > 20
    # the simulation's own: who is held out saw nothing, and is in the holdout of each message
    held = {one.person for one in story.drawn.values() if one.held}
    assert len(held) == truth.persons[HOLDOUT]
    assert not held & story.saw.keys()
    assert {met.arm for met in story.met.values() if met.person in held} == {HOLDOUT}
    assert len(story.drawn) == truth.triggered

    measured = lift_now(report)
    assert measured is not None
    assert truth.lift is not None
    assert measured.holds(truth.lift)
    assert measured.holds(truth.planted)
    assert not measured.holds(truth.planted + 4)
    assert truth.extra_conversions > 10
    assert total.effect is None, "it is too early, and what is too early is not shown"
    assert report.state == "too_early"

    english = "\n".join(besides.notes(shown.compared, "en"))
    assert "Measured against the holdout" in english


def test_only_a_message_for_everybody_tells_who_is_held_out(tmp_path: Path) -> None:
    file = tmp_path / "world.yaml"
    file.write_text("effects: {verder-kijken: 0.1}\nholdout: 0.1\n", encoding="utf-8")

    code, _, why = simulate("--world", str(file))

    assert code == 1
    assert "add gratis-ruilen or maathulp or nieuwsbrief" in why


def test_no_simulated_shopper_comes_near_a_real_shop(tmp_path: Path) -> None:
    data = tmp_path / "shops"
    create_shop(data, new_shop("Echt", "echt.example"), now=1_700_000_000_000_000)

    code, _, why = simulate("--data", str(data))

    assert code == 1
    assert "real one" in why
    assert [home.name for home in (data / "shops").iterdir()] == ["echt"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--days", "0"], "1 to 365"),
        (["--days", "7"], "at least 8"),
        (["--effect", "-2"], "below 0"),
        (["--effect", "40"], "chance to buy could leave 0 to 1"),
        (["--effect", "nan"], "no number"),
        (["--visitors-per-day", "1000000000"], "more than a simulation plays"),
        (["--visitors-per-day", "0"], "at least 1 visitor"),
        (["--consent", "1.5"], "lies between 0 and 1"),
        (["--holdout", "0.95"], "no share of the holdout"),
        (["--groups", "loyal"], "is no group"),
        (["--groups", "loyal=0.4:0.2"], "add up to 0.4"),
        (["--faults", "dropped=often"], "is no fault"),
        (["--faults", "lost=0.1"], "unknown field `lost`"),
        (["--bots", "-3"], "bots come at least once a day"),
        (["--world", "nowhere.yaml"], "is no world"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_reason(options: list[str], says: str) -> None:
    code, _, why = simulate(*options)

    assert code == 1
    assert re.search(says, why), why


def test_options_win_over_the_file_and_the_file_over_what_is_usual(tmp_path: Path) -> None:
    file = tmp_path / "world.yaml"
    file.write_text("seed: 9\ndays: 14\nvisitors_per_day: 30\n", encoding="utf-8")

    found = asked_world(file, days=21, effect=0.1, groups="a=0.5:0.2,b=0.5:0", bots=3, faults="late=0.1,disordered")  # fmt: skip

    assert (found.seed, found.days, found.visitors_per_day) == (9, 21, 30)
    assert found.groups == (Group("a", 0.5, {"maathulp": 0.2}), Group("b", 0.5, {"maathulp": 0.0}))
    assert found.bots is not None
    assert found.bots.per_day == 3
    assert (found.faults.late, found.faults.disordered) == (0.1, True)
    usual = asked_world(None)
    assert (usual.days, usual.visitors_per_day, usual.effects) == (28, 2_000, {"maathulp": 0.3})


def test_the_world_of_the_guide_is_one(tmp_path: Path) -> None:
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "simulate-a-shop.md"
    file = tmp_path / "world.yaml"
    file.write_text(
        guide.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0], "utf-8"
    )

    found = asked_world(file)

    assert set(World.__struct_fields__) - {"arriving_days", "views"} == set(
        re.findall(r"^(\w+):", file.read_text(encoding="utf-8"), re.MULTILINE)
    ), "the guide names every switch"
    assert found.grouped_by == "device"


def test_a_file_that_describes_no_world_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "world.yaml"
    for text in ("- a\n", "days: many\n", "colour: blue\n", "days: [\n", "seed: 1\x00\n"):
        file.write_text(text, encoding="utf-8")
        code, _, why = simulate("--world", str(file))
        assert code == 1
        assert "world" in why
