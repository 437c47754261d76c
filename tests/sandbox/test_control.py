"""What tests in other processes order and ask."""

import pytest

from apps.sandbox.server import Sandbox
from tests.sandbox.client import NIGHT, STUDIO, Client


def test_charges_and_requests_are_counted(client: Client, remote: Sandbox) -> None:
    client.music("x", replyRef="one")
    client.music("x", replyRef="one")
    jobid = client.music("x", replyRef="two").json["jobid"]
    client.job(jobid)
    client.job("job:none")
    Client(remote.url, None).get("/jobs")
    assert client.call("GET", "/_sandbox/charges").json == {"one": 2, "two": 1}
    counts = client.call("GET", "/_sandbox/requests").json
    assert counts == {"POST /music": 3, "GET /jobs/{jobid}": 2, "GET /jobs": 1}
    assert remote.requests() == counts
    assert remote.requests("GET") == {"GET /jobs/{jobid}": 2, "GET /jobs": 1}
    assert remote.requests(path="/music") == {"POST /music": 3}


def test_every_request_is_logged_with_time_number_and_status(client: Client, remote: Sandbox) -> None:
    client.get("/jobs")
    client.music("")
    rows = remote.state.rows("SELECT number, route, status FROM requests ORDER BY id")
    assert [tuple(row) for row in rows] == [("1000", "GET /jobs", 200), ("1000", "POST /music", 400)]
    assert "sandboxdemo" not in str([tuple(row) for row in remote.state.rows("SELECT * FROM requests")])


def test_jobs_that_nobody_was_told_of_can_be_seen(client: Client) -> None:
    client.music("x [500 after]", replyRef="lost", email=NIGHT)
    (job,) = client.call("GET", "/_sandbox/jobs").json
    assert job.pop("jobid").endswith("-bot:flowmusic")
    assert job == {"email": NIGHT, "mode": "async", "operation": "song", "status": "pending", "replyRef": "lost",
                   "charged": 5}  # fmt: skip


def test_accounts_can_be_set(client: Client) -> None:
    answer = client.control("accounts", email=STUDIO, credits=7, maxJobs=9)
    assert (answer.json["credits_remaining"], answer.json["maxJobs"]) == (7, 9)
    client.control("accounts", email=STUDIO, error="refresh token rejected")
    assert client.get("/accounts").json[STUDIO]["error"] == "refresh token rejected"
    client.control("accounts", email=STUDIO, error=None)
    assert client.credits() == 7
    client.control("accounts", email="third@sandbox.example", credits=1)
    client.control("accounts", email=NIGHT, remove=True)
    assert list(client.get("/accounts").json) == [STUDIO, "third@sandbox.example"]


def test_accounts_of_other_subscriptions_can_be_set(client: Client, remote: Sandbox) -> None:
    client.control("accounts", number=5, email=STUDIO, credits=1)
    client.control("accounts", number="5", kind="empty", email="new@sandbox.example")
    assert Client(remote.url, "user:5-sandboxdemo").credits() == 1
    assert list(Client(remote.url, "user:5-sandboxempty").get("/accounts").json) == ["new@sandbox.example"]
    assert client.credits() == 500


@pytest.mark.parametrize(
    "form", [{}, {"email": "x"}, {"email": STUDIO, "credits": -1}, {"email": STUDIO, "maxJobs": 0},
             {"email": STUDIO, "credits": True}, {"email": STUDIO, "kind": "odd"}],
)  # fmt: skip
def test_accounts_that_cannot_be(client: Client, form: dict[str, object]) -> None:
    assert client.control("accounts", **form).status == 400
    assert client.credits() == 500


def test_finish(client: Client) -> None:
    jobid = client.music("x").json["jobid"]
    assert client.finish(jobid)["status"] == "completed"
    assert client.control("finish", jobid=jobid).status == 409
    assert client.control("finish", jobid="none").status == 404


def test_reset_forgets_everything(client: Client, remote: Sandbox) -> None:
    record = client.song("x [short]", replyRef="mine")
    client.get("/music/download", id=record["jobid"])
    client.control("scenario", operation="*", scenario="500")
    client.control("accounts", email=STUDIO, credits=0)
    assert client.call("POST", "/_sandbox/reset").status == 204
    assert remote.requests() == {}
    assert remote.charged("mine") == 0
    assert list(remote.world.media_files.folder.iterdir()) == []
    assert client.job(record["jobid"]).status == 404
    assert client.credits() == 500
