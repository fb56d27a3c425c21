"""Where alerts go, as the rules that are in force say."""

import re
from collections.abc import Iterator

from features.steps.scene import Scene
from features.steps.sentence import says
from rules.language.routes import Route
from runtime.step import Notice

NOBODY = "the dashboard only"


@says("the {severity:Severity} alert[ saying {words:Quoted}] goes to {channels:Text}")
def _(scene: Scene, severity: str, words: str | None, channels: str) -> None:
    """Every such alert takes a route to these channels: chat, mail and phone; or to the dashboard only."""
    wanted = [] if channels == NOBODY else re.split(r", | and ", channels)
    found = [(notice.text, list(route.to)) for notice, route in _routed(scene, severity, words)]
    assert found, f"No {severity} alert was said. {_said(scene)}"
    assert all(to == wanted for _, to in found), f"They go elsewhere: {found}."


@says("the {severity:Severity} alert[ saying {words:Quoted}] comes again every {span:Span} until it is acknowledged")
def _(scene: Scene, severity: str, words: str | None, span: int) -> None:
    """Whoever gets it is told again, as often as this."""
    found = [(notice.text, route.repeat_every_ms) for notice, route in _routed(scene, severity, words)]
    assert found, f"No {severity} alert was said. {_said(scene)}"
    assert all(every_ms == span for _, every_ms in found), f"They come again after, in ms: {found}."


def _routed(scene: Scene, severity: str, words: str | None) -> Iterator[tuple[Notice, Route]]:
    scene.world.open()
    routes = scene.world.rulebook.routes
    assert routes is not None, "No rule file has `channels` and `routes`."
    for notice in scene.world.journal.notices():
        if notice.severity == severity and (words or "") in notice.text:
            route = routes.route(notice.severity, notice.book, notice.text)
            assert route is not None, f"No route takes {notice}."
            yield notice, route


def _said(scene: Scene) -> str:
    return f"The operator was told {[(notice.severity, notice.text) for notice in scene.world.journal.notices()]}."
