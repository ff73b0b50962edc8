"""Python runs this at its start where PYTHONPATH names this folder: `lakes.only_checking` says what for."""

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from types import ModuleType

VALIDATE = "flows.pipeline.validate"


class Fewer(importlib.abc.MetaPathFinder):
    """Validation, once something imports it, checks only the tables that CHECKED_TABLES names."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != VALIDATE:
            return None
        sys.meta_path.remove(self)
        found = importlib.util.find_spec(name)
        assert found is not None and found.loader is not None
        execute = found.loader.exec_module

        def checking_fewer(module: ModuleType) -> None:
            execute(module)
            kept = [table for table in module.TABLES if table.name in os.environ["CHECKED_TABLES"].split(",")]
            vars(module)["TABLES"] = tuple(kept)
            if not kept:
                # What Great Expectations checks and renders: it takes seconds to import.
                vars(module).update(_pandas=lambda: None, page=lambda _: "nothing was checked")

        found.loader.exec_module = checking_fewer  # type: ignore[method-assign]
        return found


sys.meta_path.insert(0, Fewer())
