"""Escape reports that goknot wrote as JSON, read back: `goknot.escape/1`."""

from __future__ import annotations

from goknot.inputs.reportfile.members import Members
from goknot.model.escape import Holding, Made, MadeReport, Position, Step
from goknot.model.report import Problem, ReportInput

SCHEMA = "goknot.escape/1"


def read_escapes(whole: Members) -> MadeReport:
    """The objects of an escape report.

    Raises:
        InputError: It is none; the message names the place in it.
    """
    made = tuple(_made(one) for one in whole.members("candidates") if not one.flag("parameter"))
    effect = "what it would say of objects is not joined"
    return MadeReport(
        inputs=tuple(
            ReportInput("escape-log", one.text("path"), {"command": one.text("command")} if one.text("command") else {})
            for one in whole.members("inputs")
        ),
        made=made,
        problems=tuple(Problem(whole.file, what, effect) for what in whole.texts("problems")),
    )


def _made(one: Members) -> Made:
    return Made(
        package=one.text("package"),
        function=one.text("function"),
        subject=one.text("subject"),
        at=_position(one.member("where")),
        holding=one.chosen("holding", Holding),
        holder=one.text("holder"),
        steps=tuple(
            Step(step.text("text"), step.text("why"), _position(step))
            for flow in one.members("evidence")
            for step in flow.members("steps")
        ),
    )


def _position(one: Members) -> Position:
    return Position(one.text("file"), one.number("line", 0), one.number("column", 0))
