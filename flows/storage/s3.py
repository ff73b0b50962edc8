"""The object store over a bucket (`s3://`)."""

from __future__ import annotations

import os
import random
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from hashlib import md5
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from flows.sanitize import safe
from flows.storage.object_store import (
    Damaged,
    NotFound,
    S3Options,
    check_key,
    check_prefix,
    key_problem,
    lost_race,
)
from schemas.errors import StandingsError


class S3Store:
    """Objects in one bucket, below one prefix, through boto3."""

    # boto3 tries each request four times by itself; these pauses are for outcomes that only we can judge.
    _PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
    # Tells our own write from another's of the same bytes when the answer to a write was lost.
    _MARK = "write-id"

    def __init__(self, url: str, bucket: str, prefix: str, options: S3Options) -> None:
        _check_options(options)
        self.url = url
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._options = options
        self._service = options.endpoint or AWS
        self._payer = {"RequestPayer": "requester"} if options.requester_pays else {}
        self._opening = threading.Lock()
        self._opened: Any = None

    def put_once(self, key: str, data: bytes) -> bool:
        with self._telling(f"create {self.url}/{key}"):
            return self._put_if(key, data, expected=None) is not None

    def put(self, key: str, data: bytes) -> None:
        name = self._name(key)
        with self._telling(f"write {self.url}/{key}"):
            self._client().put_object(Bucket=self._bucket, Key=name, **self._upload(data))

    def swap(self, key: str, data: bytes, expected: str | None) -> str:
        with self._telling(f"replace {self.url}/{key}"):
            version = self._put_if(key, data, expected)
        if version is None:
            raise lost_race(self.url, key)
        return version

    def get(self, key: str) -> bytes:
        data, _ = self.read(key)
        return data

    def read(self, key: str) -> tuple[bytes, str]:
        name = self._name(key)
        with self._telling(f"read {self.url}/{key}"):
            return self._download(key, name)

    def list(self, prefix: str = "") -> Iterator[str]:
        check_prefix(prefix)
        with self._telling(f"list {self.url}/{prefix}"):
            pages = self._client().get_paginator("list_objects_v2")
            names = (
                str(entry["Key"])
                for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix, **self._payer)
                for entry in page.get("Contents", ())
            )
            keys = (name.removeprefix(self._prefix) for name in names)
            # Sorted here too, since not every service lists in code point order.
            return iter(sorted(key for key in keys if not key_problem(key)))

    def sweep(self, horizon: datetime) -> Iterator[str]:  # noqa: ARG002
        yield from ()

    def modified(self, key: str) -> datetime:
        name = self._name(key)
        with self._telling(f"read {self.url}/{key}"):
            answer = self._client().head_object(Bucket=self._bucket, Key=name, **self._payer)
            moment: datetime = answer["LastModified"]
            return moment.astimezone(UTC)

    def delete(self, key: str) -> None:
        name = self._name(key)
        with suppress(NotFound), self._telling(f"delete {self.url}/{key}"):
            self._client().delete_object(Bucket=self._bucket, Key=name, **self._payer)

    def _name(self, key: str) -> str:
        check_key(key)
        return self._prefix + key

    def _client(self) -> Any:
        # Locked, because making a boto3 client is not safe between threads; using one is.
        with self._opening:
            if self._opened is None:
                reached = resolved(self._options)
                self._service = reached.endpoint or AWS
                self._opened = _make_client(reached)
            return self._opened

    def _upload(self, data: bytes) -> dict[str, Any]:
        """The parameters of every write."""
        given: dict[str, Any] = {"Body": data} | self._payer
        if self._options.encryption != "none":
            given["ServerSideEncryption"] = self._options.encryption
        if self._options.kms_key:
            given["SSEKMSKeyId"] = self._options.kms_key
        if self._options.checksum == "when_required":
            # A bucket whose objects are locked takes nothing without a checksum, and this one every service knows.
            given["ContentMD5"] = b64encode(md5(data, usedforsecurity=False).digest()).decode()
        return given

    def _put_if(self, key: str, data: bytes, expected: str | None) -> str | None:
        """Write an object if its version is `expected` (None: if there is none).

        Returns the new version, or None if the condition did not hold. A refusal does not always mean that
        another has won: boto3 repeats a request whose answer was lost, and then meets its own first try.
        So where the answer is not plain, the object itself is asked who wrote it.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        name, mark = self._name(key), uuid4().hex
        quoted = False
        pauses = iter(self._PAUSES)
        while True:
            try:
                answer = self._client().put_object(
                    Bucket=self._bucket,
                    Key=name,
                    **self._upload(data),
                    Metadata={self._MARK: mark},
                    **_condition(expected, quoted),
                )
                return _etag(answer)
            except (BotoCoreError, ClientError) as error:
                refused = _is_refusal(error)
                if not (refused or _is_conflict(error) or _is_unclear(error)):
                    raise
                if refused and expected is None and not _was_repeated(error):
                    return None
                version, author = self._version_and_author(name)
                if author == mark:
                    return version
                pause = next(pauses, None)
                if version != expected or (refused and pause is None):
                    return None
                if pause is None:
                    raise
                # Refused although the version is right: this service compares the ETag in its other form.
                quoted = not quoted if refused else quoted
            time.sleep(pause * random.uniform(0.5, 1))

    def _version_and_author(self, name: str) -> tuple[str | None, str | None]:
        from botocore.exceptions import ClientError

        try:
            answer = self._client().head_object(Bucket=self._bucket, Key=name, **self._payer)
        except ClientError as error:
            if _is_absent(error):
                return None, None
            raise
        return _etag(answer), answer.get("Metadata", {}).get(self._MARK)

    def _download(self, key: str, name: str) -> tuple[bytes, str]:
        from botocore.exceptions import FlexibleChecksumError, HTTPClientError, IncompleteReadError

        # boto3 repeats a request that fails, but not an answer that breaks off half way.
        pauses = iter(self._PAUSES)
        while True:
            answer = self._client().get_object(Bucket=self._bucket, Key=name, **self._payer)
            try:
                with closing(answer["Body"]) as body:
                    return bytes(body.read()), _etag(answer)
            except (FlexibleChecksumError, HTTPClientError, IncompleteReadError) as error:
                pause = next(pauses, None)
                if pause is None:
                    raise Damaged(self.url, key, self._why_broken_off(error)) from error
            time.sleep(pause)

    @contextmanager
    def _telling(self, action: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            kind = NotFound if _is_absent(error) else StandingsError
            raise kind(self._told_by_service(error, action)) from error
        except BotoCoreError as error:
            raise StandingsError(self._told_by_client(error, action)) from error
        except (OSError, RuntimeError, ValueError) as error:
            # From where boto3 looks for credentials: a program that is not there, a cached token that is cut short.
            raise StandingsError(
                f"cannot {action}: boto3 fails with {type(error).__name__}: {safe(' '.join(str(error).split()))}:"
                " check the AWS_* variables and the profile"
            ) from error

    def _told_by_service(self, error: Any, action: str) -> str:
        code, words = _words(error)
        told = f"{code}: {words}" if words else code
        if error.operation_name not in _OPERATIONS:
            # Of the service that hands out credentials, such as a role's that may not be assumed.
            return f"cannot {action}: no credentials from {error.operation_name}: {told}"
        if code == "NoSuchBucket":
            return f"cannot {action}: {self._service} has no bucket {self._bucket}: create it first"
        if _is_absent(error):
            return f"cannot {action}: it does not exist"
        if code in _REJECTED_CREDENTIALS:
            return f"cannot {action}: {self._service} rejects the credentials ({told}): renew or correct them"
        if _status(error) == 403:
            return f"cannot {action}: access denied by {self._service} ({told}): {self._advice(words)}"
        if code == "NotImplemented":
            return f"cannot {action}: {self._service} has no conditional writes, which the lake needs"
        return f"cannot {action}: {self._service} answers {_status(error)} {told}"

    def _advice(self, words: str) -> str:
        """What a request that is denied may lack, as far as the service's words tell."""
        if "kms:" in words:
            return "the credentials need kms:GenerateDataKey and kms:Decrypt on the key that encrypts the objects"
        return (
            "the credentials need s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket on the bucket"
            f" {self._bucket}; a bucket may also demand STANDINGS_S3_ENCRYPTION or STANDINGS_S3_REQUESTER_PAYS"
        )

    def _why_broken_off(self, error: Exception) -> str:
        from botocore.exceptions import HTTPClientError

        if isinstance(error, HTTPClientError):
            return f"{self._service} broke off the answer or took too long"
        return " ".join(str(error).split())

    def _told_by_client(self, error: Any, action: str) -> str:
        from botocore import exceptions as boto

        if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
            return (
                f"cannot {action}: no credentials for S3:"
                " set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            )
        if isinstance(error, boto.SSLError):
            return (
                f"cannot {action}: {self._service} shows a certificate not trusted here:"
                " give its CA bundle (STANDINGS_S3_CA_BUNDLE)"
            )
        if isinstance(error, boto.ProxyConnectionError):
            return f"cannot {action}: the proxy cannot be reached: check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
        if isinstance(error, boto.ConnectionError):
            return f"cannot {action}: {self._service} cannot be reached: check the endpoint and the network"
        if type(error) is boto.HTTPClientError:
            # Of any other cause, such as a proxy's address that cannot be read; the words may hold its password.
            cause = type(error.kwargs.get("error", error)).__name__
            return f"cannot {action}: no request can be made ({cause}): check HTTPS_PROXY, HTTP_PROXY and the keys"
        if isinstance(error, boto.HTTPClientError):
            return f"cannot {action}: {self._service} broke off the answer or took too long"
        return f"cannot {action}: {' '.join(str(error).split())}"


AWS = "AWS S3"
"""The service where no endpoint is set."""

_OPERATIONS = {"DeleteObject", "GetObject", "HeadObject", "ListObjectsV2", "PutObject"}

_REJECTED_CREDENTIALS = {
    "AuthFailure",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
}


def _check_options(options: S3Options) -> None:
    if options.endpoint is not None:
        if "@" in options.endpoint:
            raise StandingsError("the S3 endpoint must not hold credentials: set them in the environment")
        if not _is_web_address(options.endpoint):
            raise StandingsError(
                f"the S3 endpoint {options.endpoint!r} is not a URL such as https://s3.example.org: check"
                " STANDINGS_S3_ENDPOINT, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL and the profile's endpoint_url"
            )
    if options.ca_bundle is not None and not Path(options.ca_bundle).is_file():
        raise StandingsError(
            f"the CA bundle {options.ca_bundle} does not exist: check STANDINGS_S3_CA_BUNDLE, AWS_CA_BUNDLE,"
            " REQUESTS_CA_BUNDLE and the profile's ca_bundle"
        )
    if options.kms_key and not options.encryption.startswith("aws:kms"):
        raise StandingsError("STANDINGS_S3_KMS_KEY is set: set STANDINGS_S3_ENCRYPTION to aws:kms with it")


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # Reading the port is what checks it.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def resolved(options: S3Options) -> S3Options:
    """How S3 is reached, for the lake and for whoever else reads or writes there.

    That is what the options say, and where they say nothing, what boto3 finds in the environment and the profile.
    """
    from botocore.configprovider import ConfiguredEndpointProvider

    session = _session()
    endpoint = options.endpoint
    if endpoint is None and not session.get_config_variable("ignore_configured_endpoint_urls"):
        # boto3 tells nobody where it goes before it has a client, whose addressing depends on this.
        endpoint = ConfiguredEndpointProvider(
            session.full_config, session.get_scoped_config(), "s3"
        ).provide()
    ca_bundle = options.ca_bundle
    if options.verify_tls:
        ca_bundle = (
            ca_bundle
            or session.get_config_variable("ca_bundle")
            or os.environ.get("REQUESTS_CA_BUNDLE")
            or None
        )
    found = replace(
        options,
        endpoint=endpoint,
        region=options.region or session.get_config_variable("region"),
        ca_bundle=ca_bundle,
    )
    _check_options(found)
    return found


def credentials() -> Any:
    """What boto3 finds of key, secret and session token, as they are now; None where there are none."""
    found = _session().get_credentials()
    return found.get_frozen_credentials() if found else None


def _session() -> Any:
    # Imported late: boto3 takes longer to import than most lakes on disk take to be read.
    import botocore.session

    session = botocore.session.get_session()
    session.register_component("data_loader", _service_definitions())
    return session


def _make_client(options: S3Options) -> Any:
    import boto3
    from botocore.config import Config

    style = "path" if options.addressing == "auto" and options.endpoint else options.addressing
    config = Config(
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=16,
        # This mode waits up to 1, 2, 4 and 8 s, and so rides out a server that is started anew; "standard"
        # waits less than half a second in all, and its budget of retries is soon spent by many threads.
        retries={"mode": "legacy", "total_max_attempts": 5},
        request_checksum_calculation=options.checksum,
        response_checksum_validation=options.checksum,
        s3={"addressing_style": style},
    )
    return boto3.session.Session(botocore_session=_session()).client(
        "s3",
        region_name=options.region,
        endpoint_url=options.endpoint,
        verify=options.ca_bundle if options.verify_tls else False,
        config=config,
    )


@cache
def _service_definitions() -> Any:
    """What botocore knows of services, read once: a client of its own reads 3 MB of JSON anew each time."""
    import botocore.loaders

    return botocore.loaders.create_loader()


def _condition(expected: str | None, quoted: bool) -> dict[str, str]:
    """The request parameter that makes an upload conditional.

    HTTP wants an ETag in quotes, but Ceph and DigitalOcean compare it without, and AWS, MinIO and most others
    take both. So it goes without at first, and with quotes where that is refused.
    """
    if expected is None:
        return {"IfNoneMatch": "*"}
    return {"IfMatch": f'"{expected}"' if quoted else expected}


def _etag(answer: Any) -> str:
    return str(answer["ETag"]).strip('"')


def _status(error: Any) -> int:
    """The HTTP status that an error carries, 0 if there was no answer."""
    response = getattr(error, "response", None) or {}
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _words(error: Any) -> tuple[str, str]:
    """The service's code for an error, and its own words on one line, of which a HEAD brings none."""
    answer = error.response.get("Error", {})
    code, words = str(answer.get("Code", "")), " ".join(str(answer.get("Message", "")).split())
    return code, "" if code.isdigit() else safe(words)[:400]


def _is_absent(error: Any) -> bool:
    """The object, not the bucket, is missing. A HEAD answer has no body, so its code is the bare status."""
    return error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404")


def _is_refusal(error: Any) -> bool:
    """The condition did not hold. AWS answers 404 to an If-Match on an object that is gone, Ceph 412."""
    return _status(error) == 412 or (_status(error) == 404 and _is_absent(error))


def _is_conflict(error: Any) -> bool:
    """Another write was under way and neither was judged: AWS asks for the same request once more."""
    return _status(error) == 409


def _is_unclear(error: Any) -> bool:
    """The write may have happened: the service failed, or the connection broke, after it was sent."""
    from botocore.exceptions import HTTPClientError

    return _status(error) in (500, 502, 503, 504) or isinstance(error, HTTPClientError)


def _was_repeated(error: Any) -> bool:
    """boto3 sent the request more than once, so the last answer may be about its own earlier try."""
    return int(error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0)) > 0
