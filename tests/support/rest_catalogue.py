"""An Iceberg REST catalogue on a free loopback port: those of the protocol's calls that a load needs."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pyiceberg.catalog.rest import CreateTableRequest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.table import CommitTableRequest, Table

from tests.support import servers

TOKEN = "let-me-in"

STATUS = {
    CommitFailedException: 409,
    NamespaceAlreadyExistsError: 409,
    TableAlreadyExistsError: 409,
    NoSuchNamespaceError: 404,
    NoSuchTableError: 404,
}

Asked = list[tuple[str, str]]
"""Method and path of each request."""


@contextmanager
def rest_catalogue(folder: Path) -> Iterator[tuple[str, Asked]]:
    """A server that keeps its tables below a folder, for whoever has the token; yields its URL and what is asked."""
    asked: Asked = []
    place = {"uri": f"sqlite:///{folder}/rest.db", "warehouse": f"file://{folder}/rest"}
    with closing(SqlCatalog("rest", **place)) as kept:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(kept, asked))
        with servers._serving(server):
            yield f"http://127.0.0.1:{server.server_port}/catalogue", asked


def _handler(catalog: SqlCatalog, asked: Asked) -> type[BaseHTTPRequestHandler]:
    # As a real one would, it lets no request see another half done.
    alone = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            path = urlsplit(self.path).path
            asked.append((self.command, path))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            given = self.headers.get("Authorization")
            if given != f"Bearer {TOKEN}":
                self.say(401, {"error": _error(f"not let in: {given}", "NotAuthorizedException", 401)})
                return
            try:
                with alone:
                    said = _call(catalog, self.command, path.removeprefix("/catalogue/v1/").split("/"), body)
                self.say(200, said)
            except tuple(STATUS) as error:
                status = STATUS[type(error)]
                self.say(status, {"error": _error(str(error), type(error).__name__, status)})

        do_GET = do_HEAD = do_POST = answer

        def say(self, status: int, content: Any) -> None:
            body = b"" if self.command == "HEAD" else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """A test's output is no place for an access log."""

    return Handler


def _error(message: str, kind: str, code: int) -> dict[str, object]:
    return {"message": message, "type": kind, "code": code}


def _call(catalog: SqlCatalog, method: str, path: list[str], body: bytes) -> Any:
    match method, path:
        case "GET", ["config"]:
            return {"defaults": {}, "overrides": {}}
        case "POST", ["namespaces"]:
            catalog.create_namespace(tuple(json.loads(body)["namespace"]))
            return json.loads(body)
        case (("GET" | "HEAD"), ["namespaces", namespace]):
            return {"namespace": [namespace], "properties": catalog.load_namespace_properties(namespace)}
        case "POST", ["namespaces", namespace, "properties"]:
            updates = json.loads(body)["updates"]
            catalog.update_namespace_properties(namespace, updates=updates)
            return {"removed": [], "updated": list(updates), "missing": []}
        case "POST", ["namespaces", namespace, "tables"]:
            wanted = CreateTableRequest.model_validate(
                {"location": None, "write-order": None} | json.loads(body)
            )
            made = catalog.create_table(
                (namespace, wanted.name),
                wanted.table_schema,
                partition_spec=wanted.partition_spec,
                properties=wanted.properties,
            )
            return _table(made)
        case "GET", ["namespaces", namespace, "tables", name]:
            return _table(catalog.load_table((namespace, name)))
        case "POST", ["namespaces", namespace, "tables", name]:
            commit = CommitTableRequest.model_validate_json(body)
            table = catalog.load_table((namespace, name))
            done = catalog.commit_table(table, commit.requirements, commit.updates)
            return json.loads(done.model_dump_json(by_alias=True))
    raise NoSuchNamespaceError(f"{method} {'/'.join(path)} is not answered here")


def _table(table: Table) -> dict[str, Any]:
    metadata = json.loads(table.metadata.model_dump_json(by_alias=True))
    return {"metadata-location": table.metadata_location, "metadata": metadata, "config": {}}
