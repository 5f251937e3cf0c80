"""`waypost preview`."""

import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from accounts.model import DEFAULT_PROJECT_NAME
from admin.invocation import Invocation, pass_invocation
from admin.output import json_option, print_json, print_table, say
from rewriter import LinkReport, PartReport
from service.errors import OperatorError
from service.preview import Preview, decoded_difference, preview_message


@click.command()
@click.argument("files", metavar="FILE.eml...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--on", "base", metavar="URL", help="Links on this, such as https://track.example.com.")
@click.option("--sender", metavar="DOMAIN", help="As if From were of this domain.")
@click.option("--project", default=DEFAULT_PROJECT_NAME, show_default=True, help="As this project's mail.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the rewritten message here.")
@click.option("--diff", is_flag=True, help="Show decoded parts before and after.")
@json_option
@pass_invocation
def preview(
    invocation: Invocation,
    files: tuple[Path, ...],
    base: str | None,
    sender: str | None,
    project: str,
    out: Path | None,
    diff: bool,
    as_json: bool,
) -> None:
    """Show each link of a message with its verdict and reason; nothing is sent. `-` reads standard input."""
    if out is not None and len(files) > 1:
        raise click.UsageError("--out goes with one file")
    settings = invocation.settings()
    now = time.time_ns() // 1_000_000
    previews = [
        (str(file), preview_message(settings, _read(file), now, base, project=project, sender=sender))
        for file in files
    ]
    if as_json:
        print_json([_fields(name, shown) for name, shown in previews])
    for name, shown in () if as_json else previews:
        _show(name, shown)
        if diff:
            say(decoded_difference(shown))
    if out is not None:
        _write(out, previews[0][1].result.message)


def _read(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise OperatorError(f"{file}: cannot be read: {error.strerror}") from None


def _write(file: Path, message: bytes) -> None:
    try:
        file.write_bytes(message)
    except OSError as error:
        raise OperatorError(f"{file}: cannot be written: {error.strerror}") from None


def _show(name: str, shown: Preview) -> None:
    report = shown.result.report
    say(f"{name}: {_headline(shown)}")
    for problem in shown.problems:
        say(f"not understood: {problem}")
    if report.links:
        print_table(("part", "line", "verdict", "URL"), [_link_row(link) for link in report.links])
    left = [part for part in report.parts if part.reason]
    if left:
        print_table(("part", "type", "left alone"), [_part_row(part) for part in left])
    pixel = report.pixel
    say(f"pixel: none, {pixel.reason}" if pixel.reason else f"pixel: part {pixel.part}, line {pixel.line}")


def _headline(shown: Preview) -> str:
    report = shown.result.report
    if report.reason:
        return f"left alone, {report.reason}"
    if shown.untracked:
        return f"would go out untracked, {shown.untracked}; as if on {shown.base}:"
    tracked = sum(link.reason is None for link in report.links)
    return f"{tracked} of {len(report.links)} links tracked on {shown.base}"


def _link_row(link: LinkReport) -> Sequence[str]:
    return (link.part, str(link.line), f"left: {link.reason}" if link.reason else "tracked", link.url)


def _part_row(part: PartReport) -> Sequence[str]:
    return (part.part, part.content_type, str(part.reason))


def _fields(name: str, shown: Preview) -> dict[str, Any]:
    return {
        "file": name,
        "base": shown.base,
        "sending_domain": shown.sending_domain,
        "untracked": shown.untracked,
        "problems": [str(problem) for problem in shown.problems],
        **asdict(shown.result.report),
    }
