"""The IAM policies in infra/: a run needs no more than they allow, and they allow nobody to rewrite what landed."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

import pytest

from flows import maintenance
from flows.lake import captures, keys
from flows.lake.lake import open_lake, writable
from flows.settings import Settings
from flows.storage import s3
from flows.storage.object_store import S3Options
from schemas.errors import StandingsError
from tests.support import lakes, servers, whole

pytestmark = pytest.mark.slow

INFRA = Path(__file__).resolve().parents[2] / "infra"
BUCKET, PREFIX = "lake", "standings"
CREATE_ONLY = (
    keys.RAW,
    keys.PARTS,
    keys.MANIFESTS,
    keys.REPORTS,
    keys.DOCS,
    keys.OFFENDING,
    keys.LOADED,
    keys.LAKE,
)
SWAPPED = (keys.POINTER, keys.LATEST_MARK, keys.LEDGER)
WRITER, READER = ["s3-policy"], ["s3-policy-reader"]
MAINTAINER = ["s3-policy", "s3-policy-maintain"]


@dataclass(frozen=True)
class Call:
    """A request to S3 as IAM sees it. `conditions`: the condition keys that it has."""

    action: str
    key: str | None = None
    conditions: frozenset[str] = frozenset()

    @property
    def resource(self) -> str:
        return f"arn:aws:s3:::{BUCKET}" + (f"/{PREFIX}/{self.key}" if self.key is not None else "")


def test_the_evaluator_refuses_what_it_does_not_know() -> None:
    with pytest.raises(KeyError):
        _holds({"StringLike": {"s3:prefix": "x"}}, Call("s3:ListBucket"))


def test_every_call_of_a_run_is_allowed_to_the_writer(run: "Run") -> None:
    assert {call for call in run.calls if not allowed(WRITER, call)} == set()
    written = {call.key for call in run.calls if call.action == "s3:PutObject" and call.key}
    replaced = (
        keys.LATEST,
        keys.PARSED,
        keys.CHECKED,
        keys.REJECTED,
        keys.HELD,
        keys.CONFIRMED,
        keys.UNREACHED,
        "probe/",
    )
    for place in (*CREATE_ONLY, *SWAPPED, *replaced):
        assert any(key.startswith(place) for key in written), f"the run wrote no {place}"


def test_what_is_written_once_or_swapped_is_never_written_without_a_condition(run: "Run") -> None:
    for call in run.calls:
        if call.action == "s3:PutObject" and call.key and call.key.startswith(CREATE_ONLY):
            assert call.conditions == {"s3:if-none-match"}, call
        if call.action == "s3:PutObject" and call.key in SWAPPED:
            assert len(call.conditions) == 1, call


@pytest.mark.parametrize("policies", [WRITER, READER, MAINTAINER])
@pytest.mark.parametrize("place", CREATE_ONLY)
def test_nobody_may_overwrite_what_is_written_once(policies: list[str], place: str) -> None:
    key = f"{place}x" if place.endswith("/") else place
    assert not allowed(policies, Call("s3:PutObject", key))
    moved_up = key == keys.LAKE and policies == MAINTAINER
    assert allowed(policies, Call("s3:PutObject", key, frozenset({"s3:if-match"}))) == moved_up


@pytest.mark.parametrize("place", [*CREATE_ONLY, *SWAPPED, keys.CONFIRMED, keys.BROKEN])
def test_the_writer_may_delete_no_part_of_the_record(place: str) -> None:
    assert not allowed(WRITER, Call("s3:DeleteObject", f"{place}x" if place.endswith("/") else place))


@pytest.mark.parametrize("family", keys.FAMILIES, ids=lambda family: family.form)
def test_the_maintainer_may_set_aside_what_is_broken_and_remove_what_is_pruned(family: keys.Family) -> None:
    mended = family.pruned or family.remedy is not keys.Remedy.NONE
    assert allowed(MAINTAINER, Call("s3:DeleteObject", family.form)) or not mended


@pytest.mark.parametrize(
    "action", ["s3:DeleteObjectVersion", "s3:PutObjectAcl", "s3:PutBucketPolicy", "s3:*"]
)
def test_nobody_may_do_more_with_the_bucket(action: str) -> None:
    assert not allowed(MAINTAINER, Call(action, f"{keys.LATEST}x"))
    assert not allowed(MAINTAINER, Call(action))


def test_the_policies_end_at_the_prefix() -> None:
    for name in ("s3-policy", "s3-policy-maintain", "s3-policy-reader"):
        for statement in statements([name]):
            for resource in _listed(statement["Resource"]):
                assert resource == f"arn:aws:s3:::{BUCKET}" or resource.startswith(
                    f"arn:aws:s3:::{BUCKET}/{PREFIX}/"
                )


def test_pruning_and_repair_need_the_second_policy(run: "Run") -> None:
    lake = writable(run.settings)
    stray = keys.report(lakes.digest(b"stray"))
    lake.put_once(stray, b"stray")
    lake.put(next(iter(lakes.published_bytes(run.settings))), b"broken")
    before = len(run.recorded)
    maintenance.repair(run.settings, lakes.unchecked)
    assert stray in list(maintenance.prune(run.settings, timedelta(days=-1)))
    calls = run.recorded[before:]
    assert {call for call in calls if not allowed(MAINTAINER, call)} == set()
    assert {call.action for call in calls if not allowed(WRITER, call)} == {"s3:PutObject", "s3:DeleteObject"}


def test_a_server_that_knows_policies_lets_the_writer_publish_and_the_reader_read(
    guarded: Callable[[str], Settings],
) -> None:
    writer, reader = guarded("writer"), guarded("reader")
    maintenance.rollback(writer, whole.release(writer, whole.week(1, at=9)), "a test")
    lake, looked_at = open_lake(writer), open_lake(reader)
    body = next(captures.landed(lake)).body
    with pytest.raises(StandingsError, match="access denied"):
        lake.delete(body)
    assert lake.put_once(body, b"other") is False
    assert lakes.published_bytes(reader) == lakes.published_bytes(writer)
    for refused in (
        lambda: looked_at.put(keys.latest("x", whole.MONDAY), b""),
        lambda: looked_at.delete(body),
        lambda: writable(reader),
    ):
        with pytest.raises(StandingsError, match="access denied"):
            refused()


# A run that does all that the pipeline does


@dataclass(frozen=True)
class Run:
    """A lake after a whole run. calls: its requests to S3. recorded: those, and all that come after."""

    settings: Settings
    calls: tuple[Call, ...]
    recorded: list[Call]


@pytest.fixture(scope="module")
def run(s3_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    recorded: list[Call] = []
    make = s3._make_client

    def recording(options: S3Options) -> Any:
        client = make(options)
        client.meta.events.register("before-send.s3", lambda request, **_: recorded.append(_call(request)))
        return client

    servers.make_bucket(s3_endpoint, "recorded")
    options = S3Options(endpoint=s3_endpoint, region="us-east-1")
    warehouse = tmp_path_factory.mktemp("policy") / "warehouse.duckdb"
    settings = Settings(f"s3://recorded/{PREFIX}", warehouse, s3=options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(s3, "_make_client", recording)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        whole.quick(patch)
        whole.everything(settings)
        yield Run(settings, tuple(recorded), recorded)


def _call(request: Any) -> Call:
    """What a request on the wire asks for."""
    parts = urlsplit(request.url)
    key = unquote(parts.path).removeprefix("/").partition("/")[2].removeprefix(f"{PREFIX}/")
    if not key:
        return Call({"GET": "s3:ListBucket"}[request.method])
    actions = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
    conditions = {f"s3:{name.lower()}" for name in request.headers} & {"s3:if-match", "s3:if-none-match"}
    return Call(f"s3:{actions[request.method]}", key, frozenset(conditions))


# What the policies say


def statements(policies: list[str]) -> list[dict[str, Any]]:
    texts = [(INFRA / f"{name}.json").read_text() for name in policies]
    filled = [text.replace("BUCKET", BUCKET).replace("PREFIX", PREFIX) for text in texts]
    return [statement for text in filled for statement in json.loads(text)["Statement"]]


def allowed(policies: list[str], call: Call) -> bool:
    """Whether IAM would let a call pass: some statement allows it, and these policies deny nothing."""
    found = statements(policies)
    assert {statement["Effect"] for statement in found} == {"Allow"}
    return any(
        call.action in _listed(statement["Action"])
        and any(fnmatchcase(call.resource, pattern) for pattern in _listed(statement["Resource"]))
        and _holds(statement.get("Condition", {}), call)
        for statement in found
    )


def _holds(conditions: dict[str, dict[str, str]], call: Call) -> bool:
    """Whether every condition holds. `Null` `false` asks that the request has the key."""
    known = {"Null": lambda name, value: (name not in call.conditions) == (value == "true")}
    return all(
        known[operator](name, value) for operator, each in conditions.items() for name, value in each.items()
    )


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


# A server that enforces them, but for conditions, of which it knows none


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Settings]]:
    """Settings by user, for one lake on a server where nobody may do what their policy does not allow."""
    whole.quick(monkeypatch)
    with servers.s3_server() as endpoint:
        servers.make_bucket(endpoint, BUCKET)
        users = {"writer": _user(endpoint, WRITER), "reader": _user(endpoint, READER)}
        from_now_on = Request(f"{endpoint}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
        with urlopen(from_now_on):
            pass
        options = S3Options(endpoint=endpoint, region="us-east-1")

        def settings(user: str) -> Settings:
            for name, value in users[user].items():
                monkeypatch.setenv(name, value)
            made = Settings(f"s3://{BUCKET}/{PREFIX}", tmp_path / f"{user}.duckdb", s3=options)
            # Its client takes the credentials that stand in the environment now.
            list(open_lake(made).list())
            return made

        yield settings


def _user(endpoint: str, policies: list[str]) -> dict[str, str]:
    """Makes a user with these policies; returns its credentials as environment variables."""
    import boto3

    iam = boto3.client("iam", endpoint_url=endpoint, region_name="us-east-1")
    iam.create_user(UserName=policies[0])
    document = json.dumps({"Version": "2012-10-17", "Statement": statements(policies)})
    iam.put_user_policy(UserName=policies[0], PolicyName="lake", PolicyDocument=document)
    key = iam.create_access_key(UserName=policies[0])["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
