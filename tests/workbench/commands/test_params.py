"""Parameters: declared once, made with keywords, never changed."""

from __future__ import annotations

import pytest

from romebench.workbench.commands.options import SessionChoices
from romebench.workbench.commands.params import Params, fields_of, param


class Shape(Params):
    name: str = param("Its name.", argument=True)
    sides: int = param("How many.", "-s", default=4, minimum=3)
    n: int = param("A letter.", "-n", default=1)
    tags: tuple[str, ...] = param("Words.", default=(), argument=True)
    scale: float | None = param("A factor.", default=None)


class Solid(Shape):
    filled: bool = param("Whether it is.", default=False)


def test_values_and_defaults() -> None:
    assert Shape(name="a").values() == {"name": "a", "sides": 4, "n": 1, "tags": (), "scale": None}
    assert Solid(name="a", filled=True).filled
    assert list(Solid.declared) == [*Shape.declared, "filled"]


def test_what_is_missing_or_unknown_is_named() -> None:
    with pytest.raises(TypeError, match="needs name"):
        Shape()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="takes no colour"):
        Shape(name="a", colour="red")  # type: ignore[call-arg]


def test_they_compare_by_value_and_cannot_change() -> None:
    one = Shape(name="a", sides=3)
    assert one == Shape(name="a", sides=3) != Shape(name="a")
    assert one != Solid(name="a", sides=3)
    assert len({one, Shape(name="a", sides=3)}) == 1
    assert repr(one).startswith("Shape(name='a', sides=3")
    with pytest.raises(AttributeError):
        one.sides = 5  # type: ignore[misc]


def test_what_a_front_end_reads() -> None:
    specs = {spec.name: spec for spec in fields_of(Shape)}
    assert (specs["name"].required, specs["name"].flags) == (True, ())
    assert specs["sides"].flags == ("--sides", "-s")
    assert specs["n"].flags == ("-n",)
    assert (specs["tags"].kind, specs["tags"].many) == (str, True)
    assert (specs["scale"].kind, specs["scale"].default) == (float, None)
    assert specs["sides"].minimum == 3
    assert specs["scale"].metavar == "SCALE"


def test_choices_lie_over_one_another() -> None:
    asked = SessionChoices(rule="rome").over(SessionChoices(rule="p-rome", seed=3))
    assert asked.typed == {"rule": "rome", "seed": 3}
    assert SessionChoices(model="x", device="cpu").for_any_session.typed == {"device": "cpu"}
