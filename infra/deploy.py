"""The work pool, the deployments, their one limit and what makes lost runs begin again.

They go to the server that PREFECT_API_URL names. What is there already is left, or updated in place: doing it again
changes nothing. PREFECT_DEFAULT_WORK_POOL_NAME names the pool (standings). A pool is for one lake, whose writers run
one at a time.
"""

import argparse
import asyncio
import os
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from lost_runs import begin_again

from flows.prefect_api import errors_in_one_line
from schemas.errors import StandingsError

if TYPE_CHECKING:
    from prefect.client.schemas.objects import GlobalConcurrencyLimit
    from prefect.client.schemas.responses import DeploymentResponse

INFRA = Path(__file__).resolve().parent
PREFECT_FILE = INFRA / "prefect.yaml"
POOL = os.environ.get("PREFECT_DEFAULT_WORK_POOL_NAME") or "standings"
LIMIT = f"{POOL}-lake"
TYPES = ("process", "docker", "kubernetes")
# Where the image of infra/Dockerfile lets a run write.
HOME_IN_IMAGE = "/var/lib/standings"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--type", choices=TYPES, default="process", help="the work pool's type")
    parser.add_argument(
        "--directory",
        help=f"where runs find relative paths; here for processes, {HOME_IN_IMAGE} in a container",
    )
    chosen = parser.parse_args()
    try:
        with errors_in_one_line(ValueError):
            deploy(chosen)
    except StandingsError as problem:
        sys.exit(f"deploy: {problem}")


def deploy(chosen: argparse.Namespace) -> None:
    if not asyncio.run(pool_exists()):
        create_pool(chosen.type)
    # What prefect.yaml leaves open.
    os.environ["PREFECT_DEFAULT_WORK_POOL_NAME"] = POOL
    os.environ["WORKING_DIRECTORY"] = chosen.directory or (
        str(Path.cwd()) if chosen.type == "process" else HOME_IN_IMAGE
    )
    prefect("--no-prompt", "deploy", "--all", "--prefect-file", str(PREFECT_FILE))
    asyncio.run(write_one_at_a_time())
    asyncio.run(begin_again(POOL))


async def pool_exists() -> bool:
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    async with get_client() as client:
        # A server that is none of Prefect's has no pool either.
        await client.raise_for_api_version_mismatch()
        try:
            await client.read_work_pool(POOL)
        except ObjectNotFound:
            return False
    return True


def create_pool(kind: str) -> None:
    """The pool, with our base job template where there is one for its type."""
    template = INFRA / "work-pools" / f"{kind}.json"
    given = ("--base-job-template", str(template)) if template.exists() else ()
    prefect("work-pool", "create", POOL, "--type", kind, *given)


def writers() -> set[str]:
    """The deployments that write to the lake."""
    deployments = yaml.safe_load(PREFECT_FILE.read_text())["deployments"]
    return {each["name"] for each in deployments if "concurrency_limit" in each}


async def write_one_at_a_time() -> None:
    """Gives all writers of the pool one limit to share, instead of one each.

    Its slot is a lease, which a run renews, and which ends five minutes after a run that was killed. A limit on a
    work queue would wait for such a run for ever.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName

    async with get_client() as client:
        await client.upsert_global_concurrency_limit_by_name(LIMIT, 1)
        shared = await client.read_global_concurrency_limit_by_name(LIMIT)
        named = DeploymentFilter(name=DeploymentFilterName(any_=sorted(writers())))
        for deployment in await client.read_deployments(deployment_filter=named):
            if _has_another(deployment, shared):
                # Not in Prefect's client yet.
                changed = await client.request(
                    "PATCH",
                    "/deployments/{id}",
                    path_params={"id": deployment.id},
                    json={"global_concurrency_limit_id": str(shared.id)},
                )
                changed.raise_for_status()
                if (own := deployment.global_concurrency_limit) and own.name == f"deployment:{deployment.id}":
                    await client.delete_global_concurrency_limit_by_name(own.name)


def _has_another(deployment: "DeploymentResponse", shared: "GlobalConcurrencyLimit") -> bool:
    own = deployment.global_concurrency_limit
    return deployment.work_pool_name == POOL and (own is None or own.id != shared.id)


def prefect(*arguments: str) -> None:
    """Prefect's command line, in this process, since each of its own would import Prefect anew for seconds.

    Ends this with what it said where it fails: of an error that it did not foresee, that error's own line.
    """
    from prefect.cli import app

    said, before = StringIO(), sys.argv
    sys.argv = ["prefect", *arguments]
    try:
        with redirect_stdout(said), redirect_stderr(said):
            app()
    except SystemExit as ended:
        if ended.code:
            raise StandingsError(f"{' '.join(sys.argv)} failed: {_reason(said.getvalue())}") from ended
    finally:
        sys.argv = before


def _reason(said: str) -> str:
    """What Prefect said; of a traceback only what was raised."""
    if "Traceback (most recent call last)" not in said:
        return said.strip()
    raised = [each for each in said.splitlines() if re.match(r"[\w.]+(Error|Exception)\b.*: ", each)]
    return (raised or said.strip().splitlines())[-1]


if __name__ == "__main__":
    main()
