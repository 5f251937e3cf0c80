import json
from pathlib import Path

from tests.admin.conftest import Run

TRACK = "track.example.com"


def test_files_for_apps(run: Run) -> None:
    run("domain", "add", TRACK)
    Path("apple.json").write_text('{"applinks": {}}')
    Path("android.json").write_text("[]")
    both = ("--apple-app-site-association", "apple.json", "--assetlinks", "android.json")
    said = run("domain", "update", TRACK, *both).output
    assert "Files for apps: apple-app-site-association, assetlinks" in said
    said = run("domain", "update", TRACK, "--assetlinks", "none", "--json").output
    assert json.loads(said)["app_files"] == ["apple-app-site-association"]


def test_refusals_change_nothing(run: Run) -> None:
    run("domain", "add", TRACK)
    Path("apple.json").write_text("[]")
    refused = run(
        "domain", "update", TRACK, "--https", "off", "--apple-app-site-association", "apple.json", code=1
    )
    assert "must be an object" in refused.output
    missing = run("domain", "update", TRACK, "--https", "off", "--assetlinks", "no.json", code=1)
    assert "no.json cannot be read: No such file" in missing.output
    assert json.loads(run("domain", "show", TRACK, "--json").output)["https"] == "auto"
    assert (
        "no tracking domain is called"
        in run("domain", "update", "a.example.com", "--assetlinks", "none", code=1).output
    )
