"""The files in infra/: each tool that is here checks its own, and all of them agree with the code they are about.

What cannot be checked on a machine is skipped with the reason, which pytest lists at its end.
"""

import inspect
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from flows.cli.main import cli
from flows.lake import keys
from flows.storage.open import probe

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DOCKERFILE = (INFRA / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((INFRA / "compose.yaml").read_text())
PREFECT = yaml.safe_load((INFRA / "prefect.yaml").read_text())
POLICIES = {"writer": "s3-policy", "reader": "s3-policy-reader", "maintainer": "s3-policy-maintain"}
WORK_POOLS = {each.stem: json.loads(each.read_text()) for each in (INFRA / "work-pools").iterdir()}
OURS = re.compile(r"token-standings:([^\s\"]+)")


def tool(name: str, unchecked: str) -> str:
    """The tool's path, in this environment or on the machine."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"not checked: {unchecked}, {name} is not installed")
    return found


def run_tool(*command: str, cwd: Path = ROOT, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def deploy(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What infra/deploy.py defines, run where its neighbours are."""
    monkeypatch.syspath_prepend(str(INFRA))
    return runpy.run_path(str(INFRA / "deploy.py"))


def _texts() -> Iterator[tuple[Path, str]]:
    """The files that a person wrote, with their text."""
    for path in sorted(INFRA.rglob("*")):
        made = {"warehouse", "__pycache__", ".terraform"} & set(path.relative_to(INFRA).parts)
        if path.is_file() and not made and ".tfstate" not in path.name:
            yield path, path.read_text()


def test_every_variable_is_one_that_the_settings_read() -> None:
    named = {
        name
        for _, text in _texts()
        for name in re.findall(r"\b(?:STANDINGS|OPENROUTER)_[A-Z0-9_]*[A-Z0-9]", text)
    }
    read = "".join((ROOT / "flows" / f"{each}.py").read_text() for each in ("settings", "extract/client"))
    assert {"STANDINGS_LAKE", "OPENROUTER_API_KEY"} <= named
    assert [name for name in sorted(named) if f'"{name}"' not in read] == []


def test_the_image_has_one_name_and_the_project_s_version() -> None:
    versions = {version for _, text in _texts() for version in OURS.findall(text)}
    assert versions == {PROJECT["version"]}
    assert f"ARG VERSION={PROJECT['version']}\n" in DOCKERFILE
    images = {each["image"] for each in COMPOSE["services"].values()}
    ours = {
        each["variables"]["properties"]["image"]["default"].partition(":")[0] for each in WORK_POOLS.values()
    }
    assert ours == {"token-standings"} == {each.partition(":")[0] for each in images} - {"postgres"}


def test_versions_are_those_that_the_lock_and_the_makefile_pin() -> None:
    (python,) = re.findall(r"^ARG PYTHON=(\S+)$", DOCKERFILE, re.M)
    assert SpecifierSet(PROJECT["requires-python"]).contains(f"{python}.0")
    (uv,) = re.findall(r"uv==(\S+)", DOCKERFILE)
    (range_,) = re.findall(r"'uv(\S+)'", (ROOT / "Makefile").read_text())
    assert SpecifierSet(range_).contains(uv)
    locked = {
        each["name"]: each["version"] for each in tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    }
    server, worker = (
        yaml.safe_load((INFRA / f"helm/{name}.yaml").read_text()) for name in ("server", "worker")
    )
    tag = f"{locked['prefect']}-python{python}"
    assert server["global"]["prefect"]["image"]["prefectTag"] == tag
    assert worker["worker"]["image"]["prefectTag"] == f"{tag}-kubernetes"


def test_the_build_gets_what_it_copies_and_nothing_else() -> None:
    copied = {
        source.rstrip("/")
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M)
        for source in line.split()[:-1]
    }
    let_in = {
        line[1:]
        for line in (INFRA / "Dockerfile.dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert copied == let_in
    assert [source for source in sorted(copied) if not (ROOT / source).exists()] == []
    imported = re.findall(r"^(?:from|import) (\w+)", (INFRA / "deploy.py").read_text(), re.M)
    beside = {f"infra/{name}.py" for name in imported if (INFRA / f"{name}.py").exists()}
    assert {"infra/deploy.py", "infra/prefect.yaml", *beside} <= copied


def test_what_is_started_exists() -> None:
    (entrypoint,) = json.loads("[" + DOCKERFILE.rpartition("ENTRYPOINT [")[2].partition("]")[0] + "]")
    assert entrypoint in PROJECT["scripts"]
    started = [each["command"] for each in COMPOSE["services"].values() if "command" in each]
    assert started
    for command, *arguments in started:
        known = {option for each in cli.commands[command].params for option in each.opts}
        assert {each for each in arguments if each.startswith("--")} <= known


def test_no_service_is_root_or_heard_beyond_this_machine_and_none_has_a_password_in_the_tree() -> None:
    for name, service in COMPOSE["services"].items():
        assert service["user"] not in ("root", "0", "0:0"), name
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        for key, value in service.get("environment", {}).items():
            if key.endswith(("PASSWORD", "AUTH_STRING")):
                assert re.fullmatch(r"\$\{\w+:\?.+\}", value), (name, key)
    for example in ("compose.env.example", "standings.env.example"):
        set_ = re.findall(r"^[^#\n=]+=(.+)$", (INFRA / example).read_text(), re.M)
        assert set_ == [], example


def test_a_container_s_user_and_folder_are_the_image_s(deploy: dict[str, Any]) -> None:
    (user,) = re.findall(r"^USER (\S+)$", DOCKERFILE, re.M)
    (home,) = re.findall(r"^WORKDIR (/var\S+)$", DOCKERFILE, re.M)
    assert deploy["HOME_IN_IMAGE"] == home
    assert set(deploy["TYPES"]) == {"process", *WORK_POOLS}
    pod = WORK_POOLS["kubernetes"]["job_configuration"]["job_manifest"]["spec"]["template"]["spec"]
    assert f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" == user
    assert home in [each["mountPath"] for each in pod["containers"][0]["volumeMounts"]]
    docker = WORK_POOLS["docker"]
    assert docker["job_configuration"]["container_create_kwargs"]["user"] == user
    assert docker["variables"]["properties"]["volumes"]["default"] == [f"standings-lake:{home}"]
    ours = [each for each in COMPOSE["services"].values() if each["image"].startswith("token-standings")]
    assert {each["user"] for each in ours} == {user}


@pytest.mark.parametrize("kind", WORK_POOLS)
def test_a_work_pool_s_variables_are_those_that_its_job_uses(kind: str) -> None:
    used = set(re.findall(r"\{\{ (\w+) \}\}", json.dumps(WORK_POOLS[kind]["job_configuration"])))
    assert used == set(WORK_POOLS[kind]["variables"]["properties"])


async def _job(configuration: Any, kind: str) -> Any:
    """What the worker's own class makes of our template for a run of one of our deployments."""
    from uuid import uuid4

    from prefect.client.schemas.objects import FlowRun
    from prefect.settings import PREFECT_API_URL, temporary_settings

    template = json.loads(json.dumps(WORK_POOLS[kind]))
    # A block on the server, which is not asked here.
    if "default" in template["variables"]["properties"]["env"]:
        template["variables"]["properties"]["env"]["default"]["OPENROUTER_API_KEY"] = "k"
    variables = PREFECT["definitions"]["pool"]["job_variables"]
    # A server is named, so that none is started; it is not asked.
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        job = await configuration.from_template_and_values(template, variables)
        job.prepare_for_flow_run(FlowRun(flow_id=uuid4(), name="quick-otter"))
    return job


def test_docker_s_worker_takes_its_template() -> None:
    import asyncio

    worker = pytest.importorskip(
        "prefect_docker.worker", reason="not checked: work-pools/docker.json, prefect-docker is not installed"
    )
    job = asyncio.run(_job(worker.DockerWorkerJobConfiguration, "docker"))
    assert {
        "OPENROUTER_API_KEY": "k",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "standings",
    }.items() <= job.env.items()
    # The image's own entrypoint is the command line, which does not know Prefect's command.
    assert job.container_create_kwargs["entrypoint"] == ["env"]
    assert job.command.split()[0] == "prefect"


def test_kubernetes_worker_takes_its_template() -> None:
    import asyncio

    worker = pytest.importorskip(
        "prefect_kubernetes.worker",
        reason="not checked: work-pools/kubernetes.json, prefect-kubernetes is not installed",
    )
    job = asyncio.run(_job(worker.KubernetesWorkerJobConfiguration, "kubernetes"))
    (container,) = job.job_manifest["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["env"] and container["args"][0] == "prefect"
    assert container["envFrom"] == [{"secretRef": {"name": "standings"}}]
    assert {"name": "PREFECT_LOGGING_EXTRA_LOGGERS", "value": "standings"} in container["env"]


def _when(schedules: list[dict[str, str]]) -> str:
    """Schedules in the README's words."""
    if not schedules:
        return "by hand"
    crons = [each["cron"].split() for each in schedules]
    days = {"1": "Monday", "5": "Friday"}
    (moment,) = {f"{int(hour):02}:{int(minute):02}" for minute, hour, *_ in crons}
    named = [
        days[weekday] if weekday != "*" else f"on the {day}nd" if day != "*" else "daily"
        for _, _, day, _, weekday in crons
    ]
    return f"{' and '.join(named)}, {moment}"


def test_the_deployments_are_the_readme_s_and_their_flows_exist() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| [^|]+ \|$", (ROOT / "README.md").read_text(), re.M)
    told = {name: when for name, when in rows if name in {each["name"] for each in PREFECT["deployments"]}}
    assert told == {each["name"]: _when(each.get("schedules", [])) for each in PREFECT["deployments"]}
    for each in PREFECT["deployments"]:
        assert all(schedule["timezone"] == "UTC" for schedule in each.get("schedules", ()))
        module, _, function = each["entrypoint"].rpartition(".")
        flow = getattr(import_module(module), function)
        assert flow.name == each["name"]
        assert set(each.get("parameters", {})) <= set(flow.parameters.properties)


def test_all_deployments_but_the_one_that_only_reads_share_the_lake_s_limit(deploy: dict[str, Any]) -> None:
    assert deploy["writers"]() == {each["name"] for each in PREFECT["deployments"]} - {"monitor"}


def test_only_what_can_be_made_again_expires() -> None:
    access = (INFRA / "terraform/access/main.tf").read_text()
    (names,) = re.findall(r"for name in \[([^\]]+)\] : name =>", access)
    probing = inspect.signature(probe).parameters["prefix"].default
    assert {f"{each}/" for each in json.loads(f"[{names}]")} == {keys.LATEST, keys.STAGING, f"{probing}/"}
    lake = (INFRA / "terraform/lake.tf").read_text()
    assert re.findall(r"noncurrent_days = (\d+)", lake) == ["30"]
    assert not re.search(r"^\s+(days|date)\s+=", lake, re.M), "a rule that expires current objects"


def test_terraform_is_formatted() -> None:
    terraform = tool("terraform", "the syntax and form of infra/terraform")
    done = run_tool(
        terraform, "fmt", "-check", "-recursive", "-diff", "infra/terraform", CHECKPOINT_DISABLE="1"
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("prefix", ["standings", ""])
def test_terraform_s_policies_are_those_of_infra(tmp_path: Path, prefix: str) -> None:
    terraform = tool("terraform", "the policies that infra/terraform makes")
    module = tmp_path / "terraform/access"
    shutil.copytree(INFRA / "terraform/access", module, ignore=shutil.ignore_patterns(".terraform*"))
    for name in POLICIES.values():
        shutil.copy(INFRA / f"{name}.json", tmp_path)
    variables = ("-var", "bucket=my-lake", "-var", f"prefix={prefix}")
    for command in (("init",), ("validate",), ("apply", "-auto-approve", *variables)):
        done = run_tool(terraform, *command, "-no-color", cwd=module, CHECKPOINT_DISABLE="1")
        assert done.returncode == 0, done.stderr
    made = json.loads(run_tool(terraform, "output", "-json", cwd=module, CHECKPOINT_DISABLE="1").stdout)

    root = f"{prefix}/" if prefix else ""
    for kind, name in POLICIES.items():
        policy = json.loads(made["policies"]["value"][kind])
        text = (INFRA / f"{name}.json").read_text()
        assert policy == json.loads(text.replace("PREFIX/", root).replace("BUCKET", "my-lake"))
        assert "PREFIX" not in json.dumps(policy) and "BUCKET" not in json.dumps(policy)
    assert set(made["policies"]["value"]) == {
        each for given in made["given"]["value"].values() for each in given
    }
    assert set(made["expiring"]["value"].values()) == {
        f"{root}{each}" for each in (keys.LATEST, keys.STAGING, "probe/")
    }


def test_terraform_s_providers_take_it() -> None:
    terraform = tool("terraform", "infra/terraform against its providers")
    if not (INFRA / "terraform/.terraform/providers").is_dir():
        pytest.skip(
            "not checked: infra/terraform against its providers; terraform -chdir=infra/terraform init fetches them"
        )
    done = run_tool(terraform, "-chdir=infra/terraform", "validate", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr


def _compose() -> list[str]:
    """Compose, as a command of its own or as Docker's plugin."""
    docker = shutil.which("docker")
    if docker and run_tool(docker, "compose", "version").returncode == 0:
        return [docker, "compose"]
    return [tool("docker-compose", "infra/compose.yaml by Compose itself")]


def test_compose_takes_its_file_and_names_what_is_not_set(tmp_path: Path) -> None:
    compose = [*_compose(), "-f", str(tmp_path / "infra/compose.yaml"), "--profile", "simulated"]
    (tmp_path / "infra").mkdir()
    for name in ("compose.yaml", "Dockerfile"):
        shutil.copy(INFRA / name, tmp_path / "infra")
    shutil.copy(INFRA / "standings.env.example", tmp_path / "infra/standings.env")
    empty, filled = tmp_path / "empty.env", tmp_path / "filled.env"
    empty.write_text(example := (INFRA / "compose.env.example").read_text())
    filled.write_text(re.sub(r"^(\w+)=$", r"\1=secret", example, flags=re.M))

    unset = run_tool(*compose, "--env-file", str(empty), "config", "--quiet")
    assert unset.returncode != 0 and "set it in infra/compose.env" in unset.stderr

    done = run_tool(*compose, "--env-file", str(filled), "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    services = json.loads(done.stdout)["services"]
    assert set(services) == set(COMPOSE["services"])
    # A run sees its own variables, and nothing of the database.
    assert "OPENROUTER_API_KEY" in services["worker"]["environment"]
    assert not [each for each in services["worker"]["environment"] if "POSTGRES" in each]
    assert services["prefect"]["build"]["context"] == str(tmp_path)


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    hadolint = tool("hadolint", "infra/Dockerfile by hadolint")
    done = run_tool(hadolint, "infra/Dockerfile")
    assert done.returncode == 0, done.stdout + done.stderr


def test_docker_takes_the_dockerfile() -> None:
    docker = tool("docker", "infra/Dockerfile by Docker itself")
    if run_tool(docker, "info").returncode:
        pytest.skip("not checked: infra/Dockerfile by Docker itself, no Docker engine answers")
    done = run_tool(docker, "build", "--check", "--file", "infra/Dockerfile", ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_s_own_steps_install_the_command_line(tmp_path: Path) -> None:
    """Its `uv sync` lines, in an order of files that is the Dockerfile's, into an empty folder."""
    uv = tool("uv", "the Dockerfile's steps")
    source, target = tmp_path / "src", tmp_path / "opt"
    source.mkdir()
    build = DOCKERFILE.partition("AS build")[2].partition("\nFROM")[0]
    # Links from the cache instead of copies: what is tried is whether it installs, and without a compiler.
    environment = {
        "UV_PROJECT_ENVIRONMENT": str(target),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_PYTHON": sys.executable,
    }
    ran = 0
    for step, what in re.findall(r"^(COPY|RUN uv) (.+)$", build, re.M):
        if step == "COPY":
            *names, _ = what.split()
            for name in names:
                path = ROOT / name
                (shutil.copytree if path.is_dir() else shutil.copy)(path, source / name)
        else:
            done = run_tool(
                uv, *what.split(), "--quiet", cwd=source, CC="/bin/false", CXX="/bin/false", **environment
            )
            assert done.returncode == 0, done.stderr
            ran += 1
    assert ran == 2
    shown = run_tool(str(target / "bin/standings"), "--help", cwd=tmp_path)
    assert shown.returncode == 0 and "sample-api" in shown.stdout
    place = run_tool(
        str(target / "bin/python"), "-c", "import flows; print(flows.__file__)", cwd=tmp_path
    ).stdout
    assert place.startswith(str(target)), "the code is not in the image's environment"
    assert not (target / "bin/pytest").exists()


@pytest.mark.parametrize("chart", ["server", "worker"])
def test_the_charts_take_their_values(chart: str) -> None:
    """With PREFECT_HELM, a checkout of PrefectHQ/prefect-helm."""
    from jsonschema import Draft7Validator

    charts = os.environ.get("PREFECT_HELM")
    if not charts:
        pytest.skip(
            f"not checked: infra/helm/{chart}.yaml by its chart, PREFECT_HELM names no checkout of the charts"
        )
    schema = json.loads((Path(charts) / f"charts/prefect-{chart}/values.schema.json").read_text())
    values = yaml.safe_load((INFRA / f"helm/{chart}.yaml").read_text())
    assert [each.message for each in Draft7Validator(schema).iter_errors(values)] == []
