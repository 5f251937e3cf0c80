"""What a sender calls a link in its attributes is what an operator reads beside a click on it."""

import re
import smtplib
from pathlib import Path

from tests.integration.test_story import PATIENCE, Installation, wait_until
from tests.running import RunningWaypost

HEADER = "From: news@example.com\r\nSubject: names\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"
LINKS = (  # attributes; the name, the tags and the column of the table that come of them
    ('data-waypost-name="spring offer"', "spring offer", [], "spring offer"),
    ('data-msys-linkname="footer"', "footer", [], "footer"),
    (
        'ses:tags="season:spring;place:top"',
        "",
        ["season:spring", "place:top"],
        "https://shop.example/2 [season:spring, place:top]",
    ),
    ('data-waypost-name="button" ses:tags="place:top"', "button", ["place:top"], "button [place:top]"),
    ('title="no name"', "", [], "https://shop.example/4"),
)


def test_clicks_show_the_names_and_tags_of_their_links(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    with RunningWaypost(tmp_path) as running:
        send(installation)
        paths = re.findall(r'href="http://[^/"]+(/c/[^"]+)"', installation.last_message())
        assert [running.get(path).status for path in paths] == [302] * len(LINKS)
        wait_until(lambda: installation.kinds() == ["click"] * len(LINKS) + ["relayed"])
    clicks = {click["url"]: click for click in installation.events("--kind", "click")}
    rows = installation.run("events", "list", "--kind", "click").splitlines()[1:]
    shown = [row.split("\t")[4] for row in rows]
    for number, (_, name, tags, column) in enumerate(LINKS):
        click = clicks[f"https://shop.example/{number}"]
        assert (click["link_name"], click["link_tags"]) == (name, tags)
        assert column in shown


def send(installation: Installation) -> None:
    """Send a message with all the links."""
    links = (
        f'<a {attributes} href="https://shop.example/{number}">x</a>\r\n'
        for number, (attributes, *_) in enumerate(LINKS)
    )
    with smtplib.SMTP("127.0.0.1", installation.smtp_port, timeout=PATIENCE) as client:
        client.sendmail("news@example.com", ["reader@example.net"], HEADER + "".join(links))
