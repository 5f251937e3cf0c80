"""The OpenAPI document against the server: requests made from it, well and ill, are answered as it says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.web.api_server import PREFIX, Api
from tests.web.operations import operations

EXAMPLES, SECONDS = 12, 900
ROOT = Path(__file__).resolve().parents[2]
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "allow_header_conformance",
    "use_after_free",
)
"""Not that what a schema allows is taken: it cannot say which names hosts may have.

Nor keys and methods that are not there, which others test: a project that is not there comes before them.
"""


@pytest.mark.long
def test_every_answer_is_as_the_document_says(operator_of_each: Api) -> None:
    operator = operator_of_each
    st = shutil.which("st", path=Path(sys.executable).parent)
    if st is None:
        pytest.skip("schemathesis is not installed")
    ran = subprocess.run(
        [
            *(st, "run", f"http://127.0.0.1:{operator.port}{PREFIX}/openapi.json", "--no-color"),
            *("--header", f"Authorization: Bearer {operator.token}"),
            *("--generation-with-security-parameters", "false"),  # ten wrong keys would lock the test out
            *("--checks", ",".join(CHECKS), "--mode", "all", "--phases", "examples,coverage,fuzzing"),
            *("--max-examples", str(EXAMPLES)),
            *("--generation-deterministic", "--continue-on-failure", "--warnings", "off"),
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.web.schemathesis_hooks"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr
    known = len([*operations(operator.get("/openapi.json"))])
    for said in (f"Tested: {known}", "✅ Examples", "✅ Coverage", "✅ Fuzzing"):
        assert said in ran.stdout, ran.stdout
