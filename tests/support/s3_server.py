"""moto's S3 server as a program, with one thing put right: a condition and the write that it guards are one step.

moto looks first and writes afterwards, so that of two writers at once both can win, which no S3 does.
"""

import threading
from functools import wraps
from typing import Any

from moto.s3.responses import S3Response
from moto.server import main

_put_object, _writing = S3Response.put_object, threading.Lock()


@wraps(_put_object)
def _one_at_a_time(response: Any) -> Any:
    with _writing:
        return _put_object(response)


if __name__ == "__main__":
    S3Response.put_object = _one_at_a_time  # type: ignore[method-assign]
    main()
